"""Forgetting sign-ins and sessions: single ones are kept for a time.

Afterwards an account's first and last use remain of its sign-ins, and nothing of its sessions.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory.tables import LoginRow, ObservationRow
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from connectors.records import Stream


def forget(session: Session, *, before: datetime, by: Actor, at: datetime) -> int:
    """Delete sign-ins from before a moment. Returns how many; one ledger entry says so if there were any."""
    gone = int(session.execute(delete(LoginRow).where(LoginRow.at < before)).rowcount)  # type: ignore[attr-defined]
    if gone:
        body = {"before": before.isoformat(), "sign_ins": gone}
        entries.record(session, Entry(Kind.LOGINS_FORGOTTEN, "logins", body), by=by.id, at=at)
    return gone


def forget_sessions(session: Session, *, before: datetime, by: Actor, at: datetime) -> int:
    """Delete sessions that were first seen before a moment. Returns how many; one ledger entry if there were any."""
    old = (ObservationRow.stream == Stream.SESSIONS, ObservationRow.began < before)
    gone = int(session.execute(delete(ObservationRow).where(*old)).rowcount)  # type: ignore[attr-defined]
    if gone:
        body = {"before": before.isoformat(), "sessions": gone}
        entries.record(session, Entry(Kind.SESSIONS_FORGOTTEN, "sessions", body), by=by.id, at=at)
    return gone
