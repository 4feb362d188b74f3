"""Items: what there is to decide on, one's own or all of a campaign's."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from app.api import paging, problems
from app.api.entering import Entered, With
from app.review import queries
from app.review.queries import Cursor

router = APIRouter(prefix="/api/v1", tags=["items"], responses=problems.RESPONSES)
Limit = Annotated[int, Query(ge=1, le=paging.MOST)]


class Item(BaseModel):
    """One grant, account, integration or credential to decide on. `shown` was fixed when the campaign was frozen."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    campaign_id: int
    kind: str
    subject: str
    system_id: int
    privileged: bool
    risk: int
    chosen_by: str
    shown: dict[str, Any]
    outcome: str | None
    version: int


class Decision(BaseModel):
    """What somebody decided. Never edited; a later one answers it."""

    model_config = ConfigDict(from_attributes=True)
    answer: str
    reason: str
    change_to: str | None
    by: str
    way: str
    at: datetime


class ItemStory(Item):
    """One item with its reviewer of record and everything that was decided."""

    reviewer: str
    campaign: str
    decisions: list[Decision]


class ItemPage(BaseModel):
    """A page of items, riskiest first. `next` goes on after it; null on the last."""

    items: list[Item]
    next: str | None


@router.get("/items")
def list_own_items(
    campaign: int, means: With, actor: Entered, undecided: bool = False, limit: Limit = 50, after: str | None = None
) -> ItemPage:
    """The items of a campaign that are yours to decide on."""
    return _page(means, actor, campaign, None, undecided, limit, after)


@router.get("/campaigns/{campaign_id}/items")
def list_items(
    campaign_id: int,
    reviewer: int,
    means: With,
    actor: Entered,
    undecided: bool = False,
    limit: Limit = 50,
    after: str | None = None,
) -> ItemPage:
    """One reviewer's items, for those who may see all."""
    return _page(means, actor, campaign_id, reviewer, undecided, limit, after)


@router.get("/items/{item_id}")
def get_item(item_id: int, means: With, actor: Entered, response: Response) -> ItemStory:
    """One item's story. Answers 404 also when it is not yours to see."""
    with means.database.reading() as session:
        story = queries.story(session, item_id, by=actor)
        if story is None:
            raise problems.not_found("item", item_id)
        response.headers["ETag"] = f'"{story.item.version}"'
        return ItemStory(
            **Item.model_validate(story.item).model_dump(),
            reviewer=story.reviewer.name,
            campaign=story.campaign.name,
            decisions=[Decision.model_validate(row) for row in story.decisions],
        )


def _page(
    means: With, actor: Entered, campaign: int, reviewer: int | None, undecided: bool, limit: int, after: str | None
) -> ItemPage:
    name = f"items:{campaign}:{reviewer or actor.identity_id}"
    place = paging.read(means.keys, name, after)
    with means.database.reading() as session:
        if queries.campaign(session, campaign) is None:
            raise problems.not_found("campaign", campaign)
        page = queries.queue(
            session,
            campaign,
            by=actor,
            after=Cursor(*place) if place is not None else None,
            limit=limit,
            undecided=undecided,
            reviewer_id=reviewer,
        )
        cursor = paging.seal(means.keys, name, [page.after.risk, page.after.item_id]) if page.after else None
        return ItemPage(items=[Item.model_validate(row) for row in page.items], next=cursor)
