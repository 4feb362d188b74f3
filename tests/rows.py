"""One row in every table of a schema, whatever its revision: made from what the database itself says of its tables."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, MetaData, Table, insert, inspect, select

VALUES: dict[type, Any] = {
    int: 1,
    str: "x",
    bool: True,
    bytes: b"x",
    UUID: UUID(int=1),
    date: date(2026, 11, 16),
    datetime: datetime(2026, 11, 16, 9, 0, tzinfo=UTC),
}

JSON = {"b": ["ü", None, True, 1.5], "a": {"": '"'}}  # of which a migration that turns its type could lose something


def fill(connection: Connection, known: MetaData) -> dict[Table, list[tuple[Any, ...]]]:
    """Put a row, with no column left out, into each table that is not known yet; returns them with what they hold."""
    there = set(inspect(connection).get_table_names()) - {"alembic_version"}
    new = there - set(known.tables)
    if new:
        known.reflect(connection, only=sorted(new))
    made = [table for table in known.sorted_tables if table.name in new]
    for table in made:
        known_words = words(connection, table)
        row = {column.name: _value(connection, column, known_words) for column in table.columns}
        connection.execute(insert(table).values(row))
    return {table: held(connection, table) for table in made}


def held(connection: Connection, table: Table) -> list[tuple[Any, ...]]:
    """A table's rows, in the columns it had when it was filled."""
    return [tuple(row) for row in connection.execute(select(table))]


def words(connection: Connection, table: Table) -> dict[str, str]:
    """For each column that takes certain words only, one of them."""
    found: dict[str, str] = {}
    for check in inspect(connection).get_check_constraints(table.name):
        said = re.match(r"\W*(\w+)\W.*?(?:\bIN\b|\bANY\b).*?'(\w+)'", check["sqltext"])
        if said:
            found[said[1]] = said[2]
    return found


def _value(connection: Connection, column: Column[Any], words: dict[str, str]) -> Any:
    for key in column.foreign_keys:
        if key.column.table is not column.table:
            return connection.execute(select(key.column)).scalar_one()
        return 1 if column.primary_key else None
    return words[column.name] if column.name in words else VALUES.get(column.type.python_type, JSON)
