"""The very statements that some work sent, sent again through Core: the floor of what asks and writes the same.

What was sent is caught once, with its parameters; others are put in their place beforehand, so that the floor's time is
that of the statements, of their answers and of a commit, and of nothing that is thought between. Of rows that were
written past Core (`kit.rows`), the floor sends the INSERT.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

from sqlalchemy import Table, event, func, insert, select
from sqlalchemy.orm import Session

from app.kit import ids, rows
from app.kit.db import Base, Database

Sent = list[tuple[Any, Any]]  # a statement, or the driver's text of one, with its parameters


@contextmanager
def caught(database: Database) -> Iterator[Sent]:
    """What is sent meanwhile; what the unit of work sends is caught as the Core statements that it becomes."""
    sent: Sent = []
    copying = False

    def statement(_connection: Any, asked: Any, many: Any, one: Any, _options: Any) -> None:
        sent.append((asked, many or one or None))

    def text(_connection: Any, _cursor: Any, asked: str, given: Any, context: Any, _many: bool) -> None:
        # Each transaction begins with a BEGIN of its own.
        if context.compiled is None and not copying and not asked.startswith("BEGIN"):
            sent.append((asked, given or None))

    def added(session: Session, table: Table, some: Sequence[Mapping[str, Any]]) -> None:
        nonlocal copying
        if some:
            sent.append((insert(table), list(some)))
        copying = True
        add(session, table, some)
        copying = False

    add = rows.add
    event.listen(database.writer, "before_execute", statement)
    event.listen(database.writer, "before_cursor_execute", text)
    with mock.patch.object(rows, "add", added):
        yield sent
    event.remove(database.writer, "before_execute", statement)
    event.remove(database.writer, "before_cursor_execute", text)


def about(sent: Sent, items: Mapping[int, int]) -> Sent:
    """The same about other items, with ids that nobody has yet."""
    fresh: dict[uuid.UUID, uuid.UUID] = defaultdict(ids.uuid7)

    def other(name: str, value: Any) -> Any:
        kind = type(value)
        if kind is uuid.UUID:
            return fresh[value]
        if kind is list:
            return [other(name, each) for each in value]
        if kind is int and name in ("items", "item_id"):
            return items[value]
        if kind is str and value.startswith("item:"):
            return f"item:{items[int(value[5:])]}"
        return value

    def others(given: Any) -> Any:
        if isinstance(given, list):
            return [others(each) for each in given]
        return {name: other(name, value) for name, value in given.items()} if isinstance(given, dict) else given

    return [(asked, others(given)) for asked, given in sent]


def send(database: Database, sent: Sent) -> None:
    """All of it in one transaction, every answer read."""
    with database.writer.begin() as connection:
        for asked, given in sent:
            answer = (
                connection.exec_driver_sql(asked, given) if type(asked) is str else connection.execute(asked, given)
            )
            if answer.returns_rows:
                answer.all()


def counted(database: Database) -> dict[str, int]:
    """How many rows each table has."""
    with database.reading() as session:
        return {
            table.name: session.scalars(select(func.count()).select_from(table)).one()
            for table in Base.metadata.sorted_tables
        }


def written(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """How many rows came into each table, of those that any came into."""
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}
