"""What is being taken away already when a review asks about it: another review, or a finding, decided so, and no reading
has shown it gone. The answer is asked for all the same, since that removal may yet be undone or come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.remediation.policy import Status
from app.remediation.tables import RemediationRow
from app.review.tables import CampaignRow, ItemRow

_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Going:
    """A removal under way: where it stands, and the review that decided it; None: somebody did for a finding."""

    status: str
    review: str | None


def of(session: Session, items: Sequence[ItemRow]) -> dict[int, Going]:
    """The removals under way of these items that are not their own review's, the latest of each."""
    if not items:
        return {}
    mine = {item.campaign_id for item in items}
    rows: list[Any] = []
    for start in range(0, len(items), _CHUNK):
        subjects = [item.subject for item in items[start : start + _CHUNK]]
        rows += session.execute(
            select(RemediationRow.subject, RemediationRow.campaign_id, RemediationRow.status, CampaignRow.name)
            .outerjoin(CampaignRow, CampaignRow.id == RemediationRow.campaign_id)
            .where(
                RemediationRow.subject.in_(subjects),
                RemediationRow.wish == "remove",
                RemediationRow.status.not_in((Status.VERIFIED, Status.UNDONE)),
                or_(RemediationRow.campaign_id.is_(None), RemediationRow.campaign_id.not_in(mine)),
            )
            .order_by(RemediationRow.opened_at)
        ).all()
    found = {row.subject: Going(row.status, row.name) for row in rows}
    return {item.id: found[item.subject] for item in items if item.subject in found}
