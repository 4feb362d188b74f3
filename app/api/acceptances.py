"""A control owner's word that a review is of the right thing: given here by whom its scope names, brought when opening."""

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
from app.means import Means, review_limits
from app.review import overrides
from app.review.owning import Acceptance

router = APIRouter(prefix="/api/v1/acceptances", tags=["reviews"])


class AcceptingPopulation(Asked):
    """Of which review or schedule, with its whole scope; which population, as previewed; and what you looked at."""

    name: str = Field(min_length=1, max_length=200, examples=["Q4 2026"])
    scope: dict[str, Any] = Field(examples=[{"systems": "all", "fallback": "p-100", "control_owner": "p-104"}])
    population: str | None = Field(
        None,
        min_length=64,
        max_length=64,
        description="`digest` of the preview (POST /campaigns/preview); without it the word is for a schedule's reviews.",
    )
    remark: str = Field(
        min_length=10, max_length=overrides.LONGEST_REASON, examples=["every CRM, and all 312 people are in it"]
    )


class GivenAcceptance(Told):
    """The word to hand to whoever opens the review or adds the schedule, good for an hour."""

    acceptance: str
    until: datetime


@router.post("", status_code=201, response_model=GivenAcceptance)
def give_acceptance(
    asked: AcceptingPopulation, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Accept what a review is of, if you are its control owner. Nothing happens until somebody else opens it with it."""

    def word(session: Session, at: datetime) -> GivenAcceptance:
        made = overrides.accept(
            session, means.keys.derive("links"), asked.name, asked.scope, asked.remark, population=asked.population,
            limits=review_limits(means.settings), by=actor, at=at,
        )  # fmt: skip
        return GivenAcceptance(acceptance=made.sealed, until=made.until)

    return answering.once(means, actor, key, asked, request, word, status=201)


def read(
    session: Session, means: Means, word: str | None, name: str, scope: dict[str, Any], at: datetime
) -> Acceptance | None:
    """The acceptance behind a word that was brought, if one was."""
    if word is None:
        return None
    keys, limits = means.keys.derive_all("links"), review_limits(means.settings)
    return overrides.acceptance(session, word, name, scope, limits=limits, keys=keys, at=at)
