"""The scope with its drift, and Statements of Applicability: said by one person, confirmed or approved by another."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.actors import policy
from app.actors.policy import May
from app.compliance import scope, statements
from app.compliance.policy import LONGEST_EXEMPTION
from app.console import forms, rendering
from app.console.doors.checklist import until
from app.console.entering import Entered, With
from app.console.forms import Sent
from app.means import Means
from app.stories import governing

router = APIRouter(include_in_schema=False)


@router.get("/scope")
def scope_page(request: Request, means: With, visit: Entered) -> Response:
    """What is in the audit's scope and what is not, kind by kind, and what readings show beside it."""
    with means.database.reading() as session:
        told = governing.scope(session, by=visit.actor)
    return rendering.page(
        request, "checklist/scope.html", visit, told=told, at=means.clock(), latest=_latest(means),
        saying=policy.why_not(visit.actor, May.ATTEST), confirming=policy.why_not(visit.actor, May.APPROVE_PAPERS),
    )  # fmt: skip


@router.post("/scope/{scope_kind}")
def declare(request: Request, scope_kind: str, means: With, visit: Entered, form: Sent) -> Response:
    """Say that one thing is in scope or is not; or take over all that readings show."""
    subject, reason = forms.text(form, "subject"), forms.text(form, "reason")
    with means.database.transaction() as session:
        if forms.text(form, "all"):
            taken = scope.adopt(session, scope_kind, reason, by=visit.actor, at=means.clock())
            said = f"{taken} taken over."
        else:
            inside = forms.text(form, "inside") != "no"
            scope.declare(
                session, scope_kind, subject, forms.text(form, "name"), inside=inside, reason=reason, by=visit.actor,
                at=means.clock(),
            )  # fmt: skip
            said = "It is written down."
    return rendering.go(request, f"/scope#{scope_kind}", said=said)


@router.post("/scope/{scope_kind}/confirmation")
def confirm(request: Request, scope_kind: str, means: With, visit: Entered, form: Sent) -> Response:
    """Confirm one kind as it stands. Refused while readings show something else."""
    good = until(form, means.settings.zone)
    with means.database.transaction() as session:
        scope.confirm(session, scope_kind, until=good, by=visit.actor, at=means.clock())
    return rendering.go(request, f"/scope#{scope_kind}", said="It is confirmed as it stands.")


@router.get("/statements")
def statements_page(request: Request, means: With, visit: Entered) -> Response:
    """Every Statement of Applicability, the latest first."""
    with means.database.reading() as session:
        told = governing.listed(session, by=visit.actor)
    making = policy.why_not(visit.actor, May.ATTEST)
    return rendering.page(request, "checklist/statements.html", visit, told=told, making=making, at=means.clock())


@router.post("/statements")
def generate(request: Request, means: With, visit: Entered, form: Sent) -> Response:
    """Generate the next one from the checklist as it stands."""
    with means.database.transaction() as session:
        number = statements.generate(session, by=visit.actor, at=means.clock()).number
    return rendering.go(request, f"/statements/{number}", said="It counts once somebody else approves it.")


@router.get("/statements/{number}")
def statement_page(request: Request, number: int, means: With, visit: Entered) -> Response:
    """One statement, control by control: to be read, approved and printed."""
    with means.database.reading() as session:
        told = governing.one(session, number, by=visit.actor)
    return rendering.page(
        request, "checklist/statement.html", visit, told=told, row=told.rows[0], at=means.clock(), latest=_latest(means),
        approving=policy.why_not(visit.actor, May.APPROVE_PAPERS),
    )  # fmt: skip


@router.post("/statements/{number}/approval")
def approve(request: Request, number: int, means: With, visit: Entered, form: Sent) -> Response:
    """Approve what somebody else had generated, for a year at most."""
    good = until(form, means.settings.zone)
    with means.database.transaction() as session:
        statements.approve(session, statements.found(session, number), until=good, by=visit.actor, at=means.clock())
    return rendering.go(request, f"/statements/{number}", said="It is approved.")


def _latest(means: Means) -> str:
    """The last day that may be given."""
    return (means.clock() + LONGEST_EXEMPTION - timedelta(days=1)).astimezone(means.settings.zone).date().isoformat()
