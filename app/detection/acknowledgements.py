"""Acknowledging findings: somebody says that they have seen it, so that nobody else needs to be woken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.actors import policy as rights
from app.actors.actor import Actor
from app.actors.policy import May
from app.detection import policy
from app.detection.tables import FindingRow
from app.detection.turns import turn
from app.kit.refusal import insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind


def give(session: Session, rows: Sequence[FindingRow], *, by: Actor, at: datetime) -> list[FindingRow]:
    """Take note of findings, each with an entry of its own. Refuses a closed one; again changes nothing.

    Returns those of which nobody had taken note yet.
    """
    insist(rights.why_not(by, May.HANDLE_FINDINGS))
    for row in rows:
        insist(policy.why_not_settle(row.status))
    fresh = [row for row in rows if row.acknowledged_at is None]
    for row in fresh:
        turn(session, row, "acknowledged", "", by=by, at=at, acknowledged_at=at, acknowledged_by=by.id)
    noted = [Entry(Kind.FINDING_ACKNOWLEDGED, f"finding:{row.id}", {"times": row.times_opened}) for row in fresh]
    entries.record_many(session, noted, by=by.id, at=at)
    return fresh
