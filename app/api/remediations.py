"""Removals and what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api import answering, problems
from app.api.answering import Key
from app.api.entering import Entered, With
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.remediation import remediations
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


class Reporting(BaseModel):
    """What was done by hand, and where."""

    note: str = Field(max_length=2000)


class Retrying(BaseModel):
    """What has changed, so that it may go better now."""

    reason: str = Field(max_length=2000)


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
        row = _found(session, remediation_id)
        acts = session.scalars(
            select(ActRow).where(ActRow.remediation_id == remediation_id).order_by(ActRow.number)
        ).all()
        return RemediationStory(
            **Remediation.model_validate(row).model_dump(),
            before=row.before,
            after=row.after,
            acts=[Act.model_validate(act) for act in acts],
        )


@router.put("/{remediation_id}/report", response_model=Remediation)
def report(
    remediation_id: UUID, asked: Reporting, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Say that a removal was done by hand. That is no proof: the next complete reading is."""

    def verb(session: Session, at: datetime) -> Remediation:
        row = _found(session, remediation_id)
        return Remediation.model_validate(remediations.say_done(session, row, asked.note, by=actor, at=at))

    return answering.once(means, actor, key, asked, request, verb)


@router.put("/{remediation_id}/retry", response_model=Remediation)
def retry(
    remediation_id: UUID, asked: Retrying, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Try a removal again. A worker carries it out, with whatever else is open in the system."""

    def verb(session: Session, at: datetime) -> Remediation:
        row = remediations.try_again(session, _found(session, remediation_id), asked.reason, by=actor, at=at)
        body = {"system": row.system_id, "because": "a removal is tried again"}
        entries.record(session, Entry(Kind.REMOVAL_REQUESTED, f"system:{row.system_id}", body), by=actor.id, at=at)
        return Remediation.model_validate(row)

    return answering.once(means, actor, key, asked, request, verb)


def _found(session: Session, remediation_id: UUID) -> RemediationRow:
    row = session.get(RemediationRow, remediation_id)
    if row is None:
        raise problems.not_found("remediation", remediation_id)
    return row
