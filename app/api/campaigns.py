"""Campaigns: opening, progress, closing, cancelling."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.api import acceptances, answering, approvals, overrides, paging, problems
from app.api.answering import IfMatch, Key
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import Asked, Number, Page, Told
from app.api.words import CampaignStatus, KeepOrRemove, TaskStatus
from app.ledger.kinds import Kind
from app.means import Means, quiet_hours, review_limits
from app.notices import nudges
from app.review import apart, campaigns, leanings, queries
from app.review.overrides import LONGEST
from app.review.policy import Override
from app.review.tables import CampaignRow
from app.stories import populations

router = APIRouter(prefix="/api/v1/campaigns", tags=["reviews"])
ORDERS = {
    "newest": Order((CampaignRow.id,), falling=True),
    "oldest": Order((CampaignRow.id,)),
    "due": Order((CampaignRow.due_at, CampaignRow.id)),
}
_TURNS = (Kind.CAMPAIGN_OPENED, Kind.CAMPAIGN_CLOSED, Kind.CAMPAIGN_CANCELLED)


class Campaign(Told):
    """A review of a scope across systems."""

    id: int
    name: str
    status: CampaignStatus
    scope: dict[str, Any]
    excluded: list[Any]
    planned_at: datetime | None = Field(description="When its turn of a schedule began; opened later, it was late.")
    moved: dict[str, Any] | None = Field(description="From which closed day its turn was moved, and why.")
    opened_at: datetime
    opened_by: str
    due_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    unanswered: KeepOrRemove | None
    override: dict[str, Any] | None
    approval: dict[str, Any] | None = Field(description="Whose word it is that something is left out, and why.")
    owner_id: int | None = Field(description="Its control owner, by identity; null: nobody answers for it.")
    acceptance: dict[str, Any] | None = Field(description="What the control owner accepted before it opened.")
    signature: dict[str, Any] | None = Field(description="What the control owner signed after it was closed.")
    demo: bool
    version: int


class Share(Told):
    """One reviewer's share, in items."""

    task_id: int
    reviewer_id: int
    reviewer: str
    items: int
    keep: int
    remove: int
    change: int
    acknowledge: int
    silent: int = Field(description="Nobody answered, and the closing gave them an outcome.")
    undecided: int
    status: TaskStatus
    submitted_at: datetime | None


class CampaignStory(Campaign):
    """A campaign with how far each reviewer is."""

    shares: list[Share]
    leans: dict[str, int] = Field(description="Of how many items the reviewer leans which way; see an item's `leans`.")


class CampaignPage(Page):
    """A page of campaigns."""

    campaigns: list[Campaign]


class Opening(Asked):
    """What to review. `scope` as in docs/reviews.md: systems, kinds, fallback and so on."""

    name: str = Field(min_length=1, max_length=200, examples=["Q4 2026"])
    scope: dict[str, Any] = Field(examples=[{"systems": "all", "fallback": "p-100"}])
    due_days: int | None = Field(None, ge=1, le=366)
    override: str | None = Field(None, max_length=LONGEST, description="A second person's word, from POST /overrides.")
    approval: str | None = Field(
        None, max_length=LONGEST, description="The approver's word that something is left out, from POST /approvals."
    )
    acceptance: str | None = Field(
        None, max_length=LONGEST, description="The control owner's word, from POST /acceptances."
    )


class Reviewer(Told):
    """How many items would be whose, and what they ask of that person."""

    reviewer: str
    items: int
    answers: int = Field(description="How many to give: a whole role model, or a reading of an integration, is one.")
    minutes: int = Field(description="What they take, estimated in whole minutes.")


class Preview(Told):
    """What would be opened. `configurer` says what becomes of the share of whoever sets it up."""

    items: int
    reviewers: int
    shares: list[Reviewer]
    long: int = Field(
        description="How many get more answers than one should have: opening asks why, as `many_answers` in the scope."
    )
    excluded: list[Any]
    configurer: str | None
    population: dict[str, Any] = Field(
        description="What it is of, as its control owner accepts it: readings and items by the systems' numbers, people."
    )
    digest: str = Field(description="Of the population; POST /acceptances takes it.")


class _TakenBack(Exception):
    """Ends the savepoint of a preview, so that nothing of it stays."""

    def __init__(self, preview: Preview) -> None:
        super().__init__()
        self.preview = preview


class Closing(Asked):
    """How to close. `unanswered` says what becomes of items without an answer ("policy": what the review says itself);
    without it there must be none. `seen` comes from `GET …/silence`: if other items are silent by now, 412."""

    unanswered: Literal["keep", "remove", "policy"] | None = None
    seen: str | None = Field(None, max_length=64)


class Reminding(Asked):
    """Whom to remind: some reviewers (`reviewer_id` of their shares), or all. `again`: also who heard within a day."""

    reviewers: list[Number] | None = Field(None, min_length=1, max_length=5000)
    again: bool = False


class Reminded(Told):
    """How many are not done, how many of them a message waits for now, and how many heard within a day."""

    pending: int
    reminded: int
    lately: int


class Cancelling(Asked):
    """Why the review ends without consequences."""

    reason: str = Field(max_length=2000)


@router.get("")
def list_campaigns(
    means: With,
    actor: Entered,
    page: paging.Asked,
    status: CampaignStatus | None = None,
    sort: Literal["newest", "oldest", "due"] = "newest",
) -> CampaignPage:
    """Reviews, the latest first unless asked otherwise."""
    statement = select(CampaignRow)
    if status is not None:
        statement = statement.where(CampaignRow.status == status)
    with means.database.reading() as session:
        rows, after = page.page(session, statement, ORDERS[sort])
        return CampaignPage(campaigns=[Campaign.model_validate(row[0]) for row in rows], next=after)


@router.post("", status_code=201, response_model=Campaign)
def open_campaign(asked: Opening, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Open a review, frozen at the latest readings. Refuses (409) while one of them cannot be trusted, saying why."""
    word = overrides.read(means, asked.override, asked.name, asked.scope)  # before the transaction: one connection each
    return answering.once(
        means,
        actor,
        key,
        asked,
        request,
        lambda session, at: Campaign.model_validate(_open(session, means, asked, word, actor, at)),
        status=201,
    )


@router.post("/preview", response_model=Preview)
def preview_campaign(asked: Opening, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """What would be opened, without opening it: it is opened and taken back, so what it says is what would be."""
    word = overrides.read(means, asked.override, asked.name, asked.scope)

    def verb(session: Session, at: datetime) -> Preview:
        try:
            with session.begin_nested():
                row = _open(session, means, asked, word, actor, at, looking=True)
                shares, of = _asked_of(session, row), populations.of(session, row)
                raise _TakenBack(
                    Preview(
                        items=sum(share.items for share in shares), reviewers=len(shares), excluded=row.excluded,
                        shares=shares, long=sum(each.answers > means.settings.campaign_most_answers for each in shares),
                        configurer=apart.told(actor.name if actor.identity_id is not None else None),
                        population=dict(of.told), digest=of.digest,
                    )
                )  # fmt: skip
        except _TakenBack as taken_back:
            return taken_back.preview

    return answering.once(means, actor, key, asked, request, verb)


@router.get("/{campaign_id}")
def get_campaign(campaign_id: paging.Number, means: With, actor: Entered, response: Response) -> CampaignStory:
    """One campaign and its progress."""
    with means.database.reading() as session:
        row = found(session, campaign_id)
        answering.tag(response, row.version)
        shares = [Share.model_validate(share) for share in queries.progress(session, campaign_id)]
        leans = {str(lean): count for lean, count in leanings.counted(session, campaign_id).items()}
        return CampaignStory(**Campaign.model_validate(row).model_dump(), shares=shares, leans=leans)


@router.post("/{campaign_id}/reminders", status_code=202, response_model=Reminded)
def remind_reviewers(
    campaign_id: paging.Number, asked: Reminding, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Remind those who have not submitted; whoever heard within a day is left alone, unless `again`."""

    def verb(session: Session, at: datetime) -> Reminded:
        hours = quiet_hours(means.settings)
        told = nudges.remind(
            session, campaign_id, whom=asked.reviewers, again=asked.again, hours=hours, by=actor, at=at
        )
        return Reminded.model_validate(told)

    return answering.once(means, actor, key, asked, request, verb, status=202)


@router.put("/{campaign_id}/closure", response_model=Campaign)
def close_campaign(
    campaign_id: paging.Number,
    asked: Closing,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Close a campaign; the removals begin. Refuses (409) while items or privileged drift have no answer."""

    def verb(session: Session, at: datetime) -> Campaign:
        _unchanged(session, campaign_id, if_match)
        row = campaigns.close(session, campaign_id, unanswered=asked.unanswered, seen=asked.seen, by=actor, at=at)
        return Campaign.model_validate(row)

    return answering.once(means, actor, key, asked, request, verb)


@router.put("/{campaign_id}/cancellation", response_model=Campaign)
def cancel_campaign(
    campaign_id: paging.Number,
    asked: Cancelling,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """End a campaign without consequences. Its items and decisions stay on record."""

    def verb(session: Session, at: datetime) -> Campaign:
        _unchanged(session, campaign_id, if_match)
        return Campaign.model_validate(campaigns.cancel(session, campaign_id, reason=asked.reason, by=actor, at=at))

    return answering.once(means, actor, key, asked, request, verb)


def _asked_of(session: Session, row: CampaignRow) -> list[Reviewer]:
    efforts = queries.effort(session, row.id)
    return [
        Reviewer(
            reviewer=share.reviewer, items=share.items, answers=efforts[share.task_id].answers,
            minutes=efforts[share.task_id].minutes,
        )
        for share in queries.progress(session, row.id)
    ]  # fmt: skip


def _open(
    session: Session, means: Means, asked: Opening, word: Override | None, actor: Actor, at: datetime, *,
    looking: bool = False,
) -> CampaignRow:  # fmt: skip
    """`looking`: too many answers are told instead of refused."""
    limits = review_limits(means.settings)
    return campaigns.open(
        session, name=asked.name, scope=asked.scope, override=word, by=actor, at=at,
        approval=approvals.read(session, means, asked.approval, asked.name, asked.scope, at),
        acceptance=acceptances.read(session, means, asked.acceptance, asked.name, asked.scope, at), unasked=looking,
        limits=replace(limits, most_answers=None) if looking else limits,
        due_at=at + timedelta(days=asked.due_days or means.settings.campaign_due_days),
    )  # fmt: skip


def found(session: Session, campaign_id: int) -> CampaignRow:
    """The campaign, or 404."""
    row = queries.campaign(session, campaign_id)
    if row is None:
        raise problems.not_found("campaign", campaign_id)
    return row


def _unchanged(session: Session, campaign_id: int, if_match: str | None) -> None:
    row = found(session, campaign_id)
    answering.insist_unchanged(session, if_match, row.version, f"campaign:{row.id}", _TURNS, what="review")
