"""Removals and what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from app.api import problems
from app.api.entering import Entered, With
from app.remediation.tables import ActRow, RemediationRow

router = APIRouter(prefix="/api/v1/remediations", tags=["remediations"], responses=problems.RESPONSES)


class Remediation(BaseModel):
    """A promise to make one removal true. Only `verified` means that the CRM has said so since."""

    model_config = ConfigDict(from_attributes=True)
    id: UUID
    campaign_id: int | None
    item_id: int | None
    system_id: int
    subject: str
    status: str
    because: str | None
    steps: list[str]
    opened_at: datetime
    due_at: datetime
    acted_at: datetime | None
    verified_at: datetime | None
    verified_snapshot_id: int | None


class Act(BaseModel):
    """One call that changed something, or tried to."""

    model_config = ConfigDict(from_attributes=True)
    number: int
    kind: str
    says: str
    request: str
    status: str
    begun_at: datetime | None
    ended_at: datetime | None
    receipt: dict[str, Any] | None
    because: str | None


class RemediationStory(Remediation):
    """A removal with what was there before, each act, and the look after."""

    before: dict[str, Any] | None
    after: dict[str, Any] | None
    acts: list[Act]


@router.get("")
def list_remediations(
    means: With, actor: Entered, campaign: int | None = None, status: str | None = None
) -> list[Remediation]:
    """Removals, oldest first; at most 1,000."""
    statement = select(RemediationRow).order_by(RemediationRow.id).limit(1000)
    if campaign is not None:
        statement = statement.where(RemediationRow.campaign_id == campaign)
    if status is not None:
        statement = statement.where(RemediationRow.status == status)
    with means.database.reading() as session:
        return [Remediation.model_validate(row) for row in session.scalars(statement)]


@router.get("/{remediation_id}")
def get_remediation(remediation_id: UUID, means: With, actor: Entered) -> RemediationStory:
    """One removal's story."""
    with means.database.reading() as session:
        row = session.get(RemediationRow, remediation_id)
        if row is None:
            raise problems.not_found("remediation", remediation_id)
        acts = session.scalars(
            select(ActRow).where(ActRow.remediation_id == remediation_id).order_by(ActRow.number)
        ).all()
        return RemediationStory(
            **Remediation.model_validate(row).model_dump(),
            before=row.before,
            after=row.after,
            acts=[Act.model_validate(act) for act in acts],
        )
