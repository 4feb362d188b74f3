"""What findings give to tell: new ones, a first reading as a whole, what is late, what nobody has taken note of, waivers.

One cause is one story, told once: a finding that joins a story which was told, and is no worse, is no news. A system's
first reading is told as one digest with the dates of its plan, and by an alert only as far as it is critical.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.compliance.controls import catalogue
from app.detection import ownership, queries
from app.detection.tables import FindingEventRow, FindingRow, WaiverRow
from app.inventory.tables import AccountRow, IdentityRow, SystemRow
from app.notices.events import SEVERITIES, Event, Occurrence, Part
from app.notices.queries import Happened

_TURNS = ("opened", "reopened")


@dataclass(frozen=True, slots=True)
class _Seen:
    """One finding as far as it is told."""

    id: int
    cause: str
    rule: str
    severity: str
    department: str | None
    system: int | None
    owner: str
    due_at: datetime | None
    alerts: bool  # whether its rule tells people here

    @property
    def weight(self) -> int:
        return SEVERITIES.index(self.severity)


def opened(session: Session, entry: Happened) -> list[Occurrence]:
    """What a run of the rules has found anew: an alert, and of a system's first run a digest too."""
    if not entry.body.get("opened") and not entry.body.get("reopened"):
        return []
    run = UUID(str(entry.body["run"]))
    turned = (FindingEventRow.run == run, FindingEventRow.kind.in_(_TURNS))
    every = _seen(session, _found().join(FindingEventRow, FindingEventRow.finding_id == FindingRow.id).where(*turned))
    first = bool(entry.body.get("baseline"))
    stories = _stories(every)
    fresh = [each for each in stories if each.severity == "critical"] if first else _news(session, stories, entry.at)
    facts = {
        "system": entry.about, "name": _name(session, entry.about), "since": entry.at.isoformat(timespec="seconds"),
    }  # fmt: skip
    about = frozenset({entry.about}) if entry.about is not None else frozenset()
    told = []
    if fresh:
        parts = _parts(fresh, named=first)
        told.append(Occurrence(Event.FINDING_OPENED, f"run:{run}", facts, entry.at, about, parts=parts))
    if first and stories:
        dates = [each.due_at for each in every if each.due_at is not None]
        plan = facts | ({"due_at": min(dates).isoformat()} if dates else {})
        cause = f"system:{entry.about}:first"  # once, however many sources judge it for the first time
        told.append(Occurrence(Event.FINDING_BASELINE, cause, plan, entry.at, about, parts=_parts(stories, named=True)))
    return told


def late(session: Session, entry: Happened) -> list[Occurrence]:
    """Findings whose date has passed: to whoever owns them, and to those who watch."""
    return _marked(session, entry, Event.FINDING_OVERDUE, FindingRow.breached_at == entry.at, managers=False)


def unnoticed(session: Session, entry: Happened) -> list[Occurrence]:
    """Grave findings that nobody has taken note of: to their owners, to the owners' managers, and to those who watch."""
    return _marked(session, entry, Event.FINDING_ESCALATED, FindingRow.escalated_at == entry.at, managers=True)


def handed_on(session: Session, happened: Sequence[Happened]) -> list[Occurrence]:
    """Findings that somebody handed to somebody else: fifty at once are one thing to hear of."""
    given: dict[str, list[Happened]] = defaultdict(list)
    for each in happened:
        to = str(each.body.get("to", ""))
        if not to.startswith("role:") and to not in (each.author, _reader(session, each.author)):
            given[to].append(each)
    told = []
    for owner, entries in given.items():
        last = entries[-1]
        facts = {"count": len(entries)}
        cause = f"{owner}:handed on:{last.number}"
        told.append(Occurrence(Event.FINDING_ASSIGNED, cause, facts, last.at, personal={whom(owner): facts}))
    return told


def waivers(session: Session, happened: Sequence[Happened]) -> list[Occurrence]:
    """Waivers that wait for a second person, and those that have run out."""
    told = []
    asked = [each for each in happened if each.kind == "waiver.asked"]
    over = [each for each in happened if each.kind == "waiver.ended" and each.body.get("how") == "expired"]
    for event, entries in ((Event.WAIVER_ASKED, asked), (Event.WAIVER_ENDED, over)):
        if entries:
            cause, facts = f"{event}:{entries[-1].number}", {"count": len(entries)}
            told.append(Occurrence(event, cause, facts, entries[-1].at))
    return told


def ending(session: Session, since: datetime, until: datetime, at: datetime) -> list[Occurrence]:
    """Waivers that come to their end between two moments."""
    between = (WaiverRow.status == "approved", WaiverRow.until > since, WaiverRow.until <= until)
    number = session.scalar(select(func.count()).where(*between)) or 0
    if not number:
        return []
    facts = {"count": number, "until": until.isoformat()}
    return [Occurrence(Event.WAIVER_ENDING, f"waivers:{until.date().isoformat()}", facts, at)]


def _marked(session: Session, entry: Happened, event: Event, mark: Any, *, managers: bool) -> list[Occurrence]:
    every = _seen(session, _found().where(mark))
    if not every:
        return []
    stories = _stories(every)
    personal: dict[int | str, dict[str, Any]] = {}
    for owner, mine in _by_owner(every).items():
        counts = Counter(each.severity for each in _stories(mine))
        manager = ownership.manager_of(session, owner) if managers else None
        if manager is not None:
            personal.setdefault(whom(manager), dict(counts) | {"own": True})
        if not owner.startswith("role:"):
            personal[whom(owner)] = dict(counts)
    systems = frozenset(each.system for each in every if each.system is not None)
    parts = _parts(stories, named=True)
    return [Occurrence(event, f"entry:{entry.id}", {}, entry.at, systems, personal, parts)]


def _news(session: Session, stories: Sequence[_Seen], at: datetime) -> list[_Seen]:
    """The stories of which nothing as bad was open and told before; of a first reading only what is critical was."""
    causes = [each.cause for each in stories]
    before: dict[str, int] = {}
    for begin in range(0, len(causes), 5_000):
        older = select(FindingRow.cause, FindingRow.severity).where(
            FindingRow.cause.in_(causes[begin : begin + 5_000]),
            FindingRow.opened_at < at,
            FindingRow.status != "closed",
            FindingRow.baseline.is_(False) | (FindingRow.severity == "critical"),
        )
        for cause, severity in session.execute(older):
            before[cause] = min(before.get(cause, len(SEVERITIES)), SEVERITIES.index(severity))
    return [each for each in stories if each.weight < before.get(each.cause, len(SEVERITIES))]


def _stories(every: Iterable[_Seen]) -> list[_Seen]:
    """The worst of each cause; among equals one whose rule alerts."""
    worst: dict[str, _Seen] = {}
    for each in every:
        known = worst.get(each.cause)
        if known is None or (each.weight, not each.alerts) < (known.weight, not known.alerts):
            worst[each.cause] = each
    return list(worst.values())


def _parts(stories: Sequence[_Seen], *, named: bool) -> tuple[Part, ...]:
    """Stories as counts. `named`: they are told whatever their rule says."""
    counted = Counter((each.severity, each.rule, each.department, each.system, each.alerts) for each in stories)
    return tuple(
        Part(severity, rule, department, system, count, alerts=named or alerts)
        for (severity, rule, department, system, alerts), count in counted.items()
    )


def _found() -> Any:
    department = func.coalesce(IdentityRow.department, AccountRow.department)
    columns = (FindingRow.id, FindingRow.cause, FindingRow.rule, FindingRow.severity, department)
    return (
        select(*columns, FindingRow.system_id, FindingRow.owner, FindingRow.due_at)
        .outerjoin(IdentityRow, IdentityRow.id == FindingRow.identity_id)
        .outerjoin(AccountRow, AccountRow.id == FindingRow.account_id)
    )


def _seen(session: Session, statement: Any) -> list[_Seen]:
    telling = queries.alerting(session, catalogue.RULES)
    rows = [(row[:], row.rule) for row in session.execute(statement.order_by(FindingRow.id))]
    # What the checklist and the channels raise always tells.
    return [_Seen(*(*told, rule not in catalogue.RULES or rule in telling)) for told, rule in rows]


def _by_owner(every: Sequence[_Seen]) -> dict[str, list[_Seen]]:
    held: dict[str, list[_Seen]] = defaultdict(list)
    for each in every:
        held[each.owner].append(each)
    return held


def whom(owner: str) -> int | str:
    """An owner as the key of what is personal: a person by number, an actor by id."""
    kind, _, number = owner.partition(":")
    return int(number) if kind == "identity" else owner


def _reader(session: Session, author: str) -> str:
    """The owner that an author is, if they are a person here."""
    return ownership.of_actor(session, author)


def _name(session: Session, system: int | None) -> str:
    row = session.get(SystemRow, system) if system is not None else None
    return row.name if row is not None else "all systems"
