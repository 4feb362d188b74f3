"""Rosters: the file that was handed in last, and a second person's word for it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.api import answering, paging, problems, systems
from app.api.answering import Key
from app.api.entering import Entered, With
from app.api.shapes import Asked, Told
from app.inventory import queries, rosters
from app.inventory.tables import RosterUploadRow
from app.kit.refusal import Refusal, Refused

router = APIRouter(prefix="/api/v1/systems", tags=["systems"])


class Roster(Told):
    """A roster file that was handed in, without what is in it."""

    id: UUID
    digest: str
    rows: int
    source: str
    extracted_at: datetime
    uploaded_by: str
    uploaded_at: datetime
    approved_by: str | None
    approved_at: datetime | None


class VouchingForRoster(Asked):
    """Which file you vouch for: nobody vouches for one that was handed in after they looked."""

    roster: UUID = Field(description="The `id` of the roster that you looked at.")


@router.get("/{system_id}/roster")
def get_roster(system_id: paging.Number, means: With, actor: Entered) -> Roster:
    """The roster file that was handed in last."""
    with means.database.reading() as session:
        return Roster.model_validate(_latest(session, system_id))


@router.put("/{system_id}/roster/approval", response_model=Roster)
def approve_roster(
    system_id: paging.Number, asked: VouchingForRoster, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Vouch for a roster that somebody else handed in. 412 if another file was handed in since you looked."""

    def verb(session: Session, at: datetime) -> Roster:
        upload = _latest(session, system_id)
        if upload.id != asked.roster:
            raise Refused(
                Refusal("other_roster", "This is not the roster that was handed in last.", "Look again.", status=412)
            )
        return Roster.model_validate(rosters.approve(session, upload, by=actor, at=at))

    return answering.once(means, actor, key, asked, request, verb)


def _latest(session: Session, system_id: int) -> RosterUploadRow:
    systems.found(session, system_id)
    upload = queries.latest_upload(session, system_id)
    if upload is None:
        raise problems.not_found("roster in system", system_id)
    return upload
