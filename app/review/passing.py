"""Where what somebody did not answer goes next: to their manager, or to the system's owner, as independent as the first.

Read-only, so that a preview says the same as what is then done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from app.inventory.tables import IdentityRow, SystemRow
from app.review import apart, former, grounds, leanings, ties
from app.review.choice import fit
from app.review.silence import To
from app.review.tables import CampaignRow, DelegationRow, ItemRow, TaskRow

_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Passed:
    """One silent item as it was seen, and whom it goes to; None: nobody else may, so it stays. `theirs`: it is with one of
    those already who would be asked. `for_id`: whose it is that the reviewer has by delegation."""

    item_id: int
    version: int
    reviewer_id: int
    to_id: int | None
    theirs: bool = False
    for_id: int | None = None


def plan(session: Session, campaign: CampaignRow, to: To, at: datetime) -> list[Passed]:
    """Whom each item without an answer goes to, in order of item."""
    rows = _silent(session, campaign.id)
    concerned, granters = (of(session, [row.id for row in rows]) for of in (ties.concerned, leanings.barred))
    earlier = former.people(session, [row.id for row in rows]) if campaign.round > 1 else {}
    owners = _owners(session, sorted({row.system_id for row in rows}))
    able = _able(session, {*owners.values(), *(row.manager_id for row in rows)} - {None}, campaign.due_at, at)
    able -= apart.of(campaign.configurer_id, campaign.owner_id)

    def passed(row: Row[Any]) -> Passed:
        chain = (row.manager_id, owners.get(row.system_id)) if to is To.MANAGER else (owners.get(row.system_id),)
        barred = concerned.get(row.id, frozenset()) | granters.get(row.id, frozenset())
        barred |= earlier.get(row.id, frozenset()) | {row.reviewer_id}
        whom = next((who for who in chain if who in able and who not in barred), None)
        return Passed(row.id, row.version, row.reviewer_id, whom, whom is None and row.reviewer_id in chain, row.for_id)

    return [passed(row) for row in rows]


def to_owners(session: Session, campaign: CampaignRow, at: datetime) -> dict[int, int]:
    """At most how many items without an answer each system's owner would get; what is about themselves is not yet left
    out, which takes a look at each item (`plan`)."""
    counted = (
        select(ItemRow.system_id, TaskRow.reviewer_id, func.count())
        .join(TaskRow, TaskRow.id == ItemRow.task_id)
        .where(ItemRow.campaign_id == campaign.id, ItemRow.outcome.is_(None))
        .group_by(ItemRow.system_id, TaskRow.reviewer_id)
    )
    rows = session.execute(counted).all()
    owners = _owners(session, sorted({system for system, _, _ in rows}))
    able = _able(session, set(owners.values()), campaign.due_at, at)
    able -= apart.of(campaign.configurer_id, campaign.owner_id)
    told: dict[int, int] = {}
    for system, reviewer, count in rows:
        who = owners.get(system)
        if who in able and who != reviewer:
            told[who] = told.get(who, 0) + count
    return told


def digest(item_ids: Sequence[int]) -> str:
    """Of which items: SHA-256 over their ids, one a line, in order."""
    return hashlib.sha256("".join(f"{number}\n" for number in item_ids).encode()).hexdigest()


def _silent(session: Session, campaign_id: int) -> Sequence[Any]:
    asked = (
        select(
            ItemRow.id, ItemRow.version, ItemRow.system_id, TaskRow.reviewer_id, IdentityRow.manager_id,
            DelegationRow.from_id.label("for_id"),
        )
        .join(TaskRow, TaskRow.id == ItemRow.task_id)
        .outerjoin(DelegationRow, DelegationRow.id == ItemRow.delegation_id)
        .join(IdentityRow, IdentityRow.id == TaskRow.reviewer_id)
        .where(ItemRow.campaign_id == campaign_id, ItemRow.outcome.is_(None))
        .order_by(ItemRow.id)
    )  # fmt: skip
    return session.execute(asked).all()


def _owners(session: Session, system_ids: list[int]) -> dict[int, int]:
    owned = (
        select(SystemRow.id, IdentityRow.id)
        .join(IdentityRow, IdentityRow.key == SystemRow.owner_key)
        .where(SystemRow.id.in_(system_ids))
    )
    return dict(session.execute(owned).all())


def _able(session: Session, people: set[Any], due_at: datetime, at: datetime) -> set[int]:
    """Of these, who is here and able to review for the rest of it."""
    wanted, found = sorted(people), set()
    for start in range(0, len(wanted), _CHUNK):
        rows = session.scalars(select(IdentityRow).where(IdentityRow.id.in_(wanted[start : start + _CHUNK])))
        found |= {row.id for row in rows if fit(grounds.person(row), at.date(), max(at, due_at).date())}
    return found
