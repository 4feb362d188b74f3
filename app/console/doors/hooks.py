"""Hooks on an actor's page: programs that decide for them, by messages they sign. A secret is shown once."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.actors import hooks
from app.actors.tables import HookRow
from app.console import forms, rendering
from app.console.doors import settings
from app.console.entering import Entered, With
from app.console.forms import Sent
from app.kit.refusal import Refusal, Refused

router = APIRouter(include_in_schema=False)


@router.post("/settings/people/{actor_id}/hooks")
def make(request: Request, actor_id: str, means: With, visit: Entered, form: Sent) -> Response:
    """A hook for a program, with its secret, shown this once."""
    label, days = forms.text(form, "label", most=200), forms.number(forms.text(form, "days")) or 0
    if not label:
        raise Refused(Refusal("missing", "Which program is it?", "Give it a label.", 422))
    with means.database.transaction() as session:
        row = settings.found(session, actor_id)
        made, signing = hooks.make(
            session, row, label, days=days, keys=means.keys, by=visit.actor, at=means.clock()
        )  # fmt: skip
    return settings.shown(request, means, visit, row, hook=made, signing=signing)


@router.post("/settings/people/{actor_id}/hooks/{hook_id}/rotation")
def rotate(request: Request, actor_id: str, hook_id: str, means: With, visit: Entered, form: Sent) -> Response:
    """Another secret, shown this once; the former one counts for a day beside it."""
    with means.database.transaction() as session:
        row, hook = settings.found(session, actor_id), _found(session, actor_id, hook_id)
        signing = hooks.rotate(session, hook, keys=means.keys, by=visit.actor, at=means.clock())
    return settings.shown(request, means, visit, row, hook=hook, signing=signing)


@router.post("/settings/people/{actor_id}/hooks/{hook_id}/end")
def end(request: Request, actor_id: str, hook_id: str, means: With, visit: Entered, form: Sent) -> Response:
    """Take no more messages by it."""
    with means.database.transaction() as session:
        hook = _found(session, actor_id, hook_id)
        hooks.end(session, hook, by=visit.actor, at=means.clock())
    said = f"The hook {hook.label} decides no more; what it decided stays."
    return rendering.go(request, f"/settings/people/{actor_id}", said=said)


def _found(session: Session, actor_id: str, hook_id: str) -> HookRow:
    row = session.get(HookRow, hook_id)
    if row is None or row.actor_id != actor_id:
        raise Refused(settings.nothing("such hook"))
    return row
