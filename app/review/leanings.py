"""Which items have a reviewer who leans (see `independence.Lean`): asked where it is shown, and when somebody decides.

Nothing of it is kept with the item, since handing on, a delegation or a reading may change it; what held at a decision is
in that decision's ledger entry. People count by the accounts that are matched to them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

from sqlalchemy import ColumnElement, Table, bindparam, func, select
from sqlalchemy.orm import Session

from app.inventory.tables import AccountRow, PrivilegeRow
from app.review import independence
from app.review.independence import GRANTING, Granters, Lean
from app.review.tables import CampaignRow, ItemRow, TaskRow

_CHUNK = 5_000  # below what either database takes as parameters of one statement
_ACCOUNT, _PRIVILEGE, _ITEM, _TASK = (
    cast(Table, row.__table__) for row in (AccountRow, PrivilegeRow, ItemRow, TaskRow)
)


class Asked(Protocol):
    """What it depends on: a row with these columns."""

    id: Any
    campaign_id: Any
    system_id: Any
    subject_identity_id: Any
    reviewer_id: Any


def of_items(session: Session, item_ids: Sequence[int]) -> dict[int, tuple[Lean, ...]]:
    """How the reviewer of each item leans; items whose reviewer does not are left out."""
    rows: list[Any] = []
    for start in range(0, len(item_ids), _CHUNK):
        asked = (
            select(ItemRow.id, ItemRow.campaign_id, ItemRow.system_id, ItemRow.subject_identity_id, TaskRow.reviewer_id)
            .join(TaskRow, TaskRow.id == ItemRow.task_id)
            .where(ItemRow.id.in_(item_ids[start : start + _CHUNK]))
        )
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
        back = _decided(session, campaign, subjects, reviewers)
        able = granters(session, reviewers, {row.system_id for row in some})
        for row in some:
            told = independence.leans(
                each_other=(row.subject_identity_id, row.reviewer_id) in back,
                grants=(row.system_id, row.reviewer_id) in able,
            )
            if told:
                found[row.id] = told
    return found


def counted(session: Session, campaign_id: int) -> Mapping[Lean, int]:
    """Of how many items of a campaign the reviewer leans which way."""
    asked = (
        select(TaskRow.reviewer_id, ItemRow.subject_identity_id, ItemRow.system_id, func.count())
        .join(ItemRow, ItemRow.task_id == TaskRow.id)
        .where(TaskRow.campaign_id == campaign_id)
        .group_by(TaskRow.reviewer_id, ItemRow.subject_identity_id, ItemRow.system_id)
    )
    rows = session.execute(asked).all()
    pairs = {(reviewer, subject) for reviewer, subject, _, _ in rows}
    able = granters(session, {row[0] for row in rows}, {row[2] for row in rows})
    total: Counter[Lean] = Counter()
    for reviewer, subject, system, count in rows:
        for lean in independence.leans(each_other=(subject, reviewer) in pairs, grants=(system, reviewer) in able):
            total[lean] += count
    return {lean: total[lean] for lean in Lean}


def granters(session: Session, people: Iterable[int], systems: Iterable[int]) -> set[tuple[int, int]]:
    """Of these people, by system, who can give access there, by an account that is not closed."""
    session.flush()  # statements over tables do not see to that
    found: set[tuple[int, int]] = set()
    wanted, among = sorted(people), sorted(systems)
    for start in range(0, len(wanted), _CHUNK):
        asked = {"people": wanted[start : start + _CHUNK], "systems": among}
        found |= {(system, person) for system, person in session.execute(_ABLE, asked)}
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


# Put together once, over the tables themselves: they are asked with every decision, and putting them together cost more.
_ABLE = giving(
    _ACCOUNT.c.identity_id.in_(bindparam("people", expanding=True)),
    _ACCOUNT.c.system_id.in_(bindparam("systems", expanding=True)),
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


def bars(scope: Mapping[str, Any]) -> bool:
    """Whether a review bars those who can grant what they would decide on, by its scope as it is kept."""
    return scope.get("granters") == Granters.BAR


def barred(session: Session, item_ids: Sequence[int]) -> dict[int, frozenset[int]]:
    """Who is barred from each of these items by its review, since they can grant in its system; the rest are left out."""
    found: dict[int, frozenset[int]] = {}
    by_system: dict[int, frozenset[int]] = {}
    for start in range(0, len(item_ids), _CHUNK):
        asked = select(ItemRow.id, ItemRow.system_id, ItemRow.campaign_id).where(
            ItemRow.id.in_(item_ids[start : start + _CHUNK])
        )
        rows = session.execute(asked).all()
        of = select(CampaignRow.id, CampaignRow.scope).where(CampaignRow.id.in_({row.campaign_id for row in rows}))
        barring = {number for number, scope in session.execute(of) if bars(scope)}
        for row in rows:
            if row.campaign_id in barring:
                if row.system_id not in by_system:
                    able = session.execute(giving(AccountRow.system_id == row.system_id))
                    by_system[row.system_id] = frozenset(person for _, person in able)
                found[row.id] = by_system[row.system_id]
    return found


def _decided(session: Session, campaign: int, by: set[Any], of: set[int]) -> set[tuple[int, int]]:
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
            found |= {(reviewer, subject) for reviewer, subject in session.execute(_BACK, asked)}
    return found
