"""Writes many finished rows to a table at once. A few go through Core, as everybody's do.

Of thousands, Core and the driver spend more on taking each row's values one by one than the database on writing it. So they
are taken column by column and copied (PostgreSQL), or as many a statement as SQLite binds values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Column, Insert, MetaData, Table, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.kit import bulk
from app.kit.db import Written

MANY = 50  # from here on it pays
_NULL = Written("null")


def add(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that have the first one's names; nothing is cut to fit. What they do not name, the database fills in.

    ValueError where they leave out what only Python would fill in. What the database refuses is SQLAlchemy's DBAPIError.
    """
    if not rows:
        return
    if len(rows) < MANY:
        session.execute(_insert(table), rows)
        return
    names = tuple(rows[0])
    columns: list[bulk.Values] = [_column(table.c[name], [row[name] for row in rows]) for name in names]
    window = _window(table, names)
    driver = session.get_bind().dialect.loaded_dbapi.Error
    try:
        bulk.write(session, window, bulk.shaped(columns, bulk.shape(session, window, cut=False)))
    except driver as error:
        raise _in_sqlalchemys_words(table, error, driver) from None


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
def _insert(table: Table) -> Insert:
    return insert(table)


@lru_cache(maxsize=64)
def _window(table: Table, names: tuple[str, ...]) -> Table:
    """The table, as if it had only these columns."""
    lacking = [column.name for column in table.c if column.default is not None and column.name not in names]
    if lacking:
        raise ValueError(
            f"{table.name}: {', '.join(lacking)} must be given, since only Python knows what else they are"
        )
    return Table(table.name, MetaData(), *(Column(name, table.c[name].type) for name in names))
