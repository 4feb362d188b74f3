"""What a control owner signs beside the answers: what became of the removals by then. And what waits for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.remediation.tables import RemediationRow
from app.review.policy import Status
from app.review.tables import CampaignRow

_SETTLED = ("verified", "undone")


def removals(session: Session, campaign_id: int) -> dict[str, int]:
    """How many of a review's removals stand where."""
    counted = (
        select(RemediationRow.status, func.count())
        .where(RemediationRow.campaign_id == campaign_id)
        .group_by(RemediationRow.status)
        .order_by(RemediationRow.status)
    )
    return dict(session.execute(counted).all())


def unproved(counts: Mapping[str, int]) -> int:
    """How many of them no reading has proved."""
    return sum(count for status, count in counts.items() if status not in _SETTLED)


def waiting(session: Session, *, by: Actor) -> Sequence[CampaignRow]:
    """The closed reviews that wait for somebody's signature, the oldest first."""
    if by.identity_id is None or by.way == "link":
        return ()
    mine = (CampaignRow.owner_id == by.identity_id, CampaignRow.status == Status.CLOSED)
    asked = select(CampaignRow).where(*mine, CampaignRow.signature.is_(None)).order_by(CampaignRow.closed_at).limit(50)
    return session.scalars(asked).all()
