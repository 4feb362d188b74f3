"""Which items have a reviewer who leans (see `independence.Lean`): asked where it is shown, and when somebody decides.

Nothing of it is kept with the item, since handing on, a delegation or a reading may change it; what held at a decision is
in that decision's ledger entry. People count by the accounts that are matched to them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, cast

from sqlalchemy import ColumnElement, Integer, Select, Table, bindparam, func, literal_column, select, union_all
from sqlalchemy.orm import Session

from app.inventory.tables import AccountRow, EdgeRow, EntitlementRow, GrantRow, PrivilegeRow
from app.review import independence
from app.review.independence import GRANTING, Lean, Leaners
from app.review.tables import CampaignRow, ItemRow, TaskRow

_CHUNK = 5_000  # below what either database takes as parameters of one statement
_ACCOUNT, _PRIVILEGE, _ITEM, _TASK, _EDGE, _GRANT, _THING = (
    cast(Table, row.__table__)
    for row in (AccountRow, PrivilegeRow, ItemRow, TaskRow, EdgeRow, GrantRow, EntitlementRow)
)


class Asked(Protocol):
    """What it depends on: a row with these columns."""

    id: Any
    campaign_id: Any
    system_id: Any
    entitlement_id: Any
    subject_identity_id: Any
    reviewer_id: Any


def of_items(session: Session, item_ids: Sequence[int]) -> dict[int, tuple[Lean, ...]]:
    """How the reviewer of each item leans; items whose reviewer does not are left out."""
    rows: list[Any] = []
    for start in range(0, len(item_ids), _CHUNK):
        asked = (
            select(
                ItemRow.id, ItemRow.campaign_id, ItemRow.system_id, ItemRow.entitlement_id, ItemRow.subject_identity_id,
                TaskRow.reviewer_id,
            )
            .join(TaskRow, TaskRow.id == ItemRow.task_id)
            .where(ItemRow.id.in_(item_ids[start : start + _CHUNK]))
        )  # fmt: skip
        rows += session.execute(asked)
    return of_rows(session, rows)


def of_rows(session: Session, rows: Iterable[Asked]) -> dict[int, tuple[Lean, ...]]:
    """The same of items whose rows are there already."""
    by_campaign: dict[int, list[Asked]] = defaultdict(list)
    for row in rows:
        by_campaign[row.campaign_id].append(row)
    found: dict[int, tuple[Lean, ...]] = {}
    for campaign, some in by_campaign.items():
        reviewers = {row.reviewer_id for row in some}
        subjects = {row.subject_identity_id for row in some} - {None}
        back, able = _both(session, campaign, reviewers, subjects, {row.system_id for row in some})
        held = holders(session, reviewers, {row.entitlement_id for row in some} - {None})
        for row in some:
            told = independence.leans(
                each_other=(row.subject_identity_id, row.reviewer_id) in back,
                grants=(row.system_id, row.reviewer_id) in able,
                holds=(row.entitlement_id, row.reviewer_id) in held,
            )
            if told:
                found[row.id] = told
    return found


def counted(session: Session, campaign_id: int) -> Mapping[Lean, int]:
    """Of how many items of a campaign the reviewer leans which way."""
    asked = (
        select(
            TaskRow.reviewer_id, ItemRow.subject_identity_id, ItemRow.system_id, ItemRow.entitlement_id, func.count()
        )
        .join(ItemRow, ItemRow.task_id == TaskRow.id)
        .where(TaskRow.campaign_id == campaign_id)
        .group_by(TaskRow.reviewer_id, ItemRow.subject_identity_id, ItemRow.system_id, ItemRow.entitlement_id)
    )
    rows = session.execute(asked).all()
    pairs = {(reviewer, subject) for reviewer, subject, *_ in rows}
    reviewers = {row[0] for row in rows}
    able = granters(session, reviewers, {row[2] for row in rows})
    held = holders(session, reviewers, {row[3] for row in rows if row[3] is not None})
    total: Counter[Lean] = Counter()
    for reviewer, subject, system, thing, count in rows:
        for lean in independence.leans(
            each_other=(subject, reviewer) in pairs, grants=(system, reviewer) in able, holds=(thing, reviewer) in held
        ):
            total[lean] += count
    return {lean: total[lean] for lean in Lean}


def granters(session: Session, people: Iterable[int], systems: Iterable[int]) -> set[tuple[int, int]]:
    """Of these people, by system, who can give access there, by an account that is not closed."""
    session.flush()  # statements over tables do not see to that
    found: set[tuple[int, int]] = set()
    wanted, among = sorted(people), sorted(systems)
    for start in range(0, len(wanted), _CHUNK):
        asked = {"people": wanted[start : start + _CHUNK], "systems": among}
        found |= {(system, person) for system, person in session.connection().execute(_ABLE, asked)}
    return found


def holders(session: Session, people: Iterable[int], things: Iterable[int]) -> set[tuple[int, int]]:
    """Of these people, by group or definition, who holds it or is in it, by an account that is not closed; nothing is asked
    where there is none."""
    found: set[tuple[int, int]] = set()
    wanted, among = sorted(people), sorted(things)
    for start in range(0, len(among), _CHUNK):
        for from_ in range(0, len(wanted), _CHUNK):
            asked = {"things": among[start : start + _CHUNK], "people": wanted[from_ : from_ + _CHUNK]}
            found |= {(thing, person) for thing, person in session.connection().execute(_HELD, asked)}
    return found


def giving(*which: ColumnElement[bool]) -> Any:
    """Who can give access in which system, by an account that is matched to them and not closed."""
    return (
        select(_ACCOUNT.c.system_id, _ACCOUNT.c.identity_id)
        .join(_PRIVILEGE, _PRIVILEGE.c.account_id == _ACCOUNT.c.id)
        .where(
            _ACCOUNT.c.identity_id.is_not(None),
            _ACCOUNT.c.ended.is_(None),
            _ACCOUNT.c.active.is_not(False),  # unknown is not inactive
            _PRIVILEGE.c.privilege.in_(GRANTING),
            *which,
        )
        .distinct()
    )


def held_by(tops: Select[Any], *which: ColumnElement[bool]) -> Any:
    """Who holds which of these entitlements, itself or by something that brings it (each is met once, so a circle of groups
    ends), by an account that is matched to them and not closed."""
    top = tops.subquery()
    up = select(top.c[0].label("top"), top.c[0].label("via")).cte("up", recursive=True)
    up = up.union(
        select(up.c.top, _EDGE.c.holder_id).join(_EDGE, _EDGE.c.held_id == up.c.via).where(_EDGE.c.ended.is_(None))
    )
    return (
        select(up.c.top, _ACCOUNT.c.identity_id)
        .join(_GRANT, _GRANT.c.entitlement_id == up.c.via)
        .join(_ACCOUNT, _ACCOUNT.c.id == _GRANT.c.account_id)
        .where(
            _GRANT.c.ended.is_(None),
            _ACCOUNT.c.identity_id.is_not(None),
            _ACCOUNT.c.ended.is_(None),
            _ACCOUNT.c.active.is_not(False),  # unknown is not inactive
            *which,
        )
        .distinct()
    )


# Put together once, over the tables themselves: they are asked with every decision, and putting them together cost more.
_ABLE = giving(
    _ACCOUNT.c.identity_id.in_(bindparam("people", expanding=True)),
    _ACCOUNT.c.system_id.in_(bindparam("systems", expanding=True)),
)
_HELD = held_by(
    select(_THING.c.id).where(_THING.c.id.in_(bindparam("things", expanding=True))),
    _ACCOUNT.c.identity_id.in_(bindparam("people", expanding=True)),
)
_BACK = (
    select(_TASK.c.reviewer_id, _ITEM.c.subject_identity_id)
    .join(_ITEM, _ITEM.c.task_id == _TASK.c.id)
    .where(
        _TASK.c.campaign_id == bindparam("campaign"),
        _TASK.c.reviewer_id.in_(bindparam("by", expanding=True)),
        _ITEM.c.subject_identity_id.in_(bindparam("of", expanding=True)),
    )
    .distinct()
)

_BOTH = union_all(
    *(asked.add_columns(literal_column(str(which), Integer)) for which, asked in enumerate((_BACK, _ABLE)))
)


def _both(
    session: Session, campaign: int, reviewers: set[int], subjects: set[int], systems: set[int]
) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """Of `decided` and of `granters` together, by one statement: each costs a journey to the database."""
    if max(map(len, (reviewers, subjects))) > _CHUNK:
        return decided(session, campaign, subjects, reviewers), granters(session, reviewers, systems)
    session.flush()  # statements over tables do not see to that
    people = sorted(reviewers)
    asked = {"campaign": campaign, "by": sorted(subjects), "of": people, "people": people, "systems": sorted(systems)}
    found: tuple[set[tuple[int, int]], set[tuple[int, int]]] = (set(), set())
    for one, other, which in session.connection().execute(_BOTH, asked).all():
        found[which].add((one, other))
    return found


def barred(session: Session, item_ids: Sequence[int]) -> dict[int, frozenset[int]]:
    """Who is barred from each of these items by its review, for either reason; items without anybody are left out."""
    found = granting(session, item_ids)
    for item, people in holding(session, item_ids).items():
        found[item] = found.get(item, frozenset()) | people
    return found


def granting(session: Session, item_ids: Sequence[int]) -> dict[int, frozenset[int]]:
    """Who is barred from each of these items by its review, since they can grant in its system; the rest are left out."""
    found: dict[int, frozenset[int]] = {}
    by_system: dict[int, frozenset[int]] = {}
    for row in _barring(session, item_ids, "granters"):
        if row.system_id not in by_system:
            able = session.execute(giving(AccountRow.system_id == row.system_id))
            by_system[row.system_id] = frozenset(person for _, person in able)
        found[row.id] = by_system[row.system_id]
    return found


def holding(session: Session, item_ids: Sequence[int]) -> dict[int, frozenset[int]]:
    """Who is barred from each of these groups and definitions by its review, since they hold it or are in it."""
    rows = [row for row in _barring(session, item_ids, "holders") if row.entitlement_id is not None]
    held: dict[int, set[int]] = defaultdict(set)
    for start in range(0, len(rows), _CHUNK):
        some = {row.entitlement_id for row in rows[start : start + _CHUNK]}
        for thing, person in session.execute(held_by(select(_THING.c.id).where(_THING.c.id.in_(some)))):
            held[thing].add(person)
    return {row.id: frozenset(held[row.entitlement_id]) for row in rows if row.entitlement_id in held}


def _barring(session: Session, item_ids: Sequence[int], word: str) -> Iterator[Any]:
    """Those of some items whose review bars for this reason, by its scope as it is kept."""
    for start in range(0, len(item_ids), _CHUNK):
        asked = select(ItemRow.id, ItemRow.system_id, ItemRow.entitlement_id, ItemRow.campaign_id).where(
            ItemRow.id.in_(item_ids[start : start + _CHUNK])
        )
        rows = session.execute(asked).all()
        of = select(CampaignRow.id, CampaignRow.scope).where(CampaignRow.id.in_({row.campaign_id for row in rows}))
        bars = {number for number, scope in session.execute(of) if scope.get(word) == Leaners.BAR}
        yield from (row for row in rows if row.campaign_id in bars)


def decided(session: Session, campaign: int, by: Iterable[int], of: Iterable[int]) -> set[tuple[int, int]]:
    """Who of some decides on access of whom of others in a campaign."""
    found: set[tuple[int, int]] = set()
    wanted, others = sorted(by), sorted(of)
    for start in range(0, len(wanted), _CHUNK):
        for from_ in range(0, len(others), _CHUNK):
            asked = {
                "campaign": campaign,
                "by": wanted[start : start + _CHUNK],
                "of": others[from_ : from_ + _CHUNK],
            }
            found |= {(reviewer, subject) for reviewer, subject in session.connection().execute(_BACK, asked)}
    return found
