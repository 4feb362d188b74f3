"""Answering a write once, and only what was seen: Idempotency-Key and If-Match.

The key's row is claimed in the verb's own transaction, and its answer kept there. A version that was seen is held against
the present one in the same transaction; whoever comes second is told who was first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import Header, Request, Response
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors import requests
from app.actors.actor import Actor
from app.actors.tables import ActorRow
from app.kit.refusal import Refusal, Refused
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from app.means import Means

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        min_length=1,
        description="The same key with the same request gives the same answer and does nothing again.",
    ),
]
IfMatch = Annotated[
    str | None, Header(alias="If-Match", max_length=200, description='The version you saw, as in ETag: "3"')
]
NOTHING = 204


def once(
    means: Means,
    actor: Actor,
    key: str | None,
    asked: BaseModel,
    request: Request,
    verb: Callable[[Session, datetime], BaseModel | None],
    *,
    status: int = 200,
    before: Callable[[], None] | None = None,
    kept: Callable[[dict[str, Any]], dict[str, Any]] = dict,
) -> Response:
    """Do the verb in one transaction and answer with what it made; the same key again gives the same answer.

    `before` runs outside the transaction, and not for a request that was answered already: it may ask somebody else.
    `kept` says what of the answer may be stored: a secret that is shown once is not.
    """
    body = f"{request.method} {request.url.path}\n{asked.model_dump_json()}".encode()
    at = means.clock()
    if before is not None:
        if key:
            with means.database.reading() as session:
                answered = requests.known(session, key, body, by=actor)
            if answered is not None:
                return _answer(answered[0], answered[1], repeated=True)
        before()
    with means.database.transaction() as session:
        known = requests.claim(session, key, body, by=actor, at=at) if key else None
        if known is not None:
            return _answer(known[0], known[1], repeated=True)
        told = verb(session, at)
        made = told.model_dump(mode="json") if told is not None else {}
        status = NOTHING if told is None else status
        if key:
            requests.answer(session, key, status, kept(made), by=actor)
    return _answer(status, made, repeated=False)


def version(if_match: str | None) -> int | None:
    """The version named by If-Match, or None. Refuses (400) what is not one of our ETags."""
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Refused(
            Refusal(
                "bad_if_match", "If-Match is not a version of ours.", 'Send the ETag you were given: "3".', status=400
            )
        )
    return int(text)


def insist_unchanged(
    session: Session, if_match: str | None, now: int, subject: str, kinds: Sequence[Kind], *, what: str
) -> None:
    """Refuse (412) when the row is no longer as it was seen, naming the latest act of these kinds on the subject."""
    seen = version(if_match)
    if seen is None or seen == now:
        return
    winner = session.scalar(
        select(EntryRow)
        .where(EntryRow.subject == subject, EntryRow.kind.in_(kinds))
        .order_by(EntryRow.at.desc(), EntryRow.id.desc())
        .limit(1)
    )
    facts: dict[str, object] = {"version": now}
    told = "It is another version now."
    if winner is not None:
        author = session.get(ActorRow, winner.author)
        who = author.name if author is not None else winner.author
        facts |= {"act": winner.kind, "by": winner.author, "who": who, "at": winner.at.isoformat()}
        told = f"Last: {winner.kind}, by {who}, at {winner.at.isoformat(timespec='seconds')}."
    raise Refused(
        Refusal("changed_meanwhile", f"The {what} changed since you looked. {told}", "Look again.", 412, facts)
    )


def tag(response: Response, version: int) -> None:
    """Say which version this is."""
    response.headers["ETag"] = f'"{version}"'


def _answer(status: int, body: dict[str, Any], *, repeated: bool) -> Response:
    headers = {"Idempotency-Replayed": "true"} if repeated else {}
    if isinstance(body.get("version"), int):
        headers["ETag"] = f'"{body["version"]}"'
    if status == NOTHING:
        return Response(status_code=status, headers=headers)
    return Response(json.dumps(body), status, headers=headers, media_type="application/json")
