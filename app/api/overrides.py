"""A second person's word that a review may open on readings that fall short: given here, brought when opening."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.api import answering
from app.api.answering import Key
from app.api.entering import Entered, With
from app.api.shapes import Asked, Told
from app.means import Means
from app.review import overrides
from app.review.policy import Override

router = APIRouter(prefix="/api/v1/overrides", tags=["reviews"])


class Overriding(Asked):
    """For which review, and why it may open although its readings fall short."""

    name: str = Field(min_length=1, max_length=200, examples=["Q4 2026"])
    scope: dict[str, Any] = Field(examples=[{"systems": "all", "fallback": "p-100"}])
    reason: str = Field(
        min_length=10, max_length=overrides.LONGEST_REASON, examples=["HubSpot is down until Monday; its part follows"]
    )


class Given(Told):
    """The word to hand to whoever opens the review, good for an hour."""

    override: str
    until: datetime


@router.post("", status_code=201, response_model=Given)
def give_override(asked: Overriding, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Give your word. Nothing happens until somebody else opens the review with it."""

    def word(_session: Session, at: datetime) -> Given:
        made = overrides.give(means.keys.derive("links"), asked.name, asked.scope, asked.reason, by=actor, at=at)
        return Given(override=made.sealed, until=made.until)

    return answering.once(means, actor, key, asked, request, word, status=201)


def read(means: Means, word: str | None, name: str, scope: dict[str, Any]) -> Override | None:
    """The override behind a word that was brought, if one was."""
    if word is None:
        return None
    with means.database.reading() as session:
        return overrides.read(session, word, name, scope, keys=means.keys.derive_all("links"), at=means.clock())
