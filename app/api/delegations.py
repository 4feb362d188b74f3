"""Delegations: letting somebody else review for a time, and ending that."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, Field
from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.api import answering, paging, problems
from app.api.answering import Key
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import Asked, Nothing, Page, Told
from app.inventory import queries as inventory
from app.inventory.tables import IdentityRow
from app.review import apart, delegations
from app.review.tables import DelegationRow

router = APIRouter(prefix="/api/v1/delegations", tags=["reviews"])


class Delegating(Asked):
    """To whom, until when, and why. `of` is for administrators: whose reviewing it is; your own without."""

    to: str = Field(min_length=1, max_length=200, description="Roster id or e-mail address.", examples=["p-101"])
    of: str | None = Field(None, min_length=1, max_length=200, description="Roster id or e-mail address.")
    until: AwareDatetime = Field(description="Its end, at most 366 days after it began.")
    began: AwareDatetime | None = Field(None, description="When it begins; now without.")
    scope: str | None = Field(
        None, max_length=2000, description="An expression over campaign, system, kind, privileged and subject.",
        examples=['system = "Sales org" and not privileged'],
    )  # fmt: skip
    reason: str = Field(max_length=2000)


class Delegation(Told):
    """Somebody reviews for somebody else. `scope` null: everything."""

    id: int
    from_id: int
    to_id: int
    scope: str | None
    reason: str
    began: datetime
    until: datetime
    ended_at: datetime | None


class DelegationPage(Page):
    """A page of delegations."""

    delegations: list[Delegation]


@router.get("")
def list_delegations(means: With, actor: Entered, page: paging.Asked) -> DelegationPage:
    """Delegations from you and to you, the latest first; all of them for those who see all items."""
    mine = or_(DelegationRow.from_id == (actor.identity_id or 0), DelegationRow.to_id == (actor.identity_id or 0))
    statement = select(DelegationRow).where(true() if apart.sees_all(actor) else mine)
    with means.database.reading() as session:
        rows, after = page.page(session, statement, Order((DelegationRow.id,), falling=True))
        return DelegationPage(delegations=[Delegation.model_validate(row[0]) for row in rows], next=after)


@router.post("", status_code=201, response_model=Delegation)
def delegate(asked: Delegating, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Let somebody else review for a time. It ends by itself; what they have not answered then comes back."""

    def verb(session: Session, at: datetime) -> Delegation:
        giver = actor.identity_id if asked.of is None else _person(session, asked.of).id
        row = delegations.make(
            session, from_id=giver or 0, to_id=_person(session, asked.to).id, reason=asked.reason, until=asked.until,
            began=asked.began, scope=asked.scope, by=_insist_on_a_person(actor, giver), at=at,
        )  # fmt: skip
        return Delegation.model_validate(row)

    return answering.once(means, actor, key, asked, request, verb, status=201)


@router.put("/{delegation_id}/ending", response_model=Delegation)
def end_delegation(
    delegation_id: paging.Number, asked: Nothing, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """End one before its time. 404 also when it is not yours to end."""

    def verb(session: Session, at: datetime) -> Delegation:
        return Delegation.model_validate(delegations.end(session, delegation_id, by=actor, at=at))

    return answering.once(means, actor, key, asked, request, verb)


def _person(session: Session, named: str) -> IdentityRow:
    person = inventory.find_identity(session, named)
    if person is None:
        raise problems.not_found("person", named)
    return person


def _insist_on_a_person(actor: Actor, giver: int | None) -> Actor:
    if giver is None:  # a program has no share that it could give
        raise problems.not_found("share of reviews", "yours")
    return actor
