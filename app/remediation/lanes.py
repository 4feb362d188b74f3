"""What one system's removals are held by, where that is not what the settings say."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.kit import clock
from app.kit.refusal import insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.remediation import brakes
from app.remediation.brakes import Own
from app.remediation.tables import LaneRow


def brake(session: Session, system_id: int, own: Own, because: str, *, by: Actor, at: datetime) -> LaneRow:
    """Set exactly these for one system; what is None follows the settings. Its lane is sent to work, for it may go on now.

    Refuses numbers that are none, hours that cannot be meant, and no reason.
    """
    at = clock.utc(at)
    insist(brakes.why_not_brake(own, because))
    row = session.get(LaneRow, system_id)
    before = {} if row is None else {name: getattr(row, name) for name in asdict(own)}
    values = asdict(own) | {"left_out": list(own.left_out) if own.left_out is not None else None}
    if row is None:
        row = LaneRow(system_id=system_id, because=because.strip(), by=by.id, at=at, **values)
        session.add(row)
    else:
        for name, value in (values | {"because": because.strip(), "by": by.id, "at": at}).items():
            setattr(row, name, value)
    session.flush()
    body = {"system": system_id, "before": before, "now": values}
    personal = {"because": row.because}
    entries.record(session, Entry(Kind.LANE_CHANGED, f"system:{system_id}", body, personal), by=by.id, at=at)
    return row
