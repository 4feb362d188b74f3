"""A second person's word that a review may open on readings that fall short.

Who gives it signs in as themselves; what they get back is bound to one review's name and scope, to them, and to an hour.
Somebody else opens the review with it. The word, with both names, is kept with the campaign and printed on its evidence.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.actors import queries as actors
from app.actors.tables import ActorRow
from app.api import answering
from app.api.answering import Key
from app.api.entering import Entered, With
from app.api.shapes import Asked, Told
from app.inventory import queries as inventory
from app.kit.refusal import Refusal, Refused
from app.means import Means
from app.review.policy import Override

router = APIRouter(prefix="/api/v1/overrides", tags=["reviews"])
GOOD_FOR = timedelta(hours=1)


class Overriding(Asked):
    """For which review, and why it may open although its readings fall short."""

    name: str = Field(min_length=1, max_length=200, examples=["Q4 2026"])
    scope: dict[str, Any] = Field(examples=[{"systems": "all", "fallback": "p-100"}])
    reason: str = Field(min_length=10, max_length=2000, examples=["HubSpot is down until Monday; its part follows"])


class Given(Told):
    """The word to hand to whoever opens the review, good for an hour."""

    override: str
    until: datetime


@router.post("", status_code=201, response_model=Given)
def give_override(asked: Overriding, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Give your word. Nothing happens until somebody else opens the review with it."""

    def word(_session: Session, at: datetime) -> Given:
        until = at + GOOD_FOR
        about = _about(asked.name, asked.scope)
        body = {"by": actor.id, "reason": asked.reason, "of": about, "until": until.isoformat()}
        raw = json.dumps(body, separators=(",", ":")).encode()
        sealed = _tag(means.keys.derive("links"), raw) + raw
        return Given(override=base64.urlsafe_b64encode(sealed).decode(), until=until)

    return answering.once(means, actor, key, asked, request, word, status=201)


def read(means: Means, word: str | None, name: str, scope: dict[str, Any]) -> Override | None:
    """The override behind a word. Refuses one that we did not give, that has run out, or that is another review's."""
    if word is None:
        return None
    try:
        given = base64.urlsafe_b64decode(word)
    except ValueError:
        raise _no("This is no override of ours.") from None
    tag, raw = given[:32], given[32:]
    if not any(hmac.compare_digest(tag, _tag(key, raw)) for key in means.keys.derive_all("links")):
        raise _no("This is no override of ours.")
    body, at = json.loads(raw), means.clock()
    if datetime.fromisoformat(body["until"]) <= at:
        raise _no("This override has run out.")
    if body["of"] != _about(name, scope):
        raise _no("This override was given for another review.")
    with means.database.reading() as session:
        who = actors.actor(session, body["by"], way="token", at=at)
        row = session.get(ActorRow, who.id) if who is not None else None
        person = inventory.find_identity(session, row.person_key or row.email or "") if row is not None else None
    if who is None:
        raise _no("Who gave this override is no actor here any more.")
    return Override(replace(who, identity_id=person.id if person is not None else None), body["reason"])


def _about(name: str, scope: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps([name, scope], sort_keys=True).encode()).hexdigest()


def _tag(key: bytes, raw: bytes) -> bytes:
    return hmac.new(key, b"override\x00" + raw, hashlib.sha256).digest()


def _no(reason: str) -> Refused:
    return Refused(
        Refusal("no_override", reason, "Ask a second admin for a new one: POST /api/v1/overrides.", status=422)
    )
