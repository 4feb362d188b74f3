"""Whose word a review opens by, kept with it and in the log as theirs: for its readings, for what it leaves out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.review.exclusions import Approval
from app.review.policy import Override
from app.review.tables import CampaignRow


def overridden(
    session: Session,
    campaign_id: int,
    lacks: list[dict[str, str]],
    override: Override,
    by: Actor,
    at: datetime,
) -> None:
    """Keep who answers for readings that fall short, and what they lack."""
    told = {
        "asked_by": by.id,
        "granted_by": override.by.id,
        "reason": override.reason.strip(),
        "at": at.isoformat(),
        "lacks": lacks,
    }
    session.execute(update(CampaignRow).where(CampaignRow.id == campaign_id).values(override=told))
    body = {"asked_by": by.id, "granted_by": override.by.id, "lacks": lacks}
    entry = Entry(Kind.CAMPAIGN_OVERRIDDEN, f"campaign:{campaign_id}", body, {"reason": override.reason.strip()})
    entries.record(session, entry, by=override.by.id, at=at)


def approved(session: Session, campaign_id: int, approval: Approval, by: Actor, at: datetime) -> None:
    """Keep whose word it is that something is left out; in the log it is theirs."""
    told = {"granted_by": approval.by, "asked_by": by.id, "given_at": approval.at.isoformat()}
    kept = {**told, "reason": approval.reason}
    session.execute(update(CampaignRow).where(CampaignRow.id == campaign_id).values(approval=kept))
    entry = Entry(Kind.EXCLUSIONS_APPROVED, f"campaign:{campaign_id}", told, {"reason": approval.reason})
    entries.record(session, entry, by=approval.by, at=at)
