"""Takes somebody out of the log of messages: those to them, and those that name what is nobody else's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, cast, delete, func, or_, select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory.naming import Named, blank
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.notices.tables import DeliveryRow, PreferenceRow


def erase(session: Session, named: Named, *, by: Actor, at: datetime) -> None:
    """Blank a person's names in the facts of messages, and forget their quiet hours. That a message went out stays."""
    reader = f"identity:{named.identity}"
    text = func.lower(cast(DeliveryRow.facts, String))
    mentions = [text.contains(word.lower(), autoescape=True) for word in sorted(named.own)]
    reached = list(session.scalars(select(DeliveryRow).where(or_(DeliveryRow.whom == reader, *mentions))))
    for row in reached:
        row.facts = blank(row.facts, named.words if row.whom == reader else named.own)
    session.execute(delete(PreferenceRow).where(PreferenceRow.whom == reader))
    session.flush()
    body = {"where": "messages", "messages": len(reached)}
    entries.record(session, Entry(Kind.PERSON_ERASED, reader, body), by=by.id, at=at)
