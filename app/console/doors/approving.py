"""Whom a review's scope names approves what it leaves out: they see what and how much, and get a word to hand over.

For a schedule likewise; the word is kept with it, and asked for again after a year.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.actors.actor import SCHEDULER
from app.console import excluding, forms, rendering, scoping
from app.console.entering import Entered, Visit, With
from app.console.forms import Sent
from app.kit.refusal import Refusal, Refused
from app.means import Means, review_limits
from app.review import campaigns, overrides
from app.review import scope as scopes
from app.review.exclusions import Approval
from app.review.overrides import Word

router = APIRouter()
SHORTEST = 10


class _TakenBack(Exception):
    """Ends a transaction of which nothing is to stay but what was left out."""

    def __init__(self, excluded: list[Any]) -> None:
        super().__init__()
        self.excluded = excluded


@router.get("/campaigns/new/approval")
def ask(request: Request, means: With, visit: Entered) -> Response:
    """Which review, and what it leaves out."""
    return _page(request, means, visit, _given(request.query_params))


@router.post("/campaigns/new/approval")
def give(request: Request, means: With, visit: Entered, form: Sent) -> Response:
    """Approve it: one's word, which is shown once."""
    given = _given(form)
    reason = forms.text(form, "reason", most=overrides.LONGEST_REASON)
    if len(reason) < SHORTEST:
        told = Refusal("does_not_fit", "Say why, in a sentence.", "It is printed on the evidence.", status=422)
        return _page(request, means, visit, given, no=told, reason=reason)
    try:
        with means.database.reading() as session:
            key, scope = means.keys.derive("links"), _sealed(session, means, given)
            word = overrides.approve(session, key, given["name"], scope, reason, by=visit.actor, at=means.clock())
    except Refused as refused:
        return _page(request, means, visit, given, no=refused.refusal, reason=reason)
    return _page(request, means, visit, given, word=word, reason=reason)


def _given(form: Any) -> dict[str, Any]:
    return scoping.given(form) | {name: forms.text(form, name) for name in ("name", "schedule", "seal")}


def _sealed(session: Session, means: Means, given: Mapping[str, Any]) -> dict[str, Any]:
    """The scope that an administrator asked about. Refuses (403) an address that was made or changed by anybody else."""
    scope = excluding.scope(session, given)
    if not overrides.was_asked(means.keys.derive_all("links"), given["name"], scope, given["seal"]):
        told = "This address was changed, or nobody asked for it here."
        raise Refused(Refusal("bad_approval", told, "Ask whoever opens the review to send it again.", status=403))
    return scope


def _left_out(means: Means, visit: Visit, given: Mapping[str, Any]) -> tuple[list[Any], Refusal | None]:
    """What it would leave out now, with counts: it is opened and taken back. Or why that cannot be told."""
    at, person = means.clock(), visit.actor.identity_id
    try:
        with means.database.transaction() as session:
            row = campaigns.open(
                session, name=f"{given['name']} {at.isoformat()}", scope=excluding.scope(session, given),
                due_at=at + timedelta(days=1), approval=Approval(visit.actor.id, person, "", at),
                limits=review_limits(means.settings), by=SCHEDULER, at=at,
            )  # fmt: skip
            raise _TakenBack(row.excluded)
    except _TakenBack as told:
        return told.excluded, None
    except Refused as refused:
        return [], refused.refusal


def _asked(means: Means, given: Mapping[str, Any]) -> tuple[dict[str, Any], Refusal | None]:
    """The scope as it was asked for, or why it is not understood."""
    if not given["seal"]:
        way_out = "It comes in the address that whoever sets up the review sends you."
        return {}, Refusal("nobody_asked", "Nobody asks for your approval here.", way_out, status=404)
    try:
        with means.database.reading() as session:
            told = scopes.read(_sealed(session, means, given)).written()
            return told | {"approver": told["approver"] and scoping.called(session)(told["approver"])}, None
    except Refused as refused:
        return {}, refused.refusal


def _page(
    request: Request, means: Means, visit: Visit, given: dict[str, Any], *, no: Refusal | None = None,
    word: Word | None = None, reason: str = "",
) -> Response:  # fmt: skip
    scope, strange = _asked(means, given)
    no = no or strange
    left, untold = _left_out(means, visit, given) if scope and word is None else ([], None)
    return rendering.page(
        request, "campaigns/approval.html", visit, status=no.status if no is not None else 200, given=given, no=no,
        word=word, reason=reason, scope=scope, left=left, untold=untold, longest=overrides.LONGEST_REASON,
    )  # fmt: skip
