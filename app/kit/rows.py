"""Writes finished rows to a table, all at once and past Core: a few by one INSERT, many copied where that is possible.

Core and the driver spend more on taking each row's values one by one than the database on writing it. So they are taken
column by column, and go to it as one statement, by COPY (PostgreSQL), or as many a statement as SQLite binds values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import JSON, Column, Dialect, MetaData, Table
from sqlalchemy.exc import DBAPIError
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
    window = _window(table, names)
    columns: list[bulk.Values] = [_column(table.c[name], [row[name] for row in rows]) for name in names]
    if len(rows) < MANY:
        for place, fit in _shape(session, window).steps:
            columns[place] = fit(columns[place])
        values = tuple(chain.from_iterable(zip(*columns, strict=True)))
        connection.exec_driver_sql(_statement(window, len(rows), connection.dialect), values)
        return
    driver = connection.dialect.loaded_dbapi.Error
    try:
        bulk.write(session, window, bulk.shaped(columns, _shape(session, window)))
    except driver as error:
        raise _in_sqlalchemys_words(table, error, driver) from None


_SHAPES: dict[tuple[Table, str], bulk.Shape] = {}


def _shape(session: Session, window: Table) -> bulk.Shape:
    known = (window, session.get_bind().dialect.name)
    if known not in _SHAPES:
        _SHAPES[known] = bulk.shape(session, window, cut=False)
    return _SHAPES[known]


@lru_cache(maxsize=512)
def _statement(window: Table, count: int, dialect: Dialect) -> str:
    mark = f"({', '.join(['?' if dialect.name == 'sqlite' else '%s'] * len(window.c))})"
    names = ", ".join(dialect.identifier_preparer.quote(column.name) for column in window.c)
    return f"INSERT INTO {window.name} ({names}) VALUES {', '.join([mark] * count)}"


def _column(column: Column[Any], values: list[Any]) -> list[Any]:
    """None is a value to JSON, as Core sees it."""
    if isinstance(column.type, JSON) and not column.type.none_as_null and None in values:
        return [_NULL if value is None else value for value in values]
    return values


def _in_sqlalchemys_words(table: Table, error: Any, driver: type[Exception]) -> BaseException:
    """Copying passes by what says it so; and it would name the values of the row that it came to."""
    plain: BaseException = type(error)(error.diag.message_primary or str(error))
    return DBAPIError.instance(f"COPY {table.name}", None, plain, driver, hide_parameters=True)


@lru_cache(maxsize=64)
def _window(table: Table, names: tuple[str, ...]) -> Table:
    """The table, as if it had only these columns."""
    lacking = [column.name for column in table.c if column.default is not None and column.name not in names]
    if lacking:
        raise ValueError(
            f"{table.name}: {', '.join(lacking)} must be given, since only Python knows what else they are"
        )
    return Table(table.name, MetaData(), *(Column(name, table.c[name].type) for name in names))
