"""What people hand in about removals that they did by hand. None of it is proof; the next complete reading is."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.api import answering, papers
from app.api.answering import Key
from app.api.entering import Entered, With
from app.api.papers import BYTES, Digest, Paper
from app.api.shapes import Asked, Told
from app.ledger import documents
from app.remediation import handovers, queries

router = APIRouter(prefix="/api/v1/remediations", tags=["remediations"])


class HandingIn(Asked):
    """A file, and what it shows."""

    file: Paper
    note: str = Field(max_length=2000)


class HandedIn(Told):
    """What somebody handed in about a removal."""

    digest: str = Field(description="SHA-256 of the file, by which it is fetched.")
    name: str
    note: str
    by: str
    at: datetime


class HandedInList(Told):
    """What was handed in about a removal, in order."""

    evidence: list[HandedIn]


@router.get("/{remediation_id}/evidence")
def get_all_evidence(remediation_id: UUID, means: With, actor: Entered) -> HandedInList:
    """All files about a removal, twenty at most."""
    with means.database.reading() as session:
        row = queries.find(session, remediation_id)
        rows = queries.papers(session, [row.id])[row.id]
        return HandedInList(evidence=[HandedIn.model_validate(each) for each in rows])


@router.post("/{remediation_id}/evidence", status_code=201, response_model=HandedIn)
def hand_in_evidence(
    remediation_id: UUID, asked: HandingIn, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Hand in a file about a removal that was done by hand. The removal stays where it is: a closed ticket is no proof."""
    file = papers.file(asked.file)

    def verb(session: Session, at: datetime) -> HandedIn:
        row = queries.find(session, remediation_id)
        return HandedIn.model_validate(handovers.hand_in(session, row, file, asked.note, by=actor, at=at))

    return answering.once(means, actor, key, asked, request, verb, status=201)


@router.get(
    "/{remediation_id}/evidence/{digest}",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {"schema": BYTES}}}},
)
def get_evidence(remediation_id: UUID, digest: Digest, means: With, actor: Entered) -> Response:
    """One of them, byte for byte."""
    with means.database.reading() as session:
        queries.paper(session, remediation_id, digest)
        return papers.saved(documents.content(session, digest), digest)
