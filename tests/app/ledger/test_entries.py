"""Writing down what happened."""

from datetime import datetime, timedelta, timezone
from uuid import UUID

import pytest
from sqlalchemy import select

from app.kit.db import Database
from app.ledger import entries, jcs, tree
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow, LeaflessRow, PendingRow, PersonalRow


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


@pytest.mark.parametrize("count", [3, 300])
def test_of_many_entries_each_commits_by_salts_of_its_own(database: Database, at: datetime, count: int) -> None:
    told = [
        Entry(Kind.DECISION_RECORDED, f"item:{n}", {"n": n}, {"reason": "the same", "shown": f"{n % 2}"}, "account:1")
        for n in range(count)
    ]
    with database.transaction() as session:
        made = entries.record_many(session, told, by="ada", at=at)
    with database.reading() as session:
        rows = session.scalars(select(EntryRow).order_by(EntryRow.id)).all()
        kept = {(row.entry_id, row.field): row for row in session.scalars(select(PersonalRow))}
        waiting = session.execute(select(LeaflessRow.entry_id, LeaflessRow.leaf).order_by(LeaflessRow.position)).all()
    assert [(row.id, row.subject) for row in rows] == [(made[n], f"item:{n}") for n in range(count)]
    assert waiting == [(row.id, row.leaf) for row in rows]
    assert len({row.salt for row in kept.values()}) == len(kept) == 2 * count
    for row in rows:
        assert tree.leaf_hash(entries.canonical(vars(row))) == row.leaf
        for field in ("reason", "shown"):
            secret = kept[row.id, field]
            assert len(secret.salt) == 32
            assert row.body[field] == {"commitment": entries.commitment(secret.salt, secret.value)}


TRICKY = {
    "text": 'quotes " \\ and \x07 bells, Zoë, 日本, 🙂, \u2028',
    "numbers": [0, -1, 2**53 - 1],
    "nothing": None,
    "nested": {"z": [], "a": {}, "": True, "\ufb33": 1, "🙂": False},
}


def test_both_databases_give_an_entry_back_exactly_as_it_was_hashed(database: Database, at: datetime) -> None:
    moments = [at, at.replace(microsecond=1), at.astimezone(timezone(timedelta(hours=5, minutes=30)))]
    with database.transaction() as session:
        made = [
            entries.record(session, Entry(Kind.DECISION_RECORDED, "item:ü", TRICKY, {"x": "é"}), by="ada", at=moment)
            for moment in moments
        ]
    with database.reading() as session:
        for identifier in made:
            row = session.get_one(EntryRow, identifier)
            assert tree.leaf_hash(entries.canonical(vars(row))) == row.leaf


def test_the_bytes_of_an_entry_are_fixed_for_ever(at: datetime) -> None:
    row = {"id": UUID(int=7), "kind": Kind.DECISION_RECORDED, "subject": "item:1", "author": "ada", "at": at}
    assert entries.canonical(row | {"body": {"b": [1, None], "a": "ü"}}).decode() == (
        '{"at":"2026-11-16T09:00:00+00:00","author":"ada","body":{"a":"ü","b":[1,null]},'
        '"id":"00000000-0000-0000-0000-000000000007","kind":"decision.recorded","subject":"item:1"}'
    )


@pytest.mark.parametrize("body", [{"a": 0.5}, {"a": "\x00"}, {"a": 2**60}])
def test_a_body_that_a_database_would_give_back_differently_is_refused(
    database: Database, at: datetime, body: dict[str, object]
) -> None:
    with pytest.raises(jcs.Unwritable), database.transaction() as session:
        entries.record(session, Entry(Kind.DECISION_RECORDED, "item:1", body), by="x", at=at)


def test_a_personal_value_cannot_hide_behind_an_open_one(database: Database, at: datetime) -> None:
    told = Entry(Kind.DECISION_RECORDED, "item:1", {"name": "x"}, {"name": "Bo"})
    with pytest.raises(ValueError, match="both openly and as a personal value"), database.transaction() as session:
        entries.record(session, told, by="x", at=at)
