"""Handing items on to another reviewer, by their reviewer or an administrator."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.api import answering, campaigns, paging, problems
from app.api.answering import Key
from app.api.entering import Entered, With
from app.api.shapes import Asked, Number, Told
from app.inventory import queries as inventory
from app.kit.refusal import Refusal, Refused
from app.review import apart, policy, tasks

router = APIRouter(prefix="/api/v1/campaigns", tags=["reviews"])


class HandingOn(Asked):
    """Either `items`, or a `task` with all that is in it; to whom, and why."""

    items: list[Number] | None = Field(None, min_length=1, max_length=policy.REASSIGN)
    task: Number | None = Field(None, description="A reviewer's share, `task_id` in the campaign's `shares`.")
    to: str = Field(min_length=1, max_length=200, description="The new reviewer: roster id or e-mail address.")
    reason: str = Field(max_length=2000)


class HandedOn(Told):
    """The new reviewer's share, in which the items are now."""

    task_id: int
    reviewer_id: int
    reviewer: str


@router.put("/{campaign_id}/handover", response_model=HandedOn)
def hand_on(
    campaign_id: paging.Number, asked: HandingOn, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Give items to another reviewer, all of them or none. Answers stay; the new reviewer may change them."""
    if (asked.items is None) == (asked.task is None):
        raise Refused(Refusal("does_not_fit", "Say either items or a task.", "Leave one of them out.", status=422))

    def verb(session: Session, at: datetime) -> HandedOn:
        campaigns.found(session, campaign_id)
        person = inventory.find_identity(session, asked.to)
        if person is None:
            raise problems.not_found("person", asked.to)
        try:
            task = tasks.reassign(
                session, campaign_id, to_id=person.id, reason=asked.reason, items=asked.items, task=asked.task,
                by=actor, at=at,
            )  # fmt: skip
        except Refused as refused:
            raise _as_seen(refused, asked, actor) from None
        return HandedOn(task_id=task.id, reviewer_id=person.id, reviewer=person.name)

    return answering.once(means, actor, key, asked, request, verb)


def _as_seen(refused: Refused, asked: HandingOn, actor: Actor) -> Refused:
    """Somebody else's items and those that are not there are one answer for who does not see them all."""
    if refused.refusal.code in ("not_reviewer", "not_found") and not apart.sees_all(actor):
        of_yours = f"task {asked.task}" if asked.items is None else "choice of these items"
        return Refused(Refusal("not_found", f"There is no {of_yours} here.", "Name your own.", status=404))
    return refused
