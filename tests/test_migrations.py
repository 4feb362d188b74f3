"""The schema: up and down on both databases, equal to what the code says, and the ledger guarded after every step."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import MetaData, Table, create_engine, inspect, make_url, text

from app import schema
from app.kit.db import Database
from app.ledger import guards
from tests import rows

ROOT = Path(__file__).parents[1]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path}/empty.db")
        yield made
        made.close()
        return
    server = make_url(request.getfixturevalue("postgres")).set(drivername="postgresql+psycopg")
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    name = f"empty_{tmp_path.name}"[:60].replace("-", "_").lower()
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    made = Database(server.set(database=name).render_as_string(hide_password=False))
    yield made
    made.close()
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()


def test_migrations_make_what_the_code_says(empty: Database) -> None:
    schema.upgrade(empty)
    with empty.writer.begin() as connection:
        config = Config(str(ROOT / "alembic.ini"))
        config.attributes["connection"] = connection
        try:
            command.check(config)
        except CommandError as error:
            pytest.fail(str(error))


def test_every_migration_keeps_the_rows_it_finds_and_the_ledgers_guards(empty: Database) -> None:
    """Each table has a row from the revision on that makes it, so that what comes after meets rows that refer to rows."""
    steps = list(reversed(list(ScriptDirectory.from_config(Config(str(ROOT / "alembic.ini"))).walk_revisions())))
    known, filled = MetaData(), dict[Table, list[tuple[Any, ...]]]()
    for step in steps:
        schema.upgrade(empty, step.revision)
        with empty.writer.begin() as connection:
            filled |= rows.fill(connection, known)
            expected = [table for table in guards.GUARDED if table in known.tables]
            assert expected, step.revision
            assert guards.missing(connection) == [], step.revision
    with empty.writer.connect() as connection:
        assert set(known.tables) == set(schema.METADATA.tables)
        assert {table.name: rows.held(connection, table) for table in filled} == {
            table.name: was for table, was in filled.items()
        }
        assert all(filled.values())
        if empty.sqlite:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


def test_migrations_go_down_and_up_again(empty: Database) -> None:
    schema.upgrade(empty)
    schema.downgrade(empty, "base")
    with empty.writer.connect() as connection:
        left = set(inspect(connection).get_table_names()) - {"alembic_version", "sqlite_sequence"}
    assert left == set()
    schema.upgrade(empty)
    assert schema.why_not_current(empty) is None


def test_a_database_of_another_version_is_refused_with_the_way_out(empty: Database) -> None:
    refusal = schema.why_not_current(empty)
    assert refusal is not None
    assert "rolecall migrate" in refusal.way_out
    schema.upgrade(empty)
    assert schema.why_not_current(empty) is None


def test_two_processes_that_migrate_at_once_migrate_once(empty: Database) -> None:
    url = empty.url.render_as_string(hide_password=False)
    code = f"from app import schema; from app.kit.db import Database; schema.upgrade(Database({url!r}))"

    def run() -> int:
        return subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode

    with ThreadPoolExecutor(2) as pool:
        assert [each.result() for each in [pool.submit(run), pool.submit(run)]] == [0, 0]
    assert schema.why_not_current(empty) is None


def test_a_revision_knows_where_it_stands(empty: Database) -> None:
    schema.upgrade(empty)
    with empty.reader.connect() as connection:
        assert len(MigrationContext.configure(connection).get_current_heads()) == 1
