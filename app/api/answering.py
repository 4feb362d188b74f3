"""Answering a write once: the Idempotency-Key's row is claimed in the verb's own transaction, and its answer kept there."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import Header, Request, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.actors import requests
from app.actors.actor import Actor
from app.kit.refusal import Refusal, Refused
from app.means import Means

Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]
IfMatch = Annotated[str | None, Header(alias="If-Match", description='The version you saw, as in ETag: "3"')]


def once(
    means: Means,
    actor: Actor,
    key: str | None,
    asked: BaseModel,
    request: Request,
    verb: Callable[[Session, datetime], BaseModel],
    *,
    status: int = 200,
) -> Response:
    """Do the verb in one transaction and answer with what it made; the same key again gives the same answer."""
    body = f"{request.method} {request.url.path}\n{asked.model_dump_json()}".encode()
    at = means.clock()
    with means.database.transaction() as session:
        known = requests.claim(session, key, body, by=actor, at=at) if key else None
        if known is not None:
            return _answer(known[0], known[1], repeated=True)
        made = verb(session, at).model_dump(mode="json")
        if key:
            requests.answer(session, key, status, made, by=actor)
    return _answer(status, made, repeated=False)


def version(if_match: str | None) -> int | None:
    """The version named by If-Match, or None. Refuses (400) what is not one of our ETags."""
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not text.isdigit():
        raise Refused(
            Refusal(
                "bad_if_match", "If-Match is not a version of ours.", 'Send the ETag you were given: "3".', status=400
            )
        )
    return int(text)


def _answer(status: int, body: dict[str, Any], *, repeated: bool) -> Response:
    headers = {"Idempotency-Replayed": "true"} if repeated else {}
    if isinstance(body.get("version"), int):
        headers["ETag"] = f'"{body["version"]}"'
    return Response(json.dumps(body), status, headers=headers, media_type="application/json")
