"""What people do about findings: taking note, handing on, saying something, and accepting one for a time by two people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.console import forms, rendering
from app.console.entering import Entered, With
from app.console.forms import Sent
from app.console.words import plural
from app.detection import acknowledgements, comments, lives, owners, ownership, waivers
from app.detection.policy import MOST_AT_ONCE
from app.detection.tables import FindingRow
from app.kit.refusal import Refusal, Refused
from app.means import finding_terms

router = APIRouter(include_in_schema=False)


@router.post("/findings/acknowledgement")
def acknowledge_some(request: Request, means: With, visit: Entered, form: Sent) -> Response:
    """Take note of every finding that was chosen."""
    with means.database.transaction() as session:
        fresh = acknowledgements.give(session, _chosen(session, form), by=visit.actor, at=means.clock())
    return rendering.go(request, "/findings", said=f"You have taken note of {plural(len(fresh), 'finding')}.")


@router.post("/findings/owner")
def assign_some(request: Request, means: With, visit: Entered, form: Sent) -> Response:
    """Hand every finding that was chosen to somebody."""
    with means.database.transaction() as session:
        rows = _chosen(session, form)
        owner = ownership.find(session, forms.text(form, "owner"), by=visit.actor)
        given = owners.assign(session, rows, owner, by=visit.actor, at=means.clock())
        name = ownership.names(session, [owner])[owner]
    return rendering.go(request, "/findings", said=f"{plural(len(given), 'finding')} handed to {name}.")


@router.post("/findings/{finding_id}/acknowledgement")
def acknowledge(request: Request, finding_id: int, means: With, visit: Entered) -> Response:
    """Take note of one finding."""
    with means.database.transaction() as session:
        acknowledgements.give(session, [lives.finding(session, finding_id)], by=visit.actor, at=means.clock())
    return _back(request, finding_id, "You have taken note; nobody is woken because of it any more.")


@router.post("/findings/{finding_id}/owner")
def assign(request: Request, finding_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Hand one finding to somebody."""
    with means.database.transaction() as session:
        owner = ownership.find(session, forms.text(form, "owner"), by=visit.actor)
        owners.assign(session, [lives.finding(session, finding_id)], owner, by=visit.actor, at=means.clock())
        name = ownership.names(session, [owner])[owner]
    return _back(request, finding_id, f"It is {name}'s now.")


@router.post("/findings/{finding_id}/comments")
def comment(request: Request, finding_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Say something about one finding."""
    with means.database.transaction() as session:
        row = lives.finding(session, finding_id)
        comments.add(session, row, forms.text(form, "comment"), by=visit.actor, at=means.clock())
    return _back(request, finding_id, "Said.")


@router.post("/findings/{finding_id}/waiver")
def ask(request: Request, finding_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Ask that it be accepted for a time; somebody else has to approve."""
    at, days = means.clock(), forms.number(forms.text(form, "days")) or 0
    with means.database.transaction() as session:
        waivers.ask(
            session, lives.finding(session, finding_id), forms.text(form, "reason"),
            until=at + timedelta(days=min(days, 3_660)), most_days=means.settings.waiver_most_days, by=visit.actor,
            at=at,
        )  # fmt: skip
    return _back(request, finding_id, "Asked for. It stays open until somebody else approves.")


@router.post("/findings/{finding_id}/waiver/approval")
def decide(request: Request, finding_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Say yes or no to a waiver that somebody else asked for."""
    yes = forms.text(form, "answer") == "approve"
    with means.database.transaction() as session:
        row = lives.finding(session, finding_id)
        if yes:
            made = waivers.approve(session, row, by=visit.actor, at=means.clock())
        else:
            made = waivers.refuse(session, row, forms.text(form, "reason"), by=visit.actor, at=means.clock())
    until = made.until.astimezone(means.settings.zone).date().isoformat()
    return _back(request, finding_id, f"Waived until {until}." if yes else "Refused; it stays open.")


@router.post("/findings/{finding_id}/waiver/end")
def end(request: Request, finding_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Take a waiver back, before or after it was approved."""
    with means.database.transaction() as session:
        row = lives.finding(session, finding_id)
        waivers.end(
            session, row, forms.text(form, "reason"), terms=finding_terms(means.settings), by=visit.actor,
            at=means.clock(),
        )  # fmt: skip
    return _back(request, finding_id, "The waiver has ended; the finding is open.")


def _chosen(session: Session, form: Sent) -> Sequence[FindingRow]:
    """The findings that were ticked. Refuses none at all, and more than anybody has looked at."""
    numbers = dict.fromkeys(forms.number(str(value)) for value in form.getlist("finding"))
    some = [number for number in numbers if number is not None]
    if not some:
        raise Refused(Refusal("nothing_chosen", "No finding was chosen.", "Choose some in the queue.", status=422))
    if len(some) > MOST_AT_ONCE:
        told = f"{len(some)} findings are too many for one act."
        raise Refused(Refusal("too_many", told, f"Choose {MOST_AT_ONCE} at most.", status=422))
    return [lives.finding(session, number) for number in some]


def _back(request: Request, finding_id: int, said: str) -> Response:
    return rendering.go(request, f"/findings/{finding_id}", said=said)
