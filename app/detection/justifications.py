"""Putting on file why an account holds privileged access, and until when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.detection import policy
from app.detection.tables import JustificationRow
from app.inventory.tables import AccountRow
from app.kit import ids
from app.kit.refusal import insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind


def record(
    session: Session, account: AccountRow, reason: str, *, until: datetime, most_days: int, by: Actor, at: datetime
) -> JustificationRow:
    """Write down the reason for one account's privileges. Refuses a word for a sentence, and an end too far away."""
    insist(policy.why_not_justify(reason, until, at, most_days))
    row = JustificationRow(id=ids.uuid7(), account_id=account.id, reason=reason, by=by.id, at=at, until=until)
    session.add(row)
    entry = Entry(
        Kind.PRIVILEGE_JUSTIFIED,
        f"account:{account.id}",
        {"until": until.isoformat()},
        {"reason": reason},
        f"identity:{account.identity_id}" if account.identity_id is not None else f"account:{account.id}",
    )
    entries.record(session, entry, by=by.id, at=at)
    session.flush()
    return row
