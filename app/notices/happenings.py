"""What the ledger says has happened, as occurrences that may have to be told; many entries of one kind become one.

A system that cannot be read is told about once for the time since its last whole reading, and again each week that it
lasts; so is a run of removals that is held back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from app.detection import ownership
from app.inventory.queries import TRUSTED
from app.inventory.tables import SnapshotRow, StreamRow, SystemRow
from app.ledger.kinds import Kind
from app.notices import found as told_of
from app.notices.events import Event, Occurrence
from app.notices.queries import Happened
from app.notices.tables import ChannelRow
from app.review.submission import TaskStatus
from app.review.tables import CampaignRow, CampaignSnapshotRow, ItemRow, RoundRow, TaskRow

_GONE_BAD = {"by_hand": Event.REMOVAL_BY_HAND, "declined": Event.REMOVAL_FAILED}


def occurrences(session: Session, happened: Sequence[Happened]) -> list[Occurrence]:
    """What these entries, in the ledger's order, give to tell."""
    found: list[Occurrence] = []
    for each in happened:
        one = _ONE[Kind(each.kind)](session, each) if Kind(each.kind) in _ONE else None
        if one is not None:
            found.append(one)
        if Kind(each.kind) in _SOME:
            found += _SOME[Kind(each.kind)](session, each)
    given = [each for each in happened if each.kind == Kind.FINDING_ASSIGNED]
    found += _removals(session, happened) + told_of.handed_on(session, given) + told_of.waivers(session, happened)
    return found + _words(session, happened)


def systems_of(session: Session, campaign_id: int) -> frozenset[int]:
    """The systems that a review is about."""
    return frozenset(
        session.scalars(select(CampaignSnapshotRow.system_id).where(CampaignSnapshotRow.campaign_id == campaign_id))
    )


def shares(session: Session, campaign_id: int, *, pending: bool = False) -> dict[int, int]:
    """How many items each reviewer of a review has; with `pending`, of those who have not submitted how many lack an answer
    (none: all are answered, and still a draft)."""
    open_items = func.count(case((ItemRow.outcome.is_(None), 1))) if pending else func.count()
    counted = (
        select(TaskRow.reviewer_id, open_items)
        .join(ItemRow, ItemRow.task_id == TaskRow.id)
        .where(TaskRow.campaign_id == campaign_id)
        .group_by(TaskRow.reviewer_id)
    )
    if pending:
        counted = counted.where(TaskRow.status == TaskStatus.OPEN)
    return dict(session.execute(counted).all())


def week(at: datetime) -> str:
    """The week of a moment, as what lasts is told again by it."""
    year, number, _ = at.isocalendar()
    return f"{year}-W{number:02}"


# --- reviews ---


def review_facts(row: CampaignRow) -> dict[str, object]:
    """What every message about a review says of it."""
    return {"campaign": row.id, "name": row.name, "due_at": row.due_at.isoformat()}


def _opened(session: Session, entry: Happened) -> Occurrence | None:
    row = session.get(CampaignRow, entry.about)
    if row is None or row.status != "open":
        return None
    mine, facts = shares(session, row.id), review_facts(row)
    personal = {who: {**facts, "items": items} for who, items in mine.items()}
    total = {**facts, "items": sum(mine.values()), "reviewers": len(mine)}
    return Occurrence(
        Event.REVIEW_OPENED, f"campaign:{row.id}:opened", total, entry.at, systems_of(session, row.id), personal
    )


_ANSWERS = ("keep", "acknowledge", "remove", "change")


def _closed(session: Session, entry: Happened) -> Occurrence | None:
    row = session.get(CampaignRow, entry.about)
    if row is None:
        return None
    told = entry.body.get("counts", {})
    numbers = {name: told.get(name, 0) for name in (*_ANSWERS, "unanswered")}
    facts = {**review_facts(row), **numbers}
    return Occurrence(Event.REVIEW_CLOSED, f"campaign:{row.id}:closed", facts, entry.at, systems_of(session, row.id))


def _unsigned(session: Session, entry: Happened) -> list[Occurrence]:
    """To its control owner, that it is closed and waits for their signature."""
    row = session.get(CampaignRow, entry.about)
    return unsigned(session, row, 0, entry.at) if row is not None else []


def unsigned(session: Session, row: CampaignRow, weeks: int, at: datetime) -> list[Occurrence]:
    """That a review, closed `weeks` ago, waits for its control owner's signature, if it does."""
    if row.owner_id is None or row.signature is not None:
        return []
    facts, cause = review_facts(row), f"campaign:{row.id}:unsigned:{row.owner_id}:{weeks}"
    return [Occurrence(Event.REVIEW_UNSIGNED, cause, facts, at, systems_of(session, row.id), {row.owner_id: facts})]


def _named(session: Session, entry: Happened) -> list[Occurrence]:
    """To whoever was named instead, where it is closed already."""
    row = session.get(CampaignRow, entry.about)
    return _unsigned(session, entry) if row is not None and row.status == "closed" else []


def _cancelled(session: Session, entry: Happened) -> Occurrence | None:
    row = session.get(CampaignRow, entry.about)
    if row is None:
        return None
    facts = review_facts(row)
    personal = dict.fromkeys(shares(session, row.id, pending=True), facts)
    total = {**facts, "reviewers": len(personal)}
    return Occurrence(
        Event.REVIEW_CANCELLED, f"campaign:{row.id}:cancelled", total, entry.at, systems_of(session, row.id), personal
    )


def _given(session: Session, entry: Happened) -> Occurrence | None:
    row = session.get(CampaignRow, entry.about)
    whom = str(entry.body.get("to", "")).removeprefix("identity:")
    if row is None or row.status != "open" or not whom.isdigit():
        return None
    facts = {**review_facts(row), "items": entry.body["items"]}
    return Occurrence(
        Event.REVIEW_GIVEN, f"entry:{entry.id}", {**facts, "reviewers": 1}, entry.at, systems_of(session, row.id),
        {int(whom): facts},
    )  # fmt: skip


def _escalated(session: Session, entry: Happened) -> list[Occurrence]:
    """To each who was given what others had not answered, or is asked in another round: how many, and until when."""
    row = session.get(CampaignRow, entry.about)
    if row is None or row.status != "open":
        return []
    found, systems, why = [], systems_of(session, row.id), _why_given(session, entry)
    for share in entry.body.get("shares", []):
        whom = str(share["to"]).removeprefix("identity:")
        facts = {**review_facts(row), "items": share["items"], **why}
        if whom.isdigit():
            total, cause = {**facts, "reviewers": 1}, f"entry:{entry.id}:{whom}"
            found.append(Occurrence(Event.REVIEW_GIVEN, cause, total, entry.at, systems, {int(whom): facts}))
    return found


def _why_given(session: Session, entry: Happened) -> dict[str, Any]:
    """That nobody had answered, or the round that has begun, by its name."""
    if entry.kind != Kind.ROUND_BEGUN:
        return {"silent": True}
    row = session.get(RoundRow, (entry.about, entry.body["round"]))
    return {"round": row.name} if row is not None else {}


def _submitted(session: Session, entry: Happened) -> Occurrence | None:
    """To the reviewer what they submitted, in counts; to those who watch that somebody did."""
    row = session.get(CampaignRow, entry.about)
    whom = str(entry.body.get("reviewer", "")).removeprefix("identity:")
    if row is None or not whom.isdigit():
        return None
    told = entry.body.get("counts", {})
    facts = {**review_facts(row), **{name: told.get(name, 0) for name in _ANSWERS}}
    return Occurrence(
        Event.REVIEW_SUBMITTED, f"entry:{entry.id}", {**facts, "reviewers": 1}, entry.at, systems_of(session, row.id),
        {int(whom): facts},
    )  # fmt: skip


# --- findings and readings ---


def _failed(session: Session, entry: Happened) -> Occurrence | None:
    return _badly_read(session, entry, Event.READING_FAILED, ())


def _sealed(session: Session, entry: Happened) -> Occurrence | None:
    """A reading that lacks something: a stream that broke off, or one that could be read before."""
    verdicts = {name: told["verdict"] for name, told in entry.body.get("streams", {}).items()}
    known = set(
        session.scalars(
            select(StreamRow.stream)
            .join(SnapshotRow, SnapshotRow.id == StreamRow.snapshot_id)
            .where(SnapshotRow.system_id == entry.body["system"], StreamRow.verdict.in_(TRUSTED))
            .distinct()
        )
    )
    lacking = [
        stream
        for stream, verdict in sorted(verdicts.items())
        if verdict == "incomplete" or (verdict == "not_collected" and stream in known)
    ]
    return _badly_read(session, entry, Event.READING_PARTIAL, lacking) if lacking else None


def _badly_read(session: Session, entry: Happened, event: Event, lacking: Sequence[str]) -> Occurrence:
    system = int(entry.body["system"])
    whole = (
        select(func.max(SnapshotRow.id))
        .where(SnapshotRow.system_id == system, SnapshotRow.status == "sealed", SnapshotRow.id < (entry.about or 0))
        .where(~_incomplete().exists())
    )
    last = session.scalar(whole) or 0
    cause = f"system:{system}:{event}:{','.join(lacking)}:{last}:{week(entry.at)}"
    facts = {"system": system, "name": _name(session, system), **({"streams": list(lacking)} if lacking else {})}
    return Occurrence(event, cause, facts, entry.at, frozenset({system}))


def _incomplete() -> Select[str]:
    bad = StreamRow.verdict == "incomplete"
    return select(StreamRow.stream).where(StreamRow.snapshot_id == SnapshotRow.id, bad)


# --- removals ---


def _removals(session: Session, happened: Sequence[Happened]) -> list[Occurrence]:
    """Removals by system and by what became of them: a thousand that were refused are one thing to hear of."""
    counted: Counter[tuple[int, Event]] = Counter()
    latest: dict[tuple[int, Event], Happened] = {}
    found: list[Occurrence] = []
    for each in happened:
        event = _became(each)
        if event is Event.REMOVAL_HELD:
            found.append(_held(session, each))
        elif event is not None:
            key = (int(each.body["system"]), event)
            counted[key] += 1
            latest[key] = each
    for (system, event), number in counted.items():
        last = latest[(system, event)]
        facts = {"system": system, "name": _name(session, system), "count": number}
        cause = f"system:{system}:{event}:{last.number}"
        found.append(Occurrence(event, cause, facts, last.at, frozenset({system})))
    return found


def _became(entry: Happened) -> Event | None:
    if entry.kind == Kind.REMEDIATION_RETURNED:
        return Event.REMOVAL_RETURNED
    if entry.kind != Kind.REMEDIATION_MOVED:
        return None
    return Event.REMOVAL_HELD if "held" in entry.body else _GONE_BAD.get(str(entry.body.get("to")))


def _held(session: Session, entry: Happened) -> Occurrence:
    system = entry.about or 0
    facts = {
        "system": system, "name": _name(session, system), "count": entry.body["held"], "code": entry.body["code"],
    }  # fmt: skip
    cause = f"system:{system}:held:{entry.body['code']}:{week(entry.at)}"
    return Occurrence(Event.REMOVAL_HELD, cause, facts, entry.at, frozenset({system}))


# --- words on file ---


def _words(session: Session, happened: Sequence[Happened]) -> list[Occurrence]:
    """Words that come to their end: each owner and each approver hears of theirs as one, and so do those who watch."""
    ending = [each for each in happened if each.kind == Kind.ATTESTATION_ENDING]
    if not ending:
        return []
    personal: dict[int | str, dict[str, object]] = {}
    for who, mine in _by_reader(session, ending, "approver").items():
        personal[who] = _ending(mine)
    for who, mine in _by_reader(session, ending, "owner").items():
        personal.setdefault(who, _ending(mine) | {"own": True})
    last = ending[-1]
    cause = f"attestations:{last.number}"
    return [Occurrence(Event.ATTESTATION_ENDING, cause, _ending(ending), last.at, personal=personal)]


def _by_reader(session: Session, words: Sequence[Happened], role: str) -> dict[int | str, list[Happened]]:
    """Words by the person or actor who is named in them as owner, or as approver."""
    theirs: dict[int | str, list[Happened]] = defaultdict(list)
    for each in words:
        who = each.body.get(role)
        if who is not None:
            known = str(who) if str(who).startswith("identity:") else ownership.of_actor(session, str(who))
            theirs[told_of.whom(known)].append(each)
    return theirs


def _ending(words: Sequence[Happened]) -> dict[str, object]:
    first = min(words, key=lambda each: str(each.body["until"]))
    lines = {str(each.body["line"]) for each in words}
    told = {"count": len(words), "days": first.body["days"], "until": first.body["until"]}
    return told | ({"line": lines.pop()} if len(lines) == 1 else {})


# --- channels ---


def _channel(session: Session, entry: Happened) -> Occurrence | None:
    dead = entry.body.get("status") == "dead"
    row = session.get(ChannelRow, entry.about)
    if row is None or not (dead or entry.body.get("well") is False):
        return None
    facts = {"channel": row.id, "name": row.name, "dead": dead}
    return Occurrence(Event.CHANNEL_FAILED, f"entry:{entry.id}", facts, entry.at)


def _name(session: Session, system: int | None) -> str:
    row = session.get(SystemRow, system) if system is not None else None
    return row.name if row is not None else "all systems"


_ONE: Mapping[Kind, Callable[[Session, Happened], Occurrence | None]] = {
    Kind.CAMPAIGN_OPENED: _opened,
    Kind.CAMPAIGN_CLOSED: _closed,
    Kind.CAMPAIGN_CANCELLED: _cancelled,
    Kind.TASK_REASSIGNED: _given,
    Kind.TASK_PASSED_ON: _given,
    Kind.TASK_SUBMITTED: _submitted,
    Kind.SNAPSHOT_FAILED: _failed,
    Kind.SNAPSHOT_SEALED: _sealed,
    Kind.CHANNEL_TESTED: _channel,
    Kind.CHANNEL_CHANGED: _channel,
}
_SOME: Mapping[Kind, Callable[[Session, Happened], list[Occurrence]]] = {
    Kind.CAMPAIGN_ESCALATED: _escalated,
    Kind.CAMPAIGN_CLOSED: _unsigned,
    Kind.CONTROL_OWNER_NAMED: _named,
    Kind.ROUND_BEGUN: _escalated,
    Kind.DETECTION_RAN: told_of.opened,
    Kind.FINDINGS_OVERDUE: told_of.late,
    Kind.FINDINGS_ESCALATED: told_of.unnoticed,
}
KINDS = (
    *_ONE, *_SOME, Kind.REMEDIATION_MOVED, Kind.REMEDIATION_RETURNED, Kind.FINDING_ASSIGNED, Kind.WAIVER_ASKED,
    Kind.WAIVER_ENDED, Kind.ATTESTATION_ENDING,
)  # fmt: skip
