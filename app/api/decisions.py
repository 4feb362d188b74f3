"""Deciding, one item or many at a time."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, Field
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.api import answering, paging, problems
from app.api.answering import IfMatch, Key
from app.api.entering import Entered, With
from app.api.items import Item
from app.api.shapes import Asked, Nothing, Number, Told
from app.api.words import Word
from app.kit.refusal import insist
from app.review import decisions, policy, queries
from app.review.decisions import Ask

router = APIRouter(prefix="/api/v1", tags=["decisions"])


class Deciding(Asked):
    """Keep, remove or change; or set it aside. A reason is needed to remove or change, and to keep what is
    privileged or what a finding of critical or high severity speaks against.

    `not_mine` and `cannot_say` give no outcome: once the share is submitted, the item goes on to the next who may decide.
    """

    answer: Word
    reason: str = Field("", max_length=2000)
    change_to: str | None = Field(None, max_length=200)
    until: AwareDatetime | None = Field(None, description="With remove: it may stay until then, and goes on that day.")


class DecidingOne(Deciding):
    """One of many decisions; `version` as in the item's ETag, if somebody else may decide at the same time."""

    item: Number
    version: Number | None = None


class DecidingMany(Asked):
    """Up to 5,000 decisions."""

    decisions: list[DecidingOne] = Field(min_length=1, max_length=5000)


class Result(Told):
    """What became of one of many decisions."""

    item: int
    decided: bool
    code: str | None = None
    detail: str | None = None


class Results(Told):
    """A result for each decision, in the order they were sent."""

    decided: int
    results: list[Result]


@router.put("/items/{item_id}/decision", response_model=Item)
def decide(
    item_id: paging.Number,
    asked: Deciding,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Decide on an item. With If-Match, 412 if somebody decided since you looked, naming who and when."""
    said = Ask(item_id, asked.answer, asked.reason, answering.version(if_match), asked.change_to, asked.until)
    return answering.once(
        means, actor, key, asked, request, lambda session, at: _one(session, said, actor, at)
    )  # fmt: skip


@router.delete("/items/{item_id}/decision", response_model=Item)
def withdraw_decision(
    item_id: paging.Number, request: Request, means: With, actor: Entered, key: Key = None, if_match: IfMatch = None
) -> Response:
    """Take your answer back to none, until you submit. What was said stays on record, and that it was taken back too."""
    said = Ask(item_id, policy.WITHDRAW, version=answering.version(if_match))
    return answering.once(
        means, actor, key, Nothing(), request, lambda session, at: _one(session, said, actor, at)
    )  # fmt: skip


@router.post("/decisions", response_model=Results)
def decide_many(asked: DecidingMany, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Decide on many items. Each has a result of its own; those that are refused change nothing."""

    return answering.once(means, actor, key, asked, request, lambda session, at: many(session, asked, actor, at))


def many(session: Session, asked: DecidingMany, actor: Actor, at: datetime) -> Results:
    """Record what is asked, and tell what became of each."""
    wishes = [Ask(one.item, one.answer, one.reason, one.version, one.change_to, one.until) for one in asked.decisions]
    given = decisions.record_many(session, wishes, by=actor, at=at)
    seen = queries.visible(session, [wish.item_id for wish in wishes], by=actor)
    results = [_told(one, one.item_id in seen) for one in given]
    return Results(decided=sum(result.decided for result in results), results=results)


def _one(session: Session, said: Ask, actor: Actor, at: datetime) -> Item:
    if queries.story(session, said.item_id, by=actor) is None:
        raise problems.not_found("item", said.item_id)
    given = decisions.record_many(session, [said], by=actor, at=at)[0]
    insist(given.refusal)
    session.expire_all()
    story = queries.story(session, said.item_id, by=actor)
    if story is None:
        raise problems.not_found("item", said.item_id)
    return Item.model_validate(story.item)


def _told(given: decisions.Result, seen: bool) -> Result:
    """What became of one wish; a refusal does not tell somebody else's item from one that is not there."""
    if given.refusal is None:
        return Result(item=given.item_id, decided=True)
    refusal = given.refusal if seen else problems.not_found("item", given.item_id).refusal
    return Result(item=given.item_id, decided=False, code=refusal.code, detail=refusal.reason)
