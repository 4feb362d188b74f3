"""Campaigns: opening, progress, drift, closing, cancelling."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api import answering, overrides, problems
from app.api.answering import Key
from app.api.entering import Entered, With
from app.means import review_limits
from app.review import campaigns, drifts, queries
from app.review.tables import CampaignRow, DriftRow

router = APIRouter(prefix="/api/v1", tags=["campaigns"], responses=problems.RESPONSES)


class Campaign(BaseModel):
    """A review of a scope across systems."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    name: str
    status: str
    scope: dict[str, Any]
    excluded: list[Any]
    opened_at: datetime
    opened_by: str
    due_at: datetime
    closed_at: datetime | None
    override: dict[str, Any] | None
    demo: bool
    version: int


class Share(BaseModel):
    """One reviewer's share, in items."""

    model_config = ConfigDict(from_attributes=True)
    task_id: int
    reviewer_id: int
    reviewer: str
    items: int
    keep: int
    remove: int
    change: int
    undecided: int


class CampaignStory(Campaign):
    """A campaign with how far each reviewer is."""

    shares: list[Share]


class Drift(BaseModel):
    """What began or ended since the campaign was frozen."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    subject: str
    change: str
    privileged: bool
    shown: dict[str, Any]
    answer: str | None
    reason: str | None


class DriftListed(BaseModel):
    """Everything that is known of a campaign's drift, privileged first."""

    drift: list[Drift]


class Nothing(BaseModel):
    """Listing drift needs no words."""


class Opening(BaseModel):
    """What to review. `scope` as in docs/reviews.md: systems, kinds, fallback and so on."""

    name: str = Field(min_length=1, max_length=200, examples=["Q4 2026"])
    scope: dict[str, Any] = Field(examples=[{"systems": "all", "fallback": "p-100"}])
    due_days: int | None = Field(None, ge=1, le=366)
    override: str | None = Field(None, max_length=5000, description="A second person's word, from POST /overrides.")


class Closing(BaseModel):
    """How to close. `unanswered` says what becomes of items without an answer; without it there must be none."""

    unanswered: Literal["keep", "remove"] | None = None


class Cancelling(BaseModel):
    """Why the review ends without consequences."""

    reason: str = Field(max_length=2000)


class DriftAnswer(BaseModel):
    """What is to become of access that began while the review ran."""

    answer: Literal["keep", "remove"]
    reason: str = Field("", max_length=2000)


@router.get("/campaigns")
def list_campaigns(means: With, actor: Entered) -> list[Campaign]:
    """All campaigns, the latest first."""
    with means.database.reading() as session:
        return [Campaign.model_validate(row) for row in queries.campaigns(session)]


@router.post("/campaigns", status_code=201, response_model=Campaign)
def open_campaign(asked: Opening, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Open a review, frozen at the latest readings. Refuses (409) while one of them cannot be trusted, saying why."""
    word = overrides.read(means, asked.override, asked.name, asked.scope)  # before the transaction: one connection each
    return answering.once(
        means,
        actor,
        key,
        asked,
        request,
        lambda session, at: Campaign.model_validate(
            campaigns.open(
                session,
                name=asked.name,
                scope=asked.scope,
                due_at=at + timedelta(days=asked.due_days or means.settings.campaign_due_days),
                limits=review_limits(means.settings),
                override=word,
                by=actor,
                at=at,
            )
        ),
        status=201,
    )


@router.get("/campaigns/{campaign_id}")
def get_campaign(campaign_id: int, means: With, actor: Entered) -> CampaignStory:
    """One campaign and its progress."""
    with means.database.reading() as session:
        row = queries.campaign(session, campaign_id)
        if row is None:
            raise problems.not_found("campaign", campaign_id)
        shares = [Share.model_validate(share) for share in queries.progress(session, campaign_id)]
        return CampaignStory(**Campaign.model_validate(row).model_dump(), shares=shares)


@router.get("/campaigns/{campaign_id}/drift")
def list_drift(campaign_id: int, means: With, actor: Entered) -> list[Drift]:
    """What began or ended since freezing, privileged first."""
    with means.database.reading() as session:
        if queries.campaign(session, campaign_id) is None:
            raise problems.not_found("campaign", campaign_id)
        return [Drift.model_validate(row) for row in queries.drift(session, campaign_id)]


@router.post("/campaigns/{campaign_id}/drift", response_model=DriftListed)
def detect_drift(campaign_id: int, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """List now what began or ended since freezing, as far as has been read. Closing does the same by itself."""

    def verb(session: Any, at: datetime) -> DriftListed:
        if session.get(CampaignRow, campaign_id) is None:
            raise problems.not_found("campaign", campaign_id)
        found = drifts.detect(session, campaign_id, by=actor, at=at)
        return DriftListed(drift=[Drift.model_validate(row) for row in found])

    return answering.once(means, actor, key, Nothing(), request, verb)


@router.put("/drift/{drift_id}/decision", response_model=Drift)
def decide_drift(
    drift_id: int, asked: DriftAnswer, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Decide on access that began while the review ran."""

    def verb(session: Any, at: datetime) -> Drift:
        if session.get(DriftRow, drift_id) is None:
            raise problems.not_found("drift", drift_id)
        return Drift.model_validate(drifts.decide(session, drift_id, asked.answer, asked.reason, by=actor, at=at))

    return answering.once(means, actor, key, asked, request, verb)


@router.put("/campaigns/{campaign_id}/closure", response_model=Campaign)
def close_campaign(
    campaign_id: int, asked: Closing, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Close a campaign; the removals begin. Refuses (409) while items or privileged drift have no answer."""

    def verb(session: Any, at: datetime) -> Campaign:
        if session.get(CampaignRow, campaign_id) is None:
            raise problems.not_found("campaign", campaign_id)
        return Campaign.model_validate(
            campaigns.close(session, campaign_id, unanswered=asked.unanswered, by=actor, at=at)
        )

    return answering.once(means, actor, key, asked, request, verb)


@router.put("/campaigns/{campaign_id}/cancellation", response_model=Campaign)
def cancel_campaign(
    campaign_id: int, asked: Cancelling, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """End a campaign without consequences. Its items and decisions stay on record."""

    def verb(session: Any, at: datetime) -> Campaign:
        if session.get(CampaignRow, campaign_id) is None:
            raise problems.not_found("campaign", campaign_id)
        return Campaign.model_validate(campaigns.cancel(session, campaign_id, reason=asked.reason, by=actor, at=at))

    return answering.once(means, actor, key, asked, request, verb)
