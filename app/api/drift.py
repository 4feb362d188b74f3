"""Drift: what began, ended or changed while a review ran, and what is to become of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy import case, select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.api import answering, campaigns, paging, problems
from app.api.answering import IfMatch, Key
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import Asked, Nothing, Page, Told
from app.api.words import DriftChange, KeepOrRemove
from app.review import deciders, drifts, queries
from app.review.independence import Lean
from app.review.tables import CampaignRow, DriftRow

router = APIRouter(prefix="/api/v1", tags=["reviews"])
# Privileged first, as a column without a direction of its own: a page's order falls or rises as a whole.
_FIRST = case((DriftRow.privileged.is_(True), 0), else_=1)


class Drift(Told):
    """What began, ended or contains something else since the campaign was frozen. What was decided on and changed once more
    is without an answer again; `shown.earlier` says what it was."""

    id: int
    campaign_id: int
    subject: str
    change: DriftChange
    privileged: bool
    shown: dict[str, Any]
    answer: KeepOrRemove | None
    reason: str | None
    by: str | None
    at: datetime | None
    leans: list[Lean] = Field(
        [],
        description="How you lean who ask this, where you may decide on it: as for items. It forbids nothing unless the "
        "review bars it, and is recorded with the decision.",
    )
    version: int = Field(description="One more whenever it contains something else, and when it is decided on.")


class DriftPage(Page):
    """A page of a campaign's drift, privileged first."""

    drift: list[Drift]


class DriftListed(Told):
    """What was found. The list itself is in pages: GET the same address."""

    found: int
    undecided: int = Field(
        description="Privileged beginnings and changes without an answer; the review waits for them."
    )


class DriftAnswer(Asked):
    """What is to become of what began while the review ran, or changed: remove means that it must be changed back."""

    answer: KeepOrRemove
    reason: str = Field("", max_length=2000)


@router.get("/campaigns/{campaign_id}/drift")
def list_drift(
    campaign_id: paging.Number,
    means: With,
    actor: Entered,
    page: paging.Asked,
    change: DriftChange | None = None,
    undecided: bool = False,
) -> DriftPage:
    """What began, ended or changed since freezing, privileged first. `undecided`: what has no answer and did not end."""
    statement = select(DriftRow).where(DriftRow.campaign_id == campaign_id)
    if change is not None:
        statement = statement.where(DriftRow.change == change)
    if undecided:
        statement = statement.where(DriftRow.change != "ended", DriftRow.answer.is_(None))
    with means.database.reading() as session:
        campaigns.found(session, campaign_id)
        rows, after = page.page(session, statement, Order((_FIRST, DriftRow.change, DriftRow.id)))
        return DriftPage(drift=_told(session, [row[0] for row in rows], actor), next=after)


@router.post("/campaigns/{campaign_id}/drift", response_model=DriftListed)
def detect_drift(
    campaign_id: paging.Number, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """List now what began, ended or changed since freezing, as far as has been read. Closing does the same by itself."""

    def verb(session: Session, at: datetime) -> DriftListed:
        campaigns.found(session, campaign_id)
        found = drifts.detect(session, campaign_id, by=actor, at=at)
        return DriftListed(found=len(found), undecided=queries.drift_undecided(session, campaign_id))

    return answering.once(means, actor, key, Nothing(), request, verb)


@router.put("/drift/{drift_id}/decision", response_model=Drift)
def decide_drift(
    drift_id: paging.Number,
    asked: DriftAnswer,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Decide on what began or changed while the review ran. 412 if somebody decided already, naming who and what; with
    If-Match also if it contains something else by now than in the version that you saw."""
    seen = answering.version(if_match)

    def verb(session: Session, at: datetime) -> Drift:
        if session.get(DriftRow, drift_id) is None:
            raise problems.not_found("drift", drift_id)
        row = drifts.decide(session, drift_id, asked.answer, asked.reason, version=seen, by=actor, at=at)
        return _told(session, [row], actor)[0]

    return answering.once(means, actor, key, asked, request, verb)


def _told(session: Session, rows: Sequence[DriftRow], actor: Actor) -> list[Drift]:
    if not rows:
        return []
    campaign = session.get_one(CampaignRow, rows[0].campaign_id)
    standings = deciders.standings(session, campaign, rows, by=actor)
    return [_row(row, standings[row.id]) for row in rows]


def _row(row: DriftRow, standing: deciders.Standing) -> Drift:
    leans = [] if standing.refusal is not None else list(standing.leans)
    return Drift.model_validate(row).model_copy(update={"leans": leans})
