"""The ledger can be added to and nothing else, whichever way one tries."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.kit.db import Database
from app.ledger import checkpoints, entries, guards, leaves, note
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from tests.conftest import NOW

SIGNER = note.signer("rolecall.example/test", [b"k" * 32])
CHANGES = {
    "entries": "author = 'eve'",
    "leaves": "number = number + 1000",
    "tree_nodes": "number = number + 1000",
    "checkpoints": "size = 1",
    "checkpoint_keys": "verifier = 'eve'",
    "personal_values": "value = 'Eve'",
}
KEPT = [table for table in CHANGES if table != "personal_values"]


def fill(database: Database, at: datetime) -> Database:
    """A ledger with rows in every table."""
    many = [Entry(Kind.DECISION_RECORDED, f"item:{n}", {"n": n}, {"name": "Bo"}, "identity:1") for n in range(257)]
    with database.transaction() as session:
        entries.record_many(session, many, by="ada", at=at)
    with database.transaction() as session:
        leaves.integrate(session)
        checkpoints.sign(session, SIGNER, by="test", at=at, heartbeat=timedelta(0))
    return database


@pytest.fixture
def full(database: Database, at: datetime) -> Database:
    return fill(database, at)


@pytest.fixture
def only(make_database: Callable[[str], str]) -> Iterator[Callable[[str], Database]]:
    """A full ledger on one kind of database, for what only that kind can do."""
    made: list[Database] = []

    def make(kind: str) -> Database:
        made.append(fill(Database(make_database(kind)), NOW))
        return made[-1]

    yield make
    for each in made:
        each.close()


def refused(database: Database, *statements: str) -> None:
    *before, last = statements
    with database.reading() as session:  # the writer's engine on PostgreSQL; on SQLite a reader may write as well
        for statement in before:
            session.execute(text(statement))
        with pytest.raises(DBAPIError, match="append-only"):
            session.execute(text(last))


@pytest.mark.parametrize("table", CHANGES)
def test_nothing_that_was_written_is_changed(full: Database, table: str) -> None:
    refused(full, f"UPDATE {table} SET {CHANGES[table]}")


@pytest.mark.parametrize("table", KEPT)
def test_nothing_that_was_written_is_removed(full: Database, table: str) -> None:
    refused(full, f"DELETE FROM {table}")


@pytest.mark.parametrize("table", CHANGES)
def test_nothing_is_swept_away_whole_on_postgresql(only: Callable[[str], Database], table: str) -> None:
    refused(only("postgresql"), f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("table", CHANGES)
def test_no_insert_turns_into_an_update_on_postgresql(only: Callable[[str], Database], table: str) -> None:
    change = CHANGES[table].replace("number + 1000", "0")
    upsert = f"INSERT INTO {table} SELECT * FROM {table} ON CONFLICT ON CONSTRAINT pk_{table} DO UPDATE SET {change}"
    refused(only("postgresql"), upsert)


def test_a_session_that_calls_itself_a_replica_is_refused_too(only: Callable[[str], Database]) -> None:
    refused(only("postgresql"), "SET LOCAL session_replication_role = replica", "DELETE FROM entries")


@pytest.mark.parametrize("recursive", ["ON", "OFF"])
@pytest.mark.parametrize("table", CHANGES)
def test_no_insert_replaces_a_row_on_sqlite(only: Callable[[str], Database], table: str, recursive: str) -> None:
    refused(
        only("sqlite"),
        f"PRAGMA recursive_triggers = {recursive}",
        f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    )


# A row of its own in every unique column but one: the hidden row number, or the second key.
SLY = {
    "entries": "(rowid, id, kind, subject, author, at, body, leaf) SELECT rowid, 'n', kind, 's', 'eve', at, body, leaf",
    "tree_nodes": "(rowid, level, number, hash) SELECT rowid, 16, 5, hash",
    "checkpoint_keys": "(rowid, id, verifier, began) SELECT rowid, 'new', 'eve', began",
    "personal_values": "(rowid, entry_id, field, salt, value) SELECT rowid, entry_id, 'new', salt, 'Eve'",
    "leaves": "(number, entry_id, hash) SELECT number + 1000, entry_id, hash",
}


@pytest.mark.parametrize("table", SLY)
def test_no_row_is_replaced_by_its_hidden_number_on_sqlite(only: Callable[[str], Database], table: str) -> None:
    refused(
        only("sqlite"),
        "PRAGMA recursive_triggers = OFF",
        f"INSERT OR REPLACE INTO {table} {SLY[table]} FROM {table}",
    )


def test_personal_values_may_be_removed(full: Database) -> None:
    with full.transaction() as session:
        session.execute(text("DELETE FROM personal_values"))
    with full.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM personal_values")) == 0


@pytest.mark.parametrize(
    ("kind", "sabotage", "name"),
    [
        ("sqlite", "DROP TRIGGER entries_no_delete", "entries_no_delete"),
        ("sqlite", "DROP TRIGGER personal_values_no_update", "personal_values_no_update"),
        ("postgresql", "DROP TRIGGER entries_append_only ON entries", "entries_append_only"),
        ("postgresql", "ALTER TABLE leaves DISABLE TRIGGER leaves_append_only", "leaves_append_only"),
        ("postgresql", "ALTER TABLE leaves ENABLE TRIGGER leaves_append_only", "leaves_append_only"),
    ],
)
def test_a_guard_that_was_taken_off_is_missed_and_put_back(
    only: Callable[[str], Database], kind: str, sabotage: str, name: str
) -> None:
    with only(kind).transaction() as session:
        connection = session.connection()
        assert guards.missing(connection) == []
        connection.exec_driver_sql(sabotage)
        assert guards.missing(connection) == [name]
        guards.install(connection)
        assert guards.missing(connection) == []
