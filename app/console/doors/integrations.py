"""Integrations: programs with a way in of their own, and a card for each."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.actors import policy
from app.actors.policy import May
from app.compliance import assessing, assessments, seeing
from app.compliance import queries as promises
from app.compliance.tables import AssessmentRow
from app.console import forms, rendering
from app.console.entering import Entered, With
from app.console.forms import Sent
from app.inventory import queries as inventory
from app.inventory.tables import IdentityRow
from app.kit.refusal import Refusal, Refused
from app.stories import integrations

router = APIRouter()
MOST_NUMBER = 2**63 - 1
Number = Annotated[int | None, Query(ge=1, le=MOST_NUMBER)]


@router.get("/integrations")
def listed(
    request: Request,
    means: With,
    visit: Entered,
    text: Annotated[str, Query(max_length=200)] = "",
    system: Annotated[str, Query(max_length=20)] = "",
    gone: bool = False,
    after: Number = None,
) -> Response:
    """Those that are there, or with `gone` those that were, by what their name, key or publisher contains."""
    number = int(system) if system.isascii() and system.isdigit() else None
    with means.database.reading() as session:
        page = integrations.listed(session, text, system_id=number, gone=gone, by=visit.actor, after=after)
        systems = [row for row in inventory.systems(session) if row.kind != "roster"]
    choices = [("", "every system"), *((str(row.id), row.name) for row in systems)]
    filters = {"text": text, "system": system, "gone": "true" if gone else ""}
    return rendering.page(
        request, "integrations/list.html", visit, page=page, filters=filters, gone=gone, choices=choices,
        filtered=bool(text or system or gone),
        onward=rendering.link("/integrations", **filters, after=page.after) if page.after else None,
        first=rendering.link("/integrations", **filters) if after else None,
    )  # fmt: skip


@router.get("/integrations/{integration_id}")
def one(request: Request, integration_id: int, means: With, visit: Entered) -> Response:
    """One card."""
    with means.database.reading() as session:
        card = integrations.card(session, integration_id, by=visit.actor) if integration_id <= MOST_NUMBER else None
        turn = promises.latest_assessment(session, integration_id) if card is not None else None
        approved = promises.approved_assessment(session, integration_id) if card is not None else None
        names = _owners(session, turn, approved)
        classes = sorted(seeing.seen(session, "classes"))
    if card is None:
        raise Refused(
            Refusal("not_found", "There is no such integration.", "Look at the list of integrations.", status=404)
        )
    at = means.clock()
    good = approved is not None and approved.until is not None and approved.until > at
    return rendering.page(
        request, "integrations/card.html", visit, card=card, row=card.line.row, turn=turn, approved=approved, names=names,
        classes=classes[:5], questions=assessing.QUESTIONS, level=assessing.level, outdated=not good, latest=at,
        attesting=policy.why_not(visit.actor, May.ATTEST), approving=policy.why_not(visit.actor, May.APPROVE_PAPERS),
    )  # fmt: skip


@router.post("/integrations/{integration_id}/assessment")
def assess(request: Request, integration_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Fill the card in; the turn is opened if none is."""
    answers = {name: forms.number(forms.text(form, f"answer_{name}")) for name in assessing.QUESTIONS}
    at, known = means.clock(), min(integration_id, MOST_NUMBER)
    with means.database.transaction() as session:
        turn = promises.latest_assessment(session, known)
        if turn is None or turn.status != assessing.Status.OPEN:
            turn = assessments.open(session, known, by=visit.actor, at=at)
        owner = inventory.whom(session, forms.text(form, "owner"))
        assessments.submit(
            session, turn, purpose=forms.text(form, "purpose"), owner=owner, vendor=forms.text(form, "vendor"),
            contract=forms.text(form, "contract") or None, classes=forms.text(form, "classes").split(","),
            answers={name: value for name, value in answers.items() if value is not None}, by=visit.actor, at=at,
        )  # fmt: skip
    return rendering.go(request, f"/integrations/{integration_id}", said="It waits for somebody else's approval.")


@router.post("/integrations/{integration_id}/assessment/answer")
def answer(request: Request, integration_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Approve what somebody else filled in, for a year, or decline it."""
    to = assessing.Status.APPROVED if forms.text(form, "answer") == "approved" else assessing.Status.DECLINED
    with means.database.transaction() as session:
        turn = promises.latest_assessment(session, min(integration_id, MOST_NUMBER))
        if turn is None:
            raise Refused(Refusal("not_found", "Nobody has filled its card in.", "Go back to it.", status=404))
        assessments.answer(session, turn, to, by=visit.actor, at=means.clock())
    return rendering.go(request, f"/integrations/{integration_id}", said=f"It is {to}.")


def _owners(session: Session, *turns: AssessmentRow | None) -> dict[int, str]:
    numbers = [turn.owner_id for turn in turns if turn is not None and turn.owner_id is not None]
    return dict(session.execute(select(IdentityRow.id, IdentityRow.name).where(IdentityRow.id.in_(numbers))).all())
