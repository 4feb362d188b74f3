"""Takes a person's values out of the ledger, and leaves every proof as it was.

Entries hold commitments only. Without value and salt a commitment cannot be opened, not even by trying every name there is.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.tables import PersonalRow


def erase(session: Session, person: str, *, by: str, at: datetime) -> int:
    """Delete every personal value and salt kept for `person` ("identity:7") and write that down. Returns how many.

    The entry names the person by key only. A second request finds nothing, and is written down as well.
    """
    if session.get_bind().dialect.name == "sqlite":
        session.execute(
            text("PRAGMA secure_delete = ON")
        )  # overwrite the pages, else the values stay readable in the file
    many = session.scalar(select(func.count()).where(PersonalRow.person == person)) or 0
    session.execute(delete(PersonalRow).where(PersonalRow.person == person))
    entries.record(session, Entry(Kind.PERSON_ERASED, person, {"values": many}), by=by, at=at)
    return many
