"""Passes over the rules that somebody asked for, without a reading: a worker makes them, over all, as it does each night.

For whoever has turned a number, matched accounts or given reasons, and will not wait for the morning.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.detection import policy
from app.inventory import queries as inventory
from app.inventory.tables import SystemRow
from app.kit.refusal import insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind


def ask(session: Session, system: SystemRow, *, by: Actor, at: datetime) -> uuid.UUID:
    """Have every rule asked of a system now. Refuses a roster, and what was never read. Returns the entry that says so."""
    read = inventory.latest_sealed(session, system.id) is not None
    insist(policy.why_not_ask_rules(system.name, system.kind, read=read))
    return entries.record(
        session, Entry(Kind.DETECTION_REQUESTED, f"system:{system.id}", {"system": system.id}), by=by.id, at=at
    )
