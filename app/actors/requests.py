"""Requests that were answered already: the same Idempotency-Key gives the same answer, and does nothing again.

The key's row is inserted first, in the verb's own transaction: two at once, and the second waits for the first to commit,
then finds its answer.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.actors.tables import RequestKeyRow
from app.kit.refusal import Refusal, Refused


def claim(session: Session, key: str, body: bytes, *, by: Actor, at: datetime) -> tuple[int, dict[str, Any]] | None:
    """Claim the key for this body, or give the answer it already had. Refuses (422) the key with another body."""
    digest = hashlib.sha256(body).digest()
    values = {"actor_id": by.id, "key": key, "digest": digest, "at": at}
    dialect = session.get_bind().dialect.name
    made = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(RequestKeyRow).values(values)
    if session.execute(made.on_conflict_do_nothing()).rowcount == 1:  # type: ignore[attr-defined]
        return None
    return known(session, key, body, by=by)


def known(session: Session, key: str, body: bytes, *, by: Actor) -> tuple[int, dict[str, Any]] | None:
    """The answer this key already had, without claiming it. Refuses (422) the key with another body."""
    row = session.scalar(select(RequestKeyRow).where(RequestKeyRow.actor_id == by.id, RequestKeyRow.key == key))
    if row is None:
        return None
    if row.digest != hashlib.sha256(body).digest():
        raise Refused(
            Refusal(
                "key_reused",
                "This Idempotency-Key (of a hook: this webhook-id) was used for another request.",
                "Send a new one with a new request.",
                status=422,
            )
        )
    if row.status is None or row.answer is None:
        return None
    return row.status, row.answer


def answer(session: Session, key: str, status: int, body: dict[str, Any], *, by: Actor) -> None:
    """Keep the answer with its key."""
    session.execute(
        update(RequestKeyRow)
        .where(RequestKeyRow.actor_id == by.id, RequestKeyRow.key == key)
        .values(status=status, answer=body)
    )


def forget(session: Session, *, before: datetime) -> None:
    """Drop keys from before a moment; who repeats a request after that long means it anew."""
    session.execute(delete(RequestKeyRow).where(RequestKeyRow.at < before))
