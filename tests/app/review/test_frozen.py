"""The scratch tables of a launch are filled and joined in ways that do not grow with what others have reviewed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from app.kit.db import Database
from app.review import campaigns
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW

Looking = Callable[[Any, str, Any], None]  # with a cursor of the same connection, at what is sent next


def test_what_was_said_last_time_is_sought_among_that_reviews_items_only(database: Database) -> None:
    """Every review there ever was stands in the same table."""
    if not database.sqlite:
        return  # which counts what is there, and reads a table of three items whole
    steps: list[str] = []

    def look(cursor: Any, sent: str, given: Any) -> None:
        steps.extend(row[-1] for row in cursor.execute(f"EXPLAIN QUERY PLAN {sent}", given))

    with database.transaction() as session:
        cast.company(session)
        first = cast.opened(session, name="Q3")
        campaigns.close(session, first.id, unanswered="remove", by=make.ADMIN, at=NOW)
        with _before(database, "INSERT INTO frozen_last", look):
            cast.opened(session)
    assert any("items USING INDEX ix_items_campaign_outcome" in step for step in steps)


def test_whose_share_is_which_is_counted_before_items_are_made(database: Database) -> None:
    """PostgreSQL would take it that there is one share, and seek row by row for every item."""
    if database.sqlite:
        return  # which seeks row by row, whatever there is
    counted: list[float] = []

    def look(cursor: Any, _sent: str, _given: Any) -> None:
        asked = "SELECT reltuples FROM pg_class WHERE oid = 'frozen_tasks'::regclass"
        counted.append(cursor.execute(asked).fetchone()[0])

    with database.transaction() as session:
        cast.company(session)
        with _before(database, "INSERT INTO items", look):
            cast.opened(session)
    assert set(counted) == {1.0}  # -1: nobody looked


@contextmanager
def _before(database: Database, begins: str, look: Looking) -> Iterator[None]:
    def sent(connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        if statement.startswith(begins):
            look(connection.connection.dbapi_connection.cursor(), statement, given)

    event.listen(database.writer, "before_cursor_execute", sent)
    try:
        yield
    finally:
        event.remove(database.writer, "before_cursor_execute", sent)
