"""One item's whole story, and handing it on to somebody who knows better."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from app.actors import policy as rights
from app.actors.policy import May
from app.console import rendering
from app.console.entering import Entered, With
from app.inventory import queries as inventory
from app.kit.refusal import Refusal, Refused
from app.means import Means
from app.review import tasks
from app.stories import item as stories

router = APIRouter()


@router.get("/reviews/{campaign_id}/items/{item_id}")
def one(request: Request, campaign_id: int, item_id: int, means: With, visit: Entered) -> Response:
    """Everything that is known of one item; for the script, only the less usual answers, to put into its row."""
    with means.database.reading() as session:
        story = stories.story(session, item_id, by=visit.actor, at=means.clock())
    if story is None or story.item.campaign_id != campaign_id:
        raise _none_here()
    if rendering.partial(request):
        return rendering.page(request, "review/otherwise.html", visit, story=story, today=_today(means))
    runs = rights.why_not(visit.actor, May.RUN_CAMPAIGNS) is None
    return rendering.page(
        request,
        "review/item.html",
        visit,
        story=story,
        line=story.line,
        hands_on=runs and story.refusal is None,
        today=_today(means),
    )


@router.post("/reviews/{campaign_id}/items/{item_id}/handover")
def hand_on(
    request: Request,
    campaign_id: int,
    item_id: int,
    means: With,
    visit: Entered,
    to: Annotated[str, Form(max_length=200)] = "",
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Give one item to another reviewer."""
    with means.database.transaction() as session:
        story = stories.story(session, item_id, by=visit.actor, at=means.clock())
        if story is None or story.item.campaign_id != campaign_id:
            raise _none_here()
        person = inventory.whom(session, to)
        tasks.reassign(
            session, campaign_id, to_id=person.id, reason=reason, items=[item_id], by=visit.actor, at=means.clock()
        )
    back = (
        f"/reviews/{campaign_id}"
        if story.own
        else rendering.link(f"/reviews/{campaign_id}", reviewer=story.reviewer.id)
    )
    return rendering.go(request, back, said=f"Handed on to {person.name}.")


def _today(means: Means) -> date:
    return means.clock().astimezone(means.settings.zone).date()


def _none_here() -> Refused:
    return Refused(Refusal("not_found", "There is no such item here.", "Look at your reviews.", status=404))
