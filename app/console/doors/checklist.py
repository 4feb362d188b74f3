"""The checklist: the posture that is printed, the lines that an auditor walks along, and what is put on file for one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from app.actors import policy
from app.actors.policy import May
from app.compliance import attestations, exemptions
from app.compliance.controls.line import Outcome
from app.compliance.policy import Status
from app.console import forms, rendering
from app.console.entering import Entered, With
from app.console.forms import Sent
from app.inventory import queries as inventory
from app.kit.refusal import Refusal, Refused
from app.ledger import documents
from app.stories import checklist

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Query(max_length=40)]
OUTCOMES = tuple(str(outcome) for outcome in Outcome)


@router.get("/posture")
def posture(request: Request, means: With, visit: Entered, on: Text = "") -> Response:
    """Outcomes per section with their trend, and what cannot be known and why: to be printed."""
    zone, at = means.settings.zone, means.clock()
    with means.database.reading() as session:
        told = checklist.posture(session, by=visit.actor, at=at, on=_end_of(on, zone))
    return rendering.page(request, "checklist/posture.html", visit, told=told, outcomes=OUTCOMES, on=on, at=at)


@router.get("/checklist")
def listed(
    request: Request, means: With, visit: Entered, section: Text = "", outcome: Text = "", on: Text = ""
) -> Response:
    """Every line, section by section."""
    with means.database.reading() as session:
        told = checklist.posture(session, by=visit.actor, at=means.clock(), on=_end_of(on, means.settings.zone))
    chosen = [
        (chapter, [each for each in chapter.lines if outcome in ("", each.outcome)])
        for chapter in told.chapters
        if section in ("", chapter.section.key)
    ]
    shown = [(chapter, lines) for chapter, lines in chosen if lines]
    filters = {"section": section, "outcome": outcome, "on": on}
    return rendering.page(
        request, "checklist/list.html", visit, shown=shown, told=told, filters=filters, outcomes=OUTCOMES
    )


@router.get("/checklist/{line}")
def one(request: Request, line: str, means: With, visit: Entered) -> Response:
    """One line: what it rests on, in each system, what it was, and what is on file."""
    with means.database.reading() as session:
        story = checklist.story(session, line, by=visit.actor)
    if story is None:
        raise Refused(_no_line())
    days = story.told.line.paper.days if story.told.line.paper else 365
    latest = (means.clock() + timedelta(days=days - 1)).astimezone(means.settings.zone).date()
    return rendering.page(
        request, "checklist/line.html", visit, story=story, told=story.told, line=story.told.line, latest=latest,
        attesting=policy.why_not(visit.actor, May.ATTEST), approving=policy.why_not(visit.actor, May.APPROVE_PAPERS),
    )  # fmt: skip


@router.post("/checklist/{line}/attestations")
def attest(request: Request, line: str, means: With, visit: Entered, form: Sent) -> Response:
    """Put somebody's word on file, with a link or a file or neither."""
    file = forms.file(form)
    with means.database.transaction() as session:
        attestations.propose(
            session, line, forms.text(form, "statement"), owner=inventory.whom(session, forms.text(form, "owner")),
            until=until(form, means.settings.zone), system_id=forms.number(forms.text(form, "system")),
            link=forms.text(form, "link") or None, file=file, by=visit.actor, at=means.clock(),
        )  # fmt: skip
    return rendering.go(request, f"/checklist/{line}", said="It is on file, and counts once somebody else approves it.")


@router.post("/checklist/{line}/attestations/{attestation_id}/answer")
def answer_word(request: Request, line: str, attestation_id: UUID, means: With, visit: Entered, form: Sent) -> Response:
    """Approve, decline or withdraw a word."""
    answer, because = forms.text(form, "answer"), forms.text(form, "because")
    with means.database.transaction() as session:
        row, at = attestations.found(session, attestation_id), means.clock()
        if answer == Status.APPROVED:
            attestations.approve(session, row, by=visit.actor, at=at)
        elif answer == Status.DECLINED:
            attestations.decline(session, row, because, by=visit.actor, at=at)
        else:
            attestations.withdraw(session, row, because, by=visit.actor, at=at)
    return rendering.go(
        request, f"/checklist/{line}", said=f"It is {row.status}. The line is looked at anew within a minute."
    )


@router.post("/checklist/{line}/exemptions")
def exempt(request: Request, line: str, means: With, visit: Entered, form: Sent) -> Response:
    """Say why the line does not apply."""
    with means.database.transaction() as session:
        exemptions.propose(
            session, line, forms.text(form, "justification"), until=until(form, means.settings.zone),
            system_id=forms.number(forms.text(form, "system")), by=visit.actor, at=means.clock(),
        )  # fmt: skip
    return rendering.go(request, f"/checklist/{line}", said="It counts once somebody else approves it.")


@router.post("/checklist/{line}/exemptions/{exemption_id}/answer")
def answer_exemption(
    request: Request, line: str, exemption_id: UUID, means: With, visit: Entered, form: Sent
) -> Response:
    """Approve, decline or end an exemption."""
    answer = forms.text(form, "answer")
    to = Status(answer) if answer in (Status.APPROVED, Status.DECLINED) else Status.WITHDRAWN
    with means.database.transaction() as session:
        exemptions.answer(session, exemptions.found(session, exemption_id), to, by=visit.actor, at=means.clock())
    return rendering.go(request, f"/checklist/{line}", said="It is written down. The line is looked at anew.")


@router.get("/checklist/{line}/documents/{digest}")
def document(line: str, digest: str, means: With, visit: Entered) -> Response:
    """A file that was handed in, to be saved: it is never shown in place."""
    with means.database.reading() as session:
        content = documents.content(session, digest)
        headers = {"Content-Disposition": f'attachment; filename="{digest[:12]}"'}
        return Response(content, media_type="application/octet-stream", headers=headers)


def until(form: FormData, zone: ZoneInfo) -> datetime:
    """The end of the day that was chosen."""
    try:
        day = date.fromisoformat(forms.text(form, "until"))
    except ValueError:
        raise Refused(Refusal("no_day", "The end is not a day.", "Choose one.", status=422)) from None
    return datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)


def _end_of(day: str, zone: ZoneInfo) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(day), time(23, 59, 59), zone).astimezone(UTC)
    except ValueError:
        return None


def _no_line() -> Refusal:
    return Refusal("not_found", "There is no such line.", "Look at the checklist.", status=404)
