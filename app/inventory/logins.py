"""Sign-ins and sessions: sign-ins are looked at one account at a time, which leaves an entry; both are kept for a time.

Afterwards an account's first and last use remain of its sign-ins, and nothing of its sessions. A page of the last reading
that was kept to compare the next one with goes as soon as one sign-in on it is too old.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory import packing
from app.inventory.tables import AccountRow, LoginRow, ObservationRow, SnapshotRow, SpoolRow
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from connectors.records import Stream


def look(session: Session, account: AccountRow, *, by: Actor, at: datetime, limit: int = 200) -> Sequence[LoginRow]:
    """The latest sign-ins of one account, the newest first. That somebody looked is written down."""
    found = select(LoginRow).where(LoginRow.account_id == account.id)
    rows = session.scalars(found.order_by(LoginRow.at.desc(), LoginRow.id.desc()).limit(limit)).all()
    body = {"sign_ins": len(rows)}
    entries.record(session, Entry(Kind.LOGINS_SEEN, f"account:{account.id}", body), by=by.id, at=at)
    return rows


def forget(session: Session, *, before: datetime, by: Actor, at: datetime) -> int:
    """Delete sign-ins from before a moment. Returns how many; one ledger entry says so if there were any."""
    gone = int(session.execute(delete(LoginRow).where(LoginRow.at < before)).rowcount)  # type: ignore[attr-defined]
    _forget_pages(session, before)
    if gone:
        body = {"before": before.isoformat(), "sign_ins": gone}
        entries.record(session, Entry(Kind.LOGINS_FORGOTTEN, "logins", body), by=by.id, at=at)
    return gone


def _forget_pages(session: Session, before: datetime) -> None:
    """Of pages that were kept those with an older sign-in, and those of another release: nobody compares with them."""
    sealed = select(SnapshotRow.id).where(SnapshotRow.status == "sealed")
    old = or_(SpoolRow.oldest < before, SpoolRow.form.is_distinct_from(packing.FORM))
    session.execute(delete(SpoolRow).where(SpoolRow.stream == Stream.LOGINS, SpoolRow.snapshot_id.in_(sealed), old))


def forget_sessions(session: Session, *, before: datetime, by: Actor, at: datetime) -> int:
    """Delete sessions that were first seen before a moment. Returns how many; one ledger entry if there were any."""
    old = (ObservationRow.stream == Stream.SESSIONS, ObservationRow.began < before)
    gone = int(session.execute(delete(ObservationRow).where(*old)).rowcount)  # type: ignore[attr-defined]
    if gone:
        body = {"before": before.isoformat(), "sessions": gone}
        entries.record(session, Entry(Kind.SESSIONS_FORGOTTEN, "sessions", body), by=by.id, at=at)
    return gone
