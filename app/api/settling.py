"""What is done about findings: taking note, handing on, saying something, and waivers by two people."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api import answering, findings, paging
from app.api.answering import IfMatch, Key
from app.api.entering import Entered, With
from app.api.findings import Finding, Waiver
from app.api.paging import Order
from app.api.shapes import Asked, Nothing, Number, Page, Told
from app.api.words import ApproveOrRefuse
from app.detection import acknowledgements, comments, lives, owners, ownership, waivers
from app.detection.policy import MOST_AT_ONCE
from app.detection.tables import FindingEventRow, FindingRow
from app.ledger.kinds import Kind
from app.means import finding_terms

router = APIRouter(prefix="/api/v1/findings", tags=["findings"])
_TURNS = (
    Kind.FINDING_ACKNOWLEDGED, Kind.FINDING_ASSIGNED, Kind.FINDING_COMMENTED, Kind.WAIVER_ASKED, Kind.WAIVER_APPROVED,
    Kind.WAIVER_REFUSED, Kind.WAIVER_ENDED,
)  # fmt: skip
_NEWEST = Order((FindingEventRow.id,), falling=True)
Reason = Annotated[str, Field(max_length=2000)]
Some = Annotated[list[Number], Field(min_length=1, max_length=MOST_AT_ONCE)]


class Several(Told):
    """Those that were not so already."""

    findings: list[Finding]


class Comment(Told):
    """What somebody said about a finding."""

    id: int
    at: datetime
    by: str
    text: str


class CommentPage(Page):
    """A page of comments, the latest first."""

    comments: list[Comment]


class Noticing(Asked):
    """Which findings somebody has seen."""

    findings: Some


class Owning(Asked):
    """To whom: "me", `role:it_security`, `role:admin`, a roster id or address, an actor."""

    owner: str = Field(min_length=1, max_length=320)


class Handing(Owning):
    """Which findings, and to whom."""

    findings: Some


class Saying(Asked):
    """What there is to say, as a sentence."""

    text: Reason


class Waiving(Asked):
    """Why it can stay as it is for a time, and until when."""

    reason: Reason
    until: AwareDatetime


class AnsweringWaiver(Asked):
    """Yes, or no and why."""

    answer: ApproveOrRefuse
    reason: Reason = ""


class Ending(Asked):
    """Why the waiver ends."""

    reason: Reason


@router.post("/acknowledgements", response_model=Several)
def acknowledge_findings(asked: Noticing, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Take note of several findings. Closed ones are refused, and then none is changed."""

    def verb(session: Session, at: datetime) -> Several:
        rows = [lives.finding(session, number) for number in dict.fromkeys(asked.findings)]
        return Several(findings=findings.told(session, acknowledgements.give(session, rows, by=actor, at=at)))

    return answering.once(means, actor, key, asked, request, verb)


@router.post("/assignments", response_model=Several)
def assign_findings(asked: Handing, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Hand several findings to somebody. Closed ones are refused, and then none is changed."""

    def verb(session: Session, at: datetime) -> Several:
        rows = [lives.finding(session, number) for number in dict.fromkeys(asked.findings)]
        owner = ownership.find(session, asked.owner, by=actor)
        return Several(findings=findings.told(session, owners.assign(session, rows, owner, by=actor, at=at)))

    return answering.once(means, actor, key, asked, request, verb)


@router.put("/{finding_id}/acknowledgement", response_model=Finding)
def acknowledge_finding(
    finding_id: paging.Number, asked: Nothing, request: Request, means: With, actor: Entered, key: Key = None,
    if_match: IfMatch = None,
) -> Response:  # fmt: skip
    """Take note of a finding, so that nobody else is woken because of it. Again changes nothing."""

    def verb(session: Session, at: datetime) -> Finding:
        row = _unchanged(session, finding_id, if_match)
        acknowledgements.give(session, [row], by=actor, at=at)
        return findings.told(session, [row])[0]

    return answering.once(means, actor, key, asked, request, verb)


@router.put("/{finding_id}/owner", response_model=Finding)
def assign_finding(
    finding_id: paging.Number, asked: Owning, request: Request, means: With, actor: Entered, key: Key = None,
    if_match: IfMatch = None,
) -> Response:  # fmt: skip
    """Hand a finding to somebody. It stays theirs until they leave, or it is handed on."""

    def verb(session: Session, at: datetime) -> Finding:
        row = _unchanged(session, finding_id, if_match)
        owners.assign(session, [row], ownership.find(session, asked.owner, by=actor), by=actor, at=at)
        return findings.told(session, [row])[0]

    return answering.once(means, actor, key, asked, request, verb)


@router.get("/{finding_id}/comments")
def list_comments(finding_id: paging.Number, means: With, actor: Entered, page: paging.Asked) -> CommentPage:
    """What was said about a finding, the latest first."""
    with means.database.reading() as session:
        lives.finding(session, finding_id)
        said = select(FindingEventRow).where(
            FindingEventRow.finding_id == finding_id, FindingEventRow.kind == "commented"
        )
        rows, after = page.page(session, said, _NEWEST)
        return CommentPage(comments=[_comment(row[0]) for row in rows], next=after)


@router.post("/{finding_id}/comments", status_code=201, response_model=Comment)
def comment_finding(
    finding_id: paging.Number, asked: Saying, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Say something about a finding. It stays in its history for good."""

    def verb(session: Session, at: datetime) -> Comment:
        return _comment(comments.add(session, lives.finding(session, finding_id), asked.text, by=actor, at=at))

    return answering.once(means, actor, key, asked, request, verb, status=201)


@router.put("/{finding_id}/waiver", response_model=Waiver)
def ask_waiver(
    finding_id: paging.Number, asked: Waiving, request: Request, means: With, actor: Entered, key: Key = None,
    if_match: IfMatch = None,
) -> Response:  # fmt: skip
    """Ask that a finding be accepted until a moment. It stays open until somebody else approves."""

    def verb(session: Session, at: datetime) -> Waiver:
        row, most = _unchanged(session, finding_id, if_match), means.settings.waiver_most_days
        made = waivers.ask(session, row, asked.reason, until=asked.until, most_days=most, by=actor, at=at)
        return Waiver.model_validate(made)

    return answering.once(means, actor, key, asked, request, verb)


@router.put("/{finding_id}/waiver/approval", response_model=Waiver)
def decide_waiver(
    finding_id: paging.Number, asked: AnsweringWaiver, request: Request, means: With, actor: Entered, key: Key = None,
    if_match: IfMatch = None,
) -> Response:  # fmt: skip
    """Say yes or no to a waiver that somebody else asked for."""

    def verb(session: Session, at: datetime) -> Waiver:
        row = _unchanged(session, finding_id, if_match)
        if asked.answer is ApproveOrRefuse.APPROVE:
            return Waiver.model_validate(waivers.approve(session, row, by=actor, at=at))
        return Waiver.model_validate(waivers.refuse(session, row, asked.reason, by=actor, at=at))

    return answering.once(means, actor, key, asked, request, verb)


@router.put("/{finding_id}/waiver/ending", response_model=Waiver)
def end_waiver(
    finding_id: paging.Number, asked: Ending, request: Request, means: With, actor: Entered, key: Key = None,
    if_match: IfMatch = None,
) -> Response:  # fmt: skip
    """Withdraw a waiver that was asked for, or end one that was approved: the finding is open again."""

    def verb(session: Session, at: datetime) -> Waiver:
        row, terms = _unchanged(session, finding_id, if_match), finding_terms(means.settings)
        return Waiver.model_validate(waivers.end(session, row, asked.reason, terms=terms, by=actor, at=at))

    return answering.once(means, actor, key, asked, request, verb)


def _unchanged(session: Session, finding_id: int, if_match: str | None) -> FindingRow:
    row = lives.finding(session, finding_id)
    answering.insist_unchanged(session, if_match, row.version, f"finding:{row.id}", _TURNS, what="finding")
    return row


def _comment(event: FindingEventRow) -> Comment:
    return Comment(id=event.id, at=event.at, by=event.by, text=event.because)
