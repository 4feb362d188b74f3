"""The delegations from and to somebody, with names and whether they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from app.actors.actor import Actor
from app.inventory.tables import IdentityRow
from app.review.tables import DelegationRow, ItemRow, TaskRow

MOST = 50


@dataclass(frozen=True, slots=True)
class Told:
    """One delegation: who gave it to whom, whether it is over, has begun, and is `by`'s to end."""

    row: DelegationRow
    giver: str
    taker: str
    over: bool
    begun: bool
    own: bool


@dataclass(frozen=True, slots=True)
class Carried:
    """How many items of a review are reviewed by somebody for another: `own` are theirs who is asked about, given away."""

    row: DelegationRow
    giver: str
    taker: str
    items: int
    own: bool


def carried(session: Session, campaign_id: int, identity_id: int) -> Sequence[Carried]:
    """What of a review somebody reviews for others, and what others review for them, by delegations that have not ended."""
    giver, taker = aliased(IdentityRow), aliased(IdentityRow)
    rows = session.execute(
        select(DelegationRow, giver.name, taker.name, func.count(ItemRow.id))
        .join(giver, giver.id == DelegationRow.from_id)
        .join(taker, taker.id == DelegationRow.to_id)
        .join(TaskRow, TaskRow.reviewer_id == DelegationRow.to_id)
        .join(ItemRow, (ItemRow.task_id == TaskRow.id) & (ItemRow.delegation_id == DelegationRow.id))
        .where(TaskRow.campaign_id == campaign_id, DelegationRow.ended_at.is_(None))
        .where(or_(DelegationRow.from_id == identity_id, DelegationRow.to_id == identity_id))
        .group_by(DelegationRow.id, giver.name, taker.name)
        .order_by(DelegationRow.id)
    )
    return [Carried(row, gave, took, count, row.from_id == identity_id) for row, gave, took, count in rows]


def taken(session: Session, delegation_id: int) -> int:
    """How many items are with the delegate by one delegation now."""
    return session.scalar(select(func.count()).where(ItemRow.delegation_id == delegation_id)) or 0


def told(session: Session, *, by: Actor, at: datetime) -> Sequence[Told]:
    """The latest delegations from and to `by`, those that are not over first; nobody else's."""
    giver, taker = aliased(IdentityRow), aliased(IdentityRow)
    me = by.identity_id or 0
    rows = session.execute(
        select(DelegationRow, giver.name, taker.name)
        .join(giver, giver.id == DelegationRow.from_id)
        .join(taker, taker.id == DelegationRow.to_id)
        .where(or_(DelegationRow.from_id == me, DelegationRow.to_id == me))
        .order_by(DelegationRow.id.desc())
        .limit(MOST)
    )
    found = [
        Told(
            row,
            from_name,
            to_name,
            over=row.ended_at is not None or row.until <= at,
            begun=row.began <= at,
            own=row.from_id == me,
        )
        for row, from_name, to_name in rows
    ]
    return sorted(found, key=lambda each: each.over)
