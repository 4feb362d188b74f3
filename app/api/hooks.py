"""Hooks: a chat bot or a ticket system decides for a reviewer, by messages that it signs as Standard Webhooks says.

Whoever runs actors makes a hook; its secret is told once. What is decided by it says so for good, and is never privileged.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors import hooks
from app.actors.tables import HookRow
from app.api import actors, answering, decisions, paging, problems
from app.api.actors import ActorId, ShortId
from app.api.answering import Key
from app.api.decisions import DecidingMany, Results
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import Asked, Nothing, Page, Told
from app.api.signed import FromHook
from app.means import Means

router = APIRouter(prefix="/api/v1")
HookId = Annotated[str, Path(max_length=24)]


class Hook(Told):
    """A program that decides for an actor by signed messages. `overlap_until`: until then its former secret counts too."""

    id: str
    actor_id: str
    label: str
    made: datetime
    expires: datetime
    overlap_until: datetime | None
    last_used: datetime | None
    ended: datetime | None


class HookPage(Page):
    """A page of hooks, newest first."""

    hooks: list[Hook]


class HookMaking(Asked):
    """A hook to make."""

    label: str = Field(min_length=1, max_length=200, examples=["the chat bot"])
    days: int = Field(365, ge=1, le=365)


class HookMade(Hook):
    """A hook with where to post to and its signing secret, told this once. A repeated answer has null for the secret."""

    address: str
    signing_secret: str | None


@router.get("/actors/{actor_id}/hooks", tags=["actors"])
def list_hooks(actor_id: ActorId, means: With, actor: Entered, page: paging.Asked) -> HookPage:
    """An actor's hooks, newest first, those of the past among them; never their secrets."""
    with means.database.reading() as session:
        actors.found(session, actor_id)
        statement = select(HookRow).where(HookRow.actor_id == actor_id)
        rows, after = page.page(session, statement, Order((HookRow.made, HookRow.id), falling=True))
        return HookPage(hooks=[Hook.model_validate(row[0]) for row in rows], next=after)


@router.post("/actors/{actor_id}/hooks", status_code=201, response_model=HookMade, tags=["actors"])
def make_hook(
    actor_id: ActorId, asked: HookMaking, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Let a program decide for an actor. Its signing secret is told in this answer and never again."""

    def verb(session: Session, at: datetime) -> HookMade:
        row, signing = hooks.make(
            session, actors.found(session, actor_id), asked.label, days=asked.days, keys=means.keys, by=actor, at=at
        )
        return _made(means, row, signing)

    return answering.once(means, actor, key, asked, request, verb, status=201, kept=_without_secret)


@router.post("/actors/{actor_id}/hooks/{hook_id}/rotation", response_model=HookMade, tags=["actors"])
def rotate_hook(
    actor_id: ActorId, hook_id: ShortId, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Give a hook another secret, told this once. The former one counts beside it for a day."""

    def verb(session: Session, at: datetime) -> HookMade:
        row = _found(session, actor_id, hook_id)
        return _made(means, row, hooks.rotate(session, row, keys=means.keys, by=actor, at=at))

    return answering.once(means, actor, key, Nothing(), request, verb, kept=_without_secret)


@router.delete("/actors/{actor_id}/hooks/{hook_id}", status_code=204, tags=["actors"])
def end_hook(
    actor_id: ActorId, hook_id: ShortId, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Take no more messages by a hook."""
    return answering.once(
        means, actor, key, Nothing(), request,
        lambda session, at: hooks.end(session, _found(session, actor_id, hook_id), by=actor, at=at),
    )  # fmt: skip


@router.post("/hooks/{hook_id}/decisions", response_model=Results, tags=["decisions"])
def receive_decisions(hook_id: HookId, asked: DecidingMany, request: Request, means: With, sent: FromHook) -> Response:
    """Decide for the hook's actor. Signed, not more than five minutes old, and answered once for each webhook-id."""
    return answering.once(
        means, sent.actor, sent.key, asked, request,
        lambda session, at: decisions.many(session, asked, sent.actor, at),
    )  # fmt: skip


def _made(means: Means, row: HookRow, signing: str) -> HookMade:
    address = means.settings.base_url.rstrip("/") + hooks.path(row.id)
    return HookMade(**Hook.model_validate(row).model_dump(), address=address, signing_secret=signing)


def _found(session: Session, actor_id: str, hook_id: str) -> HookRow:
    row = session.get(HookRow, hook_id)
    if row is None or row.actor_id != actor_id:
        raise problems.not_found("hook", hook_id)
    return row


def _without_secret(made: dict[str, Any]) -> dict[str, Any]:
    return {**made, "signing_secret": None}
