"""Takes somebody out of what was found about them, and out of what was said of it: that it was found, and when, stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.detection.tables import FindingEventRow, FindingRow, JustificationRow, WaiverRow
from app.inventory.naming import GONE, Named, blank
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind

COMMENTED = "commented"


def erase(session: Session, named: Named, *, by: Actor, at: datetime) -> None:
    """Blank a person's names in the facts of their findings, and take away what people wrote about these findings."""
    about = or_(FindingRow.identity_id == named.identity, FindingRow.account_id.in_(named.accounts))
    found = list(session.scalars(select(FindingRow).where(about)))
    for row in found:
        row.facts, row.because = blank(row.facts, named.words), blank(row.because, named.words)
    numbers = [row.id for row in found]
    for event in session.scalars(select(FindingEventRow).where(FindingEventRow.finding_id.in_(numbers))):
        event.because = GONE if event.kind == COMMENTED else blank(event.because, named.words)
    waivers = update(WaiverRow).where(WaiverRow.finding_id.in_(numbers))
    session.execute(waivers.values(reason=GONE))
    session.execute(waivers.where(WaiverRow.because.is_not(None)).values(because=GONE))
    reasons = update(JustificationRow).where(JustificationRow.account_id.in_(named.accounts))
    session.execute(reasons.values(reason=GONE))
    session.flush()
    body = {"where": "findings", "findings": len(numbers)}
    entries.record(session, Entry(Kind.PERSON_ERASED, f"identity:{named.identity}", body), by=by.id, at=at)
