"""The queue of findings as somebody works through it: stories by cause, what matters most first.

Counts are of what the filters beside them leave, so that each can be a link to exactly those rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.detection import deadlines, ownership
from app.detection.tables import FindingEventRow, FindingRow, WaiverRow
from app.inventory.tables import AccountRow, IdentityRow
from app.kit.db import Moment
from app.kit.refusal import insist
from app.stories import findings
from app.stories.findings import Line

SEVERITIES = ("critical", "high", "medium", "low")
NEW_ONES = ("inactive_account", "never_used", "leaver_active", "leaver_credential")  # what the digest counts
NOBODYS = ""  # the department of whoever has none
AGES = (("within a week", 7), ("a month", 30), ("three months", 90), ("longer", None))  # days, each up to and including
SOON = timedelta(days=7)
SORTS = ("priority", "due")
_MEMBERS = 20  # findings of one story that are shown in the queue; the others are behind a link
# What has no due date (nothing new since this version came) stands last.
DUE: Any = func.coalesce(FindingRow.due_at, literal(datetime(9000, 1, 1, tzinfo=UTC), Moment()))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of the queue; None: all. `due`: "late" or "soon"; `noticed`: whether somebody has taken note; `waiver`:
    "asked" waits for an approval; `owners`: any of these."""

    status: str | None = "open"
    severity: str | None = None
    system: int | None = None
    rule: str | None = None
    department: str | None = None
    since: datetime | None = None  # opened, or opened again, after this moment
    rules: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    due: str | None = None
    noticed: bool | None = None
    waiver: str | None = None
    baseline: bool | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One story: everything that the filters leave of one cause. `lead`: what matters most of it; `count`: all of them."""

    cause: str
    lead: Line
    others: Sequence[Line]
    count: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some stories, what matters most first. `after` continues; None at the end."""

    groups: Sequence[Group]
    after: tuple[Any, int] | None

    @property
    def lines(self) -> list[Line]:
        """Every finding on the page."""
        return [line for group in self.groups for line in (group.lead, *group.others)]


@dataclass(frozen=True, slots=True)
class Facets:
    """How many findings each choice of a filter would show, the other filters as they are."""

    total: int
    status: dict[str, int]
    severity: dict[str, int]
    rule: dict[str, int]
    system: dict[int, int]
    department: dict[str, int]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits, whatever the filters: for me, for its date, for anybody's eye, for a second person."""

    mine: int
    late: int
    soon: int
    unnoticed: int
    waivers: int


@dataclass(frozen=True, slots=True)
class Age:
    """How many open findings are this old, by severity."""

    band: str
    counts: dict[str, int]

    @property
    def total(self) -> int:
        """All severities together."""
        return sum(self.counts.values())


def queue(
    session: Session, wanted: Wanted, *, by: Actor, at: datetime, sort: str = "priority",
    after: Sequence[Any] | None = None, limit: int = 50,
) -> Page:  # fmt: skip
    """A page of the queue, one row for each story. `after`: the priority (sorted by "due": the due date as text) and the
    first number of the last one seen."""
    wanted = _as_seen(wanted, by)
    first = func.min(FindingRow.id)
    place: Any = func.min(DUE) if sort == "due" else func.max(FindingRow.priority)
    grouped = narrowed(select(FindingRow.cause, place, first, func.count()), wanted, at).group_by(FindingRow.cause)
    if after is not None:
        seen = datetime.fromisoformat(after[0]) if sort == "due" else after[0]
        beyond = place > seen if sort == "due" else place < seen
        grouped = grouped.having(or_(beyond, and_(place == seen, first > after[1])))
    order = place.asc() if sort == "due" else place.desc()
    rows = session.execute(grouped.order_by(order, first).limit(limit + 1)).all()
    groups = _groups(session, wanted, {row[0]: row[3] for row in rows[:limit]}, at)
    last = rows[limit - 1] if len(rows) > limit else None
    if last is None:
        return Page(groups, None)
    return Page(groups, (last[1].isoformat() if sort == "due" else last[1], last[2]))


def waiting(session: Session, *, by: Actor, at: datetime) -> Waiting:
    """What waits for somebody, in one pass over what is not closed."""
    own = _as_seen(Wanted(), by)
    is_open = FindingRow.status == "open"
    late, soon = FindingRow.due_at <= at, and_(FindingRow.due_at > at, FindingRow.due_at <= at + SOON)
    grave = FindingRow.severity.in_(deadlines.GRAVE)
    conditions = (
        and_(is_open, FindingRow.owner.in_(ownership.mine(by))),
        and_(is_open, late),
        and_(is_open, soon),
        and_(is_open, grave, FindingRow.acknowledged_at.is_(None)),
    )
    counted = narrowed(select(*(func.count(case((each, 1))) for each in conditions)), own, at)
    asked = narrowed(select(func.count()).select_from(FindingRow), replace(own, status=None, waiver="asked"), at)
    counts: list[int] = [*session.execute(counted).one(), session.scalar(asked) or 0]
    return Waiting(*counts)


def facets(session: Session, wanted: Wanted, *, by: Actor, at: datetime) -> Facets:
    """Every filter's choices with what each would show; two passes over the findings, however many there are."""
    wanted = _as_seen(wanted, by)
    names = ("status", "severity", "rule", "system")
    free = replace(wanted, status=None, severity=None, system=None, rule=None)
    columns = (FindingRow.status, FindingRow.severity, FindingRow.rule, FindingRow.system_id)
    rows = session.execute(narrowed(select(*columns, func.count()), free, at).group_by(*columns)).all()
    chosen = {name: getattr(wanted, name) for name in names}
    told: dict[str, Counter[Any]] = {name: Counter() for name in names}
    total = 0
    for row in rows:
        values, count = tuple(row)[:-1], row[-1]
        off = [name for name, value in zip(names, values, strict=True) if chosen[name] not in (None, value)]
        total += 0 if off else count
        for name, value in zip(names, values, strict=True):
            if not off or off == [name]:
                told[name][value] += count
    departments = _departments(session, wanted, at)
    return Facets(total, **{name: dict(told[name]) for name in names}, department=departments)


def ages(session: Session, wanted: Wanted, *, by: Actor, at: datetime) -> list[Age]:
    """How old the findings are that the filters leave, in bands, the youngest first."""
    wanted = _as_seen(wanted, by)
    bands = [
        (FindingRow.opened_at > at - timedelta(days=days), place)
        for place, (_name, days) in enumerate(AGES)
        if days is not None
    ]
    band = case(*bands, else_=len(AGES) - 1)
    statement = select(band, FindingRow.severity, func.count())
    rows = session.execute(narrowed(statement, wanted, at).group_by(band, FindingRow.severity)).all()
    return [
        Age(name, {severity: count for found, severity, count in rows if found == place})
        for place, (name, _days) in enumerate(AGES)
    ]


def matching(session: Session, wanted: Wanted, *, by: Actor, at: datetime, limit: int) -> list[int]:
    """The numbers of what the filters leave, what matters most first."""
    insist(policy.why_not(by, May.SEE_FINDINGS))
    found = narrowed(select(FindingRow.id), wanted, at).order_by(FindingRow.priority.desc(), FindingRow.id)
    return list(session.scalars(found.limit(limit)))


def _as_seen(wanted: Wanted, by: Actor) -> Wanted:
    """The filters as far as somebody may look: whoever may not see findings sees those of their own, and no others."""
    no = policy.why_not(by, May.SEE_FINDINGS)
    if no is None:
        return wanted
    insist(policy.why_not(by, May.SEE_OWN_FINDINGS))
    own = [owner for owner in ownership.mine(by) if not wanted.owners or owner in wanted.owners]
    return replace(wanted, owners=tuple(own) or ("",))  # none of them is not all of them


def _groups(session: Session, wanted: Wanted, counts: dict[str, int], at: datetime) -> list[Group]:
    """The stories of these causes, in their order, each with its first findings."""
    rank = func.row_number().over(
        partition_by=FindingRow.cause, order_by=(FindingRow.priority.desc(), FindingRow.id)
    ).label("rank")  # fmt: skip
    ranked = narrowed(select(FindingRow.id, FindingRow.cause, rank), wanted, at)
    ranked = ranked.where(FindingRow.cause.in_(list(counts))).subquery()
    members: dict[str, list[int]] = defaultdict(list)
    for number, cause in session.execute(
        select(ranked.c.id, ranked.c.cause).where(ranked.c.rank <= _MEMBERS).order_by(ranked.c.rank)
    ):
        members[cause].append(number)
    told = {line.id: line for line in findings.found(session, [each for some in members.values() for each in some])}
    of = {cause: [told[number] for number in members[cause] if number in told] for cause in counts}
    return [Group(cause, some[0], some[1:], counts[cause]) for cause, some in of.items() if some]


def narrowed(statement: Any, wanted: Wanted, at: datetime) -> Any:
    """A statement over findings with these filters."""
    equal = {
        FindingRow.status: wanted.status, FindingRow.severity: wanted.severity, FindingRow.system_id: wanted.system,
        FindingRow.rule: wanted.rule, FindingRow.cause: wanted.cause, FindingRow.baseline: wanted.baseline,
    }  # fmt: skip
    statement = statement.where(*(column == value for column, value in equal.items() if value is not None))
    if wanted.rules:
        statement = statement.where(FindingRow.rule.in_(wanted.rules))
    if wanted.owners:
        statement = statement.where(FindingRow.owner.in_(wanted.owners))
    if wanted.due is not None:
        late = FindingRow.due_at <= at
        soon = and_(FindingRow.due_at > at, FindingRow.due_at <= at + SOON)
        statement = statement.where(late if wanted.due == "late" else soon)
    if wanted.noticed is not None:
        noticed = FindingRow.acknowledged_at.is_not(None)
        statement = statement.where(noticed if wanted.noticed else ~noticed)
    if wanted.waiver is not None:
        asked = (WaiverRow.finding_id == FindingRow.id, WaiverRow.status == wanted.waiver)
        statement = statement.where(exists().where(*asked))
    if wanted.since is not None:
        turned = (FindingEventRow.finding_id == FindingRow.id, FindingEventRow.at > wanted.since)
        statement = statement.where(exists().where(*turned, FindingEventRow.kind.in_(("opened", "reopened"))))
    if wanted.department is not None:
        statement = _with_people(statement).where(wanted.department == _DEPARTMENT)
    return statement


_DEPARTMENT: Any = func.coalesce(IdentityRow.department, AccountRow.department, NOBODYS)


def _with_people(statement: Any) -> Any:
    found = statement.select_from(FindingRow).outerjoin(IdentityRow, IdentityRow.id == FindingRow.identity_id)
    return found.outerjoin(AccountRow, AccountRow.id == FindingRow.account_id)


def _departments(session: Session, wanted: Wanted, at: datetime) -> dict[str, int]:
    others = replace(wanted, department=None)
    statement = _with_people(narrowed(select(_DEPARTMENT, func.count()), others, at))
    return dict(session.execute(statement.group_by(_DEPARTMENT).order_by(_DEPARTMENT)).all())
