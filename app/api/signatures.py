"""What came of a review, and its control owner's signature under it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.actors import policy as rights
from app.actors.actor import Actor
from app.actors.policy import May
from app.api import answering, paging, problems
from app.api.answering import IfMatch, Key
from app.api.entering import Entered, With
from app.api.shapes import Asked, Number, Told
from app.ledger.kinds import Kind
from app.review import queries, signatures
from app.review.tables import CampaignRow
from app.stories import signing

router = APIRouter(prefix="/api/v1/campaigns", tags=["reviews"])
_TURNS = (Kind.CAMPAIGN_CLOSED, Kind.OUTCOME_SIGNED, Kind.CONTROL_OWNER_NAMED)


class SignableOutcome(Told):
    """What there is to sign, and the signature. `leaf` is of the entry that closed the review; null while it is open."""

    campaign: int
    owner: int | None = Field(description="Its control owner, by identity; null: it has none.")
    leaf: str | None
    counts: dict[str, Any] | None
    removals: dict[str, int] = Field(description="What became of them by now, or when it was signed.")
    acceptance: dict[str, Any] | None = Field(description="What the control owner accepted before it opened.")
    signature: dict[str, Any] | None
    why_not: str | None = Field(description="Why you cannot sign it.")


class Signing(Asked):
    """What you looked at. `seen`: the `leaf` of the closing that you signed for; another one is 412."""

    remark: str = Field(min_length=10, max_length=2000, examples=["looked at the removals and at what nobody answered"])
    seen: str | None = Field(None, max_length=64)


class NamingOwner(Asked):
    """Who answers for it from now on, by identity, and why it is not the former."""

    owner_id: Number
    reason: str = Field(max_length=2000, examples=["has left the company"])


@router.get("/{campaign_id}/signature")
def get_signature(campaign_id: paging.Number, means: With, actor: Entered, response: Response) -> SignableOutcome:
    """What there is to sign, or what was signed: for its control owner, and for those who see reviews."""
    with means.database.reading() as session:
        row = _found(session, campaign_id, actor)
        answering.tag(response, row.version)
        return _outcome(session, row, actor)


@router.put("/{campaign_id}/signature", response_model=SignableOutcome)
def sign_outcome(
    campaign_id: paging.Number, asked: Signing, request: Request, means: With, actor: Entered, key: Key = None,
    if_match: IfMatch = None,
) -> Response:  # fmt: skip
    """Sign what came of a closed review, as its control owner, once."""

    def verb(session: Session, at: datetime) -> SignableOutcome:
        _unchanged(session, campaign_id, actor, if_match)
        row = signatures.give(
            session, campaign_id, remark=asked.remark, removals=signing.removals(session, campaign_id), seen=asked.seen,
            by=actor, at=at,
        )  # fmt: skip
        return _outcome(session, row, actor)

    return answering.once(means, actor, key, asked, request, verb)


@router.put("/{campaign_id}/control-owner", response_model=SignableOutcome)
def name_control_owner(
    campaign_id: paging.Number, asked: NamingOwner, request: Request, means: With, actor: Entered, key: Key = None,
    if_match: IfMatch = None,
) -> Response:  # fmt: skip
    """Name another control owner of a review that is not signed. What was accepted stays the former's word."""

    def verb(session: Session, at: datetime) -> SignableOutcome:
        _unchanged(session, campaign_id, actor, if_match)
        row = signatures.name(session, campaign_id, to_id=asked.owner_id, reason=asked.reason, by=actor, at=at)
        return _outcome(session, row, actor)

    return answering.once(means, actor, key, asked, request, verb)


def _outcome(session: Session, row: CampaignRow, actor: Actor) -> SignableOutcome:
    closed, refusal = signatures.closure(session, row.id), signatures.why_not(session, row, by=actor)
    return SignableOutcome(
        campaign=row.id,
        owner=row.owner_id,
        leaf=closed.leaf if closed is not None else None,
        counts=dict(closed.counts) if closed is not None else None,
        removals=row.signature["removals"] if row.signature else signing.removals(session, row.id),
        acceptance=row.acceptance,
        signature=row.signature,
        why_not=refusal.reason if refusal is not None else None,
    )


def _found(session: Session, campaign_id: int, actor: Actor) -> CampaignRow:
    """The review, for its control owner and for those who see reviews; there is none for others."""
    row = queries.campaign(session, campaign_id)
    sees = rights.why_not(actor, May.SEE_CAMPAIGNS) is None
    if row is None or not (sees or (row.owner_id is not None and row.owner_id == actor.identity_id)):
        raise problems.not_found("campaign", campaign_id)
    return row


def _unchanged(session: Session, campaign_id: int, actor: Actor, if_match: str | None) -> None:
    row = _found(session, campaign_id, actor)
    answering.insist_unchanged(session, if_match, row.version, f"campaign:{row.id}", _TURNS, what="review")
