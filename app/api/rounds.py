"""A review's rounds: which there are, what each was asked, beginning the next by hand, and how attentive it was."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.api import answering, paging
from app.api.answering import Key
from app.api.campaigns import found
from app.api.entering import Entered, With
from app.api.shapes import Asked, Told
from app.api.words import RoundStatus
from app.review import former
from app.review import rounds as verbs
from app.stories import attentive as stories

router = APIRouter(prefix="/api/v1/campaigns", tags=["reviews"])


class Round(Told):
    """One round. `asked` counts the items it was asked about; null before it has begun."""

    number: int
    name: str
    status: RoundStatus
    began_at: datetime | None
    due_at: datetime | None
    ended_at: datetime | None
    asked: int | None


class Rounds(Told):
    """All rounds of a review, in order. A review of one round has none here."""

    rounds: list[Round]


class Beginning(Asked):
    """Begin the next round. `resort` (a roster key) is asked where nobody else is left."""

    resort: str | None = Field(None, min_length=1, max_length=200)


@router.get("/{campaign_id}/rounds")
def get_rounds(campaign_id: paging.Number, means: With, actor: Entered) -> Rounds:
    """The rounds of a review."""
    with means.database.reading() as session:
        found(session, campaign_id)
        return Rounds(rounds=[Round.model_validate(row) for row in former.rounds(session, campaign_id)])


@router.post("/{campaign_id}/rounds", response_model=Round)
def begin_round(
    campaign_id: paging.Number, asked: Beginning, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Begin the next round, or skip it where nothing is to be asked. Refuses (409) while this one is not done or due."""

    def verb(session: Session, at: datetime) -> Round:
        return Round.model_validate(verbs.go_on(session, campaign_id, resort=asked.resort, by=actor, at=at))

    return answering.once(means, actor, key, asked, request, verb)


class Figures(Told):
    """Of a whole review, never of a person."""

    decisions: int
    seconds: float | None = Field(description="For each item, in the middle; null: nobody made two calls.")
    fast: int
    bulk: int
    against_advice: int


class SecondLook(Told):
    """What came of the sample that somebody else looked at, in items: how many they were asked about, have answered, and
    answered otherwise than the first."""

    asked: int
    answered: int
    otherwise: int


class Attention(Told):
    """How attentively a review was answered. Without `figures`, `because` says why there are none."""

    figures: Figures | None
    second_look: SecondLook | None = Field(description="Null while it has not begun, and without figures.")
    because: str | None


@router.get("/{campaign_id}/attention")
def get_attention(campaign_id: paging.Number, means: With, actor: Entered) -> Attention:
    """How attentively it was answered: only if the review switched it on, and once five people have decided."""
    with means.database.reading() as session:
        told = stories.attentive(session, found(session, campaign_id), by=actor)
        if told.figures is None:
            return Attention(figures=None, second_look=None, because=told.because)
        counts = {str(sign): count for sign, count in told.figures.counts.items()}
        return Attention(
            figures=Figures(decisions=told.figures.decisions, seconds=told.figures.seconds, **counts),
            second_look=SecondLook.model_validate(told.second_look) if told.second_look is not None else None,
            because=None,
        )
