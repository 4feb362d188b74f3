"""Preferences: when a reader is not to be spoken to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.kit.refusal import insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.notices import policy
from app.notices.tables import PreferenceRow
from app.notices.timing import Quiet


def choose(session: Session, whom: str, quiet: Quiet, *, by: Actor, at: datetime) -> PreferenceRow:
    """Keep a reader's quiet hours: `whom` is "identity:7", an actor's id, or "channel:3". Refuses hours that are none."""
    insist(policy.why_not_quiet(quiet.zone, quiet.begins, quiet.ends))
    row = session.get(PreferenceRow, whom)
    if row is None:
        row = PreferenceRow(whom=whom)
        session.add(row)
    row.zone, row.quiet_from, row.quiet_until, row.weekends = quiet.zone, quiet.begins, quiet.ends, quiet.weekends
    entries.record(session, Entry(Kind.PREFERENCE_CHANGED, f"reader:{whom}"), by=by.id, at=at)
    session.flush()
    return row
