"""The database that tests use one after the other is as new for each."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select, text

from app import schema
from app.kit.db import Database
from app.ledger import signing
from tests import make
from tests.postgres import Kept, Postgres


@pytest.fixture
def kept(_server: Postgres) -> Iterator[Kept]:
    url = _server.server.set(database=f"kept_{uuid.uuid4().hex[:12]}").render_as_string(hide_password=False)
    made = Kept(_server, Database(url))
    yield made
    made.let_go()


def _write(kept: Kept) -> int:
    """The number of a row of its own, with an entry that the ledger lets nobody delete."""
    with kept.ready().transaction() as session:
        signing.found(session, version="test", demo=False, by="cli:test", at=make.NOW)
        return make.system(session).id


def _rows(kept: Kept) -> int:
    with kept.ready().reading() as session:
        return sum(
            session.scalar(select(func.count()).select_from(table)) or 0 for table in schema.METADATA.sorted_tables
        )


def test_rows_are_deleted_and_numbers_begin_anew(kept: Kept) -> None:
    before, first = _rows(kept), _write(kept)
    assert _rows(kept) > before
    kept.empty()
    assert kept.there  # not made anew
    assert _rows(kept) == before
    assert _write(kept) == first


@pytest.mark.parametrize(
    "left", ["CREATE TABLE mine ()", "SELECT pg_advisory_lock(1)", "CREATE TEMPORARY TABLE mine ()"]
)
def test_what_else_is_left_makes_another_database_of_it(kept: Kept, left: str) -> None:
    with kept.ready().writer.begin() as connection:
        connection.execute(text(left))
    kept.empty()
    assert not kept.there


def test_a_connection_that_is_still_open_makes_another_database_of_it(kept: Kept) -> None:
    with kept.ready().writer.connect():
        kept.empty()
    assert not kept.there
