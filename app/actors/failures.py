"""Failed tries to get in, counted by where they come from and by whose secret was missed; who fails too often waits.

They are rows, so that several processes count together and a restart forgets nothing. What counts is how many different
things were presented: a guesser shows a new one each time, a program with an old token shows the same one for ever, and
must not lock out its neighbours. Where from is kept as a keyed digest, never as an address, and for a day.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.tables import FailedEntryRow
from app.kit.refusal import Refusal

WINDOW = timedelta(minutes=15)
KEPT = timedelta(days=1)
_AGAIN_AFTER = timedelta(minutes=1)  # the same thing again is noted once a minute: being wrong must not cost us a write


def source(key: bytes, door: str, address: str | None) -> bytes:
    """Where a try comes from, as a digest (16 bytes): this door, and an address or an IPv6 network (/64: one household)."""
    text = address or "unknown"
    try:
        found = ipaddress.ip_address(text.split("%")[0])
        mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
        text = str(
            ipaddress.ip_network((mapped or found, 64 if found.version == 6 and not mapped else 32), strict=False)
        )
    except ValueError:
        pass  # not an address: a test, or a socket
    return hmac.new(key, f"{door} {text}".encode(), hashlib.sha256).digest()[:16]


def why_not_try(session: Session, source: bytes, subject: str | None, *, limit: int, at: datetime) -> Refusal | None:
    """Why this has to wait (429): `limit` different wrong things came from there, or for this subject, in 15 minutes."""
    until = _until(session, FailedEntryRow.source == source, limit, at)
    if until is None and subject is not None:
        until = _until(session, FailedEntryRow.subject == subject, limit, at)
    return policy.too_many_tries(ceil((until - at).total_seconds())) if until is not None else None


def note(session: Session, source: bytes, presented: str, subject: str | None, *, at: datetime) -> None:
    """Write down that something wrong was presented; the same again changes nothing but its time."""
    values = {"source": source, "presented": _digest(presented), "subject": subject, "at": at}
    dialect = session.get_bind().dialect.name
    made = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(FailedEntryRow).values(values)
    session.execute(
        made.on_conflict_do_update(
            index_elements=["source", "presented"],
            set_={"at": at, "subject": subject},
            where=FailedEntryRow.at < at - _AGAIN_AFTER,
        )
    )


def is_noted(session: Session, source: bytes, presented: str, *, at: datetime) -> bool:
    """Whether this very thing was noted within the last minute, so that noting it again would change nothing."""
    row = session.get(FailedEntryRow, (source, _digest(presented)))
    return row is not None and row.at >= at - _AGAIN_AFTER


def forget(session: Session, *, before: datetime) -> None:
    """Drop what was presented before a moment."""
    session.execute(delete(FailedEntryRow).where(FailedEntryRow.at < before))


def _digest(presented: str) -> bytes:
    return hashlib.sha256(presented.encode("utf-8", "surrogatepass")).digest()[:16]


def _until(session: Session, whose: ColumnElement[bool], limit: int, at: datetime) -> datetime | None:
    """Until when there are too many: the oldest of the newest `limit` leaves the window then."""
    recent = select(FailedEntryRow.at).where(whose, FailedEntryRow.at > at - WINDOW)
    oldest = session.scalar(recent.order_by(FailedEntryRow.at.desc()).offset(limit - 1).limit(1))
    return oldest + WINDOW if oldest is not None else None
