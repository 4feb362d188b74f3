"""What nobody answered: what closing would make of it, seen before it does, and handing it on to managers or owners."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.api import answering, paging
from app.api.answering import Key
from app.api.campaigns import found
from app.api.entering import Entered, With
from app.api.shapes import Asked, Told
from app.api.taken import Removed, taken
from app.means import removals_common
from app.review import silences as verbs
from app.stories import silences

router = APIRouter(prefix="/api/v1/campaigns", tags=["reviews"])


class Silence(Told):
    """What closing would make of the items without an answer. `seen` goes back with the closing, which then takes away
    nothing else; `accounts` lose something, `emptied` of them every grant they hold."""

    answer: Literal["keep", "remove"]
    items: int
    seen: str
    by_reviewer: dict[str, int]
    privileged: int
    stays: int = Field(description="Of how many the answer of an earlier round stands, which lets them stay.")
    goes: int = Field(description="Of how many it stands and takes them away.")
    takes_away: list[Removed]
    accounts: int
    emptied: int
    rule: dict[str, Any] | None
    refused: str | None = Field(description="Why the review cannot be closed like that now.")


class PassingOn(Asked):
    """To whom what has no answer goes, and why."""

    to: Literal["manager", "owner"] = Field(examples=["owner"])
    reason: str = Field(max_length=2000, examples=["Nobody answered for two weeks."])


class PassedOn(Told):
    """How many items somebody else has now, and how many stayed: `theirs` of them were with whom they would have gone to
    already, and for the others nobody else may decide."""

    moved: int
    stayed: int
    theirs: int


@router.get("/{campaign_id}/silence")
def preview_silence(
    campaign_id: paging.Number, means: With, actor: Entered, answer: Literal["keep", "remove", "policy"] | None = None
) -> Silence:
    """What closing would make of what nobody answered, before it does. Without `answer` by the review's own rule."""
    with means.database.reading() as session:
        told = silences.preview(
            session,
            found(session, campaign_id),
            answer,
            common=removals_common(means.settings),
            by=actor,
            at=means.clock(),
        )
        return Silence(
            answer="keep" if told.answer == "keep" else "remove", items=told.items, seen=told.seen,
            by_reviewer=dict(told.by_reviewer), privileged=told.privileged, stays=told.stays, goes=told.goes,
            accounts=told.accounts, emptied=told.emptied,
            rule=told.rule.written() if told.rule is not None else None,
            refused=told.refusal.reason if told.refusal is not None else None,
            takes_away=[
                taken(each) for each in told.takes_away
            ],
        )  # fmt: skip


@router.put("/{campaign_id}/silence", response_model=PassedOn)
def pass_on(
    campaign_id: paging.Number, asked: PassingOn, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Hand what has no answer to the reviewers' managers, or to the systems' owners, who are asked once."""

    def verb(session: Session, at: Any) -> PassedOn:
        told = verbs.pass_on(session, campaign_id, to=asked.to, reason=asked.reason, by=actor, at=at)
        return PassedOn(moved=told.moved, stayed=told.stayed, theirs=told.theirs)

    return answering.once(means, actor, key, asked, request, verb)
