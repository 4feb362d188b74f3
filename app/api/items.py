"""Items: what there is to decide on, one's own or all of a campaign's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.api import answering, campaigns, paging, problems
from app.api.entering import Entered, With
from app.api.shapes import MOST_NUMBER, Page, Told
from app.api.words import Answer, Aside, ItemKind, Said
from app.review import former, leanings, queries
from app.review.independence import Lean
from app.review.queries import Cursor
from app.review.tables import ItemRow

router = APIRouter(prefix="/api/v1", tags=["decisions"])
Asked = Annotated[int, Query(ge=1, le=MOST_NUMBER)]


class Item(Told):
    """One thing to decide on: a grant, an account, a group, what something allows … `shown` was fixed at freezing."""

    id: int
    campaign_id: int
    kind: ItemKind
    subject: str
    task_id: int
    system_id: int
    privileged: bool
    risk: int
    chosen_by: str
    shown: dict[str, Any]
    outcome: Answer | None
    settled: str | None = Field(
        description="Null: by the last decision. `silence`: nobody answered, and closing said it. `rounds`: several did."
    )
    aside: Aside | None = Field(
        description="Why its reviewer decides nothing. Once they submit, it goes on to the next who may, and this is null."
    )
    round: int
    leans: list[Lean] = Field(
        [],
        description="`each_other`: whose access it is decides on the reviewer's in this campaign. `grants`: the reviewer "
        "can give access in this system. `holds`: the reviewer holds it, or is in it. It forbids nothing, "
        "and is recorded with the decision.",
    )
    version: int


class Decision(Told):
    """What somebody decided. Never edited; a later one answers it, and `withdraw` takes it back to none."""

    answer: Said
    reason: str
    change_to: str | None
    until: datetime | None
    by: str
    way: str
    round: int
    at: datetime


class Former(Told):
    """What an earlier round came to: who was asked, and the last answer; null: nobody answered."""

    round: int
    reviewer_id: int
    chosen_by: str
    answer: Answer | None


class ItemStory(Item):
    """One item with its reviewer of record, everything that was decided, and what earlier rounds came to."""

    reviewer: str
    campaign: str
    decisions: list[Decision]
    rounds: list[Former]


class ItemPage(Page):
    """A page of items, riskiest first."""

    items: list[Item]


@router.get("/items", responses={404: {"description": "No such campaign"}})
def list_own_items(
    campaign: Asked, means: With, actor: Entered, page: paging.Asked, undecided: bool = False
) -> ItemPage:
    """The items of a campaign that are yours to decide on, riskiest first."""
    return _page(means, actor, campaign, None, undecided, page)


@router.get("/campaigns/{campaign_id}/items")
def list_items(
    campaign_id: paging.Number,
    reviewer: Asked,
    means: With,
    actor: Entered,
    page: paging.Asked,
    undecided: bool = False,
) -> ItemPage:
    """One reviewer's items, riskiest first, for those who may see all."""
    return _page(means, actor, campaign_id, reviewer, undecided, page)


@router.get("/items/{item_id}")
def get_item(item_id: paging.Number, means: With, actor: Entered, response: Response) -> ItemStory:
    """One item's story. Answers 404 also when it is not yours to see."""
    with means.database.reading() as session:
        story = queries.story(session, item_id, by=actor)
        if story is None:
            raise problems.not_found("item", item_id)
        answering.tag(response, story.item.version)
        return ItemStory(
            **_items(session, [story.item])[0].model_dump(),
            reviewer=story.reviewer.name,
            campaign=story.campaign.name,
            decisions=[Decision.model_validate(row) for row in story.decisions],
            rounds=[Former.model_validate(row) for row in former.answers(session, [item_id])[item_id]],
        )


def _page(
    means: With, actor: Entered, campaign: int, reviewer: int | None, undecided: bool, page: paging.Turn
) -> ItemPage:
    with means.database.reading() as session:
        campaigns.found(session, campaign)
        told = queries.queue(
            session,
            campaign,
            by=actor,
            after=Cursor(*page.place) if page.place is not None else None,
            limit=page.limit,
            undecided=undecided,
            reviewer_id=reviewer,
        )
        after = page.cursor([told.after.risk, told.after.item_id]) if told.after else None
        return ItemPage(items=_items(session, told.items), next=after)


def _items(session: Session, rows: Sequence[ItemRow]) -> list[Item]:
    leans = leanings.of_items(session, [row.id for row in rows])
    return [Item.model_validate(row).model_copy(update={"leans": list(leans.get(row.id, ()))}) for row in rows]
