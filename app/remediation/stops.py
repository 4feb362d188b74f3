"""The stop that everybody who may can pull: every lane obeys before its next call, in every system, until it is ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.kit import clock, ids
from app.kit.refusal import Refusal, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.remediation import brakes, braking
from app.remediation.tables import StopRow


def pull(session: Session, reason: str, *, by: Actor, at: datetime) -> StopRow:
    """Stop every removal. Refuses when they are stopped already, and without a reason."""
    at = clock.utc(at)
    insist(brakes.why_not_stop(braking.stop(session), reason))
    row = StopRow(id=ids.uuid7(), standing=True, by=by.id, at=at, reason=reason.strip())
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        insist(Refusal("stopped_already", "Somebody else has stopped them just now.", "Look again.", 412))
    personal = {"reason": row.reason}
    entries.record(session, Entry(Kind.REMOVALS_STOPPED, f"stop:{row.id}", {}, personal), by=by.id, at=at)
    return row


def end(session: Session, reason: str, *, by: Actor, at: datetime) -> StopRow:
    """Let removals go on; each lane is sent to work. Refuses when they are not stopped, and without a reason."""
    at = clock.utc(at)
    row = braking.stop_row(session)
    insist(brakes.why_not_resume(braking.stop(session), reason))
    assert row is not None  # noqa: S101
    row.standing, row.ended_by, row.ended_at, row.ended_reason = None, by.id, at, reason.strip()
    session.flush()
    personal = {"reason": row.ended_reason}
    body = {"stopped_at": row.at.isoformat()}
    entries.record(session, Entry(Kind.REMOVALS_RESUMED, f"stop:{row.id}", body, personal), by=by.id, at=at)
    return row
