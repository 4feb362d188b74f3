"""Comments: what people say to each other about a finding. Never edited; the next one answers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.detection import ownership, policy
from app.detection.tables import FindingEventRow, FindingRow
from app.detection.turns import person_of
from app.kit.refusal import insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind


def add(session: Session, row: FindingRow, text: str, *, by: Actor, at: datetime) -> FindingEventRow:
    """Say something about a finding, a closed one too; its owner may, whatever their role. Refuses what is no sentence."""
    insist(ownership.why_not_comment(row.owner, by=by) or policy.why_not_say(text))
    event = FindingEventRow(finding_id=row.id, kind="commented", at=at, by=by.id, because=text.strip())
    session.add(event)
    session.flush()
    entry = Entry(
        Kind.FINDING_COMMENTED, f"finding:{row.id}", {"event": event.id}, {"comment": text.strip()}, person_of(row)
    )
    entries.record(session, entry, by=by.id, at=at)
    return event
