"""Writing down what happened."""

from datetime import datetime

import pytest
from sqlalchemy import select

from app.kit.db import Database
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow, PendingRow, PersonalRow


def test_a_personal_value_enters_the_entry_only_as_a_commitment(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        entry = Entry(Kind.ACTOR_MADE, "actor:1", {"role": "admin"}, {"email": "ada@example.com"}, "actor:1")
        made = entries.record(session, entry, by="cli", at=at)
    with database.reading() as session:
        row = session.get(EntryRow, made)
        kept = session.scalars(select(PersonalRow)).one()
    assert row is not None
    assert "ada@example.com" not in str(row.body)
    assert row.body["email"]["commitment"] == entries.commitment(kept.salt, kept.value)


def test_an_entry_that_something_follows_leaves_a_pending_row(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        loud = entries.record(session, Entry(Kind.SNAPSHOT_SEALED, "snapshot:1"), by="worker", at=at)
        entries.record(session, Entry(Kind.DECISION_RECORDED, "item:1"), by="ada", at=at)
    with database.reading() as session:
        assert session.scalars(select(PendingRow.entry_id)).all() == [loud]


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="no time zone"), database.transaction() as session:
        entries.record(session, Entry(Kind.SNAPSHOT_SEALED, "snapshot:1"), by="x", at=datetime(2026, 1, 1))
