"""Writes finished rows to a table, all at once and past Core: a few by one INSERT, many copied where that is possible.

Core and the driver spend more on taking each row's values one by one than the database on writing it. So they are taken
column by column, and go to it as one statement, by COPY (PostgreSQL), or as many a statement as SQLite binds values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Column, Dialect, MetaData, Table
from sqlalchemy.orm import Session

from app.kit import bulk
from app.kit.db import Written

MANY = 50  # from here on they are copied
_NULL = Written("null")


def add(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that have the first one's names; nothing is cut to fit. What they do not name, the database fills in.

    ValueError where they leave out what only Python would fill in. What the database refuses is SQLAlchemy's DBAPIError.
    """
    if not rows:
        return
    names, connection = tuple(rows[0]), session.connection()
    form = _form(session, table, names, connection.dialect.name)
    if len(rows) < MANY:
        values, width = [row[name] for row in rows for name in names], len(names)
        for place in form.null_is_a_value:
            values[place::width] = _written(values[place::width])
        for place, fit in form.shape.steps:
            values[place::width] = fit(values[place::width])
        connection.exec_driver_sql(_statement(form.window, len(rows), connection.dialect), tuple(values))
        return
    columns: list[bulk.Values] = [[row[name] for row in rows] for name in names]
    for place in form.null_is_a_value:
        columns[place] = _written(columns[place])
    bulk.write(session, form.window, bulk.shaped(columns, form.shape))


@dataclass(frozen=True, slots=True)
class _Form:
    """How rows with certain names go into a table."""

    window: Table  # the table, as if it had only these columns
    shape: bulk.Shape
    null_is_a_value: tuple[int, ...]  # the columns in which None is JSON's null, as Core sees it


_FORMS: dict[tuple[Table, tuple[str, ...], str], _Form] = {}


def _form(session: Session, table: Table, names: tuple[str, ...], dialect: str) -> _Form:
    known = (table, names, dialect)
    if known not in _FORMS:
        window = _window(table, names)
        types = [column.type for column in window.c]
        null = (place for place, kind in enumerate(types) if isinstance(kind, JSON) and not kind.none_as_null)
        _FORMS[known] = _Form(window, bulk.shape(session, window, cut=False), tuple(null))
    return _FORMS[known]


def _window(table: Table, names: tuple[str, ...]) -> Table:
    lacking = [column.name for column in table.c if column.default is not None and column.name not in names]
    if lacking:
        raise ValueError(
            f"{table.name}: {', '.join(lacking)} must be given, since only Python knows what else they are"
        )
    return Table(table.name, MetaData(), *(Column(name, table.c[name].type) for name in names))


@lru_cache(maxsize=512)
def _statement(window: Table, count: int, dialect: Dialect) -> str:
    mark = f"({', '.join(['?' if dialect.name == 'sqlite' else '%s'] * len(window.c))})"
    names = ", ".join(dialect.identifier_preparer.quote(column.name) for column in window.c)
    return f"INSERT INTO {window.name} ({names}) VALUES {', '.join([mark] * count)}"


def _written(values: Sequence[Any]) -> list[Any]:
    return [_NULL if value is None else value for value in values]
