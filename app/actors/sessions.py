"""Sign-ins at the console: rows here, and in the browser a cookie whose hash alone is kept.

A session ends by idling, after a fixed time whatever happens, when it is signed out or ended by an admin, when its actor's
rights change, and with its actor. Signing in always makes a new one, so that a cookie planted beforehand opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.actors import endings, policy, queries, secret
from app.actors.actor import Actor
from app.actors.tables import ActorRow, SessionRow
from app.kit.refusal import Refused
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind

_USE_IS_NOTED_EVERY = timedelta(minutes=1)  # not on each request: that would make every read a write


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a sign-in lasts: without a click, and in any case."""

    idle: timedelta
    whole: timedelta


def begin(
    session: Session, actor: ActorRow, *, way: str, entry: bytes, limits: Limits, campaign_id: int | None = None,
    at: datetime,
) -> tuple[SessionRow, str]:  # fmt: skip
    """Sign an actor in; the row, and the cookie's value, which cannot be had again.

    `entry` is the digest (32 bytes) of what lets them in: the same thing a second time is refused (400).
    """
    identifier, value = secret.make()
    row = SessionRow(
        id=identifier,
        hash=secret.digest(value),
        actor_id=actor.id,
        way=way,
        campaign_id=campaign_id,
        entry=entry,
        began=at,
        seen=at,
        expires=at + limits.whole,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Refused(policy.used_before()) from None
    body = {"session": identifier, "way": way, "campaign": campaign_id}
    entries.record(session, Entry(Kind.SESSION_BEGUN, f"actor:{actor.id}", body), by=actor.id, at=at)
    return row, value


def resume(session: Session, presented: str, *, limits: Limits, at: datetime) -> tuple[Actor, SessionRow]:
    """Who presents this cookie. Refuses (401) whatever is not known, has ended or idled; it does not say which."""
    row = session.scalar(select(SessionRow).where(SessionRow.hash == secret.digest(presented)))
    if row is None or row.ended is not None or row.expires <= at or row.seen + limits.idle <= at:
        raise Refused(policy.not_signed_in())
    actor = queries.actor(session, row.actor_id, way=row.way, at=at)
    if actor is None:
        raise Refused(policy.not_signed_in())
    return replace(actor, campaign_id=row.campaign_id), row


def is_stale(row: SessionRow, at: datetime) -> bool:
    """Whether the last click on record is old enough to be worth a write."""
    return at - row.seen > _USE_IS_NOTED_EVERY


def note_use(session: Session, session_id: str, *, at: datetime) -> None:
    """Write down that the session was used, unless it ended meanwhile. No ledger entry: a click is not an act."""
    row = session.get(SessionRow, session_id)
    if row is not None and row.ended is None:
        row.seen = at


def end(session: Session, row: SessionRow, *, by: Actor, at: datetime) -> None:
    """Sign one browser out. Ending it again changes nothing."""
    if row.ended is not None:
        return
    row.ended = at
    entries.record(session, Entry(Kind.SESSION_ENDED, f"actor:{row.actor_id}", {"session": row.id}), by=by.id, at=at)
    session.flush()


def leave(session: Session, presented: str, *, at: datetime) -> None:
    """End the session behind a cookie, if there is one: its browser signs in anew, or out."""
    row = session.scalar(select(SessionRow).where(SessionRow.hash == secret.digest(presented)))
    if row is None or row.ended is not None:
        return
    row.ended = at
    body = {"session": row.id}
    entries.record(session, Entry(Kind.SESSION_ENDED, f"actor:{row.actor_id}", body), by=row.actor_id, at=at)
    session.flush()


def end_all(session: Session, actor_id: str, *, but: str | None = None, by: Actor, at: datetime) -> int:
    """Sign an actor out everywhere, or everywhere but in one session; how many ended."""
    count = endings.sessions(session, actor_id, but=but, at=at)
    if count:
        entries.record(session, Entry(Kind.SESSION_ENDED, f"actor:{actor_id}", {"sessions": count}), by=by.id, at=at)
    return count


def forget(session: Session, *, before: datetime) -> None:
    """Drop rows of sign-ins that were over before a moment; the ledger keeps that they were."""
    session.execute(delete(SessionRow).where(SessionRow.expires < before))
