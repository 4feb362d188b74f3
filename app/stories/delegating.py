"""The delegations from and to somebody, with names and whether they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from app.actors.actor import Actor
from app.inventory.tables import IdentityRow
from app.review.tables import DelegationRow

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
