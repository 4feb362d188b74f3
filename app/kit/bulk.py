"""Brings many rows to a database at once: staged in a temporary table, then merged by set statements.

Staging is COPY on PostgreSQL and executemany on SQLite; the merge is the same SQL on both, and it rewrites only rows
that differ, so that merging the same rows again writes nothing. Everything happens on the session's own connection,
inside the caller's transaction; a staging table is gone when that ends.

    staged = stage(session, "stage_things", [like(Thing.key), like(Thing.name)])
    fill(session, staged, rows)                     # as often as there are batches
    ready(session, staged, ["key"])                 # afterwards: each key once, indexed
    update_changed(session, things, staged, on=["key"], columns=["name"])
    insert_new(session, things, staged, on=["key"], columns=["key", "name"])
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain, repeat
from operator import is_
from types import NoneType
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Executable,
    FromClause,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Uuid,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    literal_column,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.schema import CreateTable

from app.kit.db import Moment, in_utc, serialized

Values = Sequence[Any]  # of one column
# Staging tables by name and columns: the same object each time, so that a merge's statements are compiled once.
_KNOWN: dict[tuple[object, ...], Table] = {}
PART = "part"  # a staged column that tells where a row came from; `ready` counts repeats by it


def stage(session: Session, name: str, columns: Sequence[Column[Any]], *, lasting: bool = False) -> Table:
    """Make an empty temporary table with these columns, in place of any former one of that name.

    A `lasting` one is there until it is dropped or its connection ends, not only until the transaction does.
    """
    shape = (name, lasting, *((column.name, repr(column.type), column.primary_key) for column in columns))
    if shape not in _KNOWN:
        until = "PRESERVE ROWS" if lasting else "DROP"
        _KNOWN[shape] = Table(name, MetaData(), *columns, prefixes=["TEMPORARY"], postgresql_on_commit=until)
    staged = _KNOWN[shape]
    drop(session, staged)
    session.connection().execute(CreateTable(staged))
    return staged


def like(column: InstrumentedAttribute[Any] | Column[Any], name: str | None = None) -> Column[Any]:
    """A column for staging values that go into this one: same name and type, no constraint."""
    return Column(name or column.key, column.type)


def fill(session: Session, staged: Table, rows: Sequence[list[Any]]) -> None:
    """Add rows, each a list of values in the table's order of columns. A moment may be ISO 8601 text of UTC.

    Text longer than its column is cut to fit and marked with a digest of the whole, because PostgreSQL would refuse the
    entire merge for it, and two long keys must not become one.
    """
    if rows:
        fill_columns(session, staged, list(zip(*rows, strict=True)))


def fill_columns(session: Session, staged: Table, columns: list[Values]) -> None:
    """As `fill`, of values that stand column by column, all of one length: half of what a row at a time takes."""
    write(session, staged, shaped(columns, shape(session, staged)))


@dataclass(frozen=True, slots=True)
class Shape:
    """What makes values fit a staging table, and how its database takes them; can be pickled for most tables."""

    steps: tuple[tuple[int, Callable[[Values], Values]], ...]
    width: int  # columns
    sqlite: bool
    plain: bool  # text, numbers, flags, moments and JSON only


@dataclass(frozen=True, slots=True)
class Rows:
    """Values as a database takes them: text to be copied, or tuples of many rows (SQLite) or one row each."""

    copied: bytes = b""
    together: Sequence[tuple[Any, ...]] = ()
    single: Sequence[tuple[Any, ...]] = ()


def shape(session: Session, staged: Table, *, cut: bool = True) -> Shape:
    """How values go into this table; `cut`: text that is too long is made to fit."""
    connection = session.connection()
    plain = all(isinstance(column.type, _COPIED) for column in staged.columns)
    steps = (*(_lengths(staged) if cut else ()), *_conversions(connection, staged))
    return Shape(steps, len(staged.columns), connection.dialect.name == "sqlite", plain)


def shaped(columns: list[Values], to: Shape) -> Rows:
    """Values that stand column by column, as `write` wants them. Pure: another process may do it."""
    for place, fit in to.steps:
        columns[place] = fit(columns[place])
    if to.plain and not to.sqlite:
        return Rows(copied=_copied(columns))
    rows = list(zip(*columns, strict=True))
    if not to.sqlite:
        return Rows(single=rows)
    at_once = _at_once(to.width)
    whole = len(rows) - len(rows) % at_once
    together = [tuple(chain.from_iterable(rows[begin : begin + at_once])) for begin in range(0, whole, at_once)]
    return Rows(together=together, single=rows[whole:])


def write(session: Session, staged: Table, rows: Rows) -> None:
    """Add rows that were `shaped` for this table. What the database refuses is SQLAlchemy's DBAPIError, without a value."""
    connection = session.connection()
    names = ", ".join(_quoted(connection, column.name) for column in staged.columns)
    if connection.dialect.name == "postgresql":
        driver = connection.dialect.loaded_dbapi.Error
        try:
            _copy(connection, f"COPY {staged.name} ({names}) FROM STDIN", rows)
        except driver as error:
            raise _in_sqlalchemys_words(staged, error, driver) from None
        return
    mark, into = f"({', '.join('?' * len(staged.columns))})", f"INSERT INTO {staged.name} ({names}) VALUES "
    if rows.together:
        connection.exec_driver_sql(into + ", ".join([mark] * _at_once(len(staged.columns))), list(rows.together))
    if rows.single:
        connection.exec_driver_sql(into + mark, list(rows.single))


def _copy(connection: Connection, statement: str, rows: Rows) -> None:
    with _driver(connection).cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(rows.copied)
        for row in rows.single:
            copy.write_row(row)


def _in_sqlalchemys_words(table: Table, error: Any, driver: type[Exception]) -> BaseException:
    """Copying passes by what says it so. By its kind, and by what of our own it names: its text would have the values of
    the row that it came to."""
    told = error.diag
    named = [name for name in (told.constraint_name, told.column_name) if name]
    plain: BaseException = type(error)(", ".join([f"{type(error).__name__} ({told.sqlstate or 'no code'})", *named]))
    return DBAPIError.instance(f"COPY {table.name}", None, plain, driver, hide_parameters=True)


def _at_once(width: int) -> int:
    """As many rows in one statement as any SQLite takes (it binds 999 values): a sixth less than one by one."""
    return max(1, 999 // width)


def _copied(columns: Sequence[Values]) -> bytes:
    """PostgreSQL's text for COPY: a row a line, tabs between, no value as a backslash and N."""
    return ("\n".join(map("\t".join, zip(*map(_as_text, columns), strict=True))) + "\n").encode()


def _as_text(values: Values) -> Sequence[str]:
    if _alike(values):
        return [*_as_text(values[:1])] * len(values)
    kinds = set(map(type, values))
    texts: Sequence[str]
    if kinds == {int}:
        return list(map(str, values))
    if kinds == {UUID}:
        return [value.hex for value in values]
    if bytes in kinds:
        return [_NOTHING if value is None else rf"\\x{value.hex()}" for value in values]
    if kinds <= {bool, NoneType}:
        return [_NOTHING if value is None else "t" if value else "f" for value in values]
    texts = values if kinds == {str} else ["" if value is None else str(value) for value in values]
    if _SPECIAL.search("".join(texts)):
        texts = [text.translate(_ESCAPED) for text in texts]
    if NoneType not in kinds:
        return texts
    return [_NOTHING if value is None else text for value, text in zip(values, texts, strict=True)]


def _alike(values: Values) -> bool:
    """Whether all are one and the same object: it is written once."""
    return len(values) > 1 and all(map(is_, values, repeat(values[0])))


_COPIED = (String, Integer, Boolean, Moment, JSON, Uuid, LargeBinary)  # what `_as_text` can write
_NOTHING = r"\N"
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def ready(session: Session, staged: Table, key: Sequence[str]) -> dict[Any, int]:
    """Make the staged rows fit to be merged by `key`: keep the last of each, and prepare the planner.

    Returns how many rows were taken out as repeats, by the value of their `part` column where there is one.
    """
    connection = session.connection()
    if connection.scalar(select(literal_column("1")).select_from(staged).limit(1)) is None:
        return {}
    if connection.dialect.name == "sqlite":  # which then counts along the index instead of sorting once more
        names = ", ".join(_quoted(connection, name) for name in key)
        connection.exec_driver_sql(f"CREATE INDEX temp.ix_{staged.name} ON {staged.name} ({names})")
    surplus = _without_repeats(connection, staged, key)
    analyze(session, staged)
    return surplus


def analyze(session: Session, staged: Table) -> None:
    """Let PostgreSQL's planner know what is staged, which nobody else tells it of a temporary table."""
    connection, brief = session.connection(), "SET LOCAL default_statistics_target"
    if connection.dialect.name == "postgresql":
        for each in (f"{brief} = 10", f"ANALYZE {staged.name}", f"{brief} TO DEFAULT"):  # 3,000 rows of it, not 30,000
            connection.exec_driver_sql(each)


def drop(session: Session, staged: Table) -> None:
    """Let go of a staging table before its transaction ends."""
    schema = "temp" if session.connection().dialect.name == "sqlite" else "pg_temp"
    session.connection().exec_driver_sql(f"DROP TABLE IF EXISTS {schema}.{staged.name}")


def update_changed(
    session: Session,
    target: FromClause,
    staged: Table,
    *,
    on: Sequence[str],
    columns: Sequence[str],
    where: Sequence[ColumnElement[bool]] = (),
    constants: Mapping[str, Any] | None = None,
) -> int:
    """Bring `columns` of the target's rows to what is staged, where any of them differs. Returns rows written.

    `constants` are set on the rows that are written, and make none differ.
    """
    if not columns:
        return 0
    table = cast(Table, target)
    statement = (
        update(table)
        .values({name: staged.c[name] for name in columns} | dict(constants or {}))
        .where(*where, _joined(table, staged, on), differs(table, staged, columns))
    )
    return written(session, statement)


def insert_new(
    session: Session,
    target: FromClause,
    staged: Table,
    *,
    on: Sequence[str],
    columns: Sequence[str],
    constants: Mapping[str, Any] | None = None,
    where: Sequence[ColumnElement[bool]] = (),
    order: Sequence[str] = (),
) -> int:
    """Insert staged rows whose key no row of the target (among those in `where`) has. Returns rows written.

    `order`: of a large index of the target. Rows that come in an index's order are written to it in one go, others
    one here and one there, which took twice as long for a million.
    """
    table = cast(Table, target)
    given = constants or {}
    values = [_literal(table, name, value) for name, value in given.items()]
    rows = select(*values, *(staged.c[name] for name in columns)).order_by(*(staged.c[n] for n in order))
    if session.connection().scalar(select(literal_column("1")).select_from(table).where(*where).limit(1)) is not None:
        rows = rows.where(not_(exists().where(*where, _joined(table, staged, on))))  # or there is nothing to be sought
    return written(session, insert(table).from_select([*given, *columns], rows))


def written(session: Session, statement: Executable) -> int:
    """Carry out one statement; returns how many rows it wrote."""
    # Without this option an INSERT's count is thrown away with its cursor.
    return int(session.connection().execute(statement, execution_options={"preserve_rowcount": True}).rowcount)


def absent(target: FromClause, staged: Table, on: Sequence[str]) -> ColumnElement[bool]:
    """The condition that no staged row has the target row's key."""
    return not_(exists().where(_joined(target, staged, on)))


def differs(target: FromClause, staged: FromClause, columns: Sequence[str]) -> ColumnElement[bool]:
    """The condition that any of these columns differs; unknown differs from known and equals unknown."""
    return or_(*(target.c[name].is_distinct_from(staged.c[name]) for name in columns))


def _joined(target: FromClause, staged: FromClause, on: Sequence[str]) -> ColumnElement[bool]:
    return and_(*(target.c[name] == staged.c[name] for name in on))


def _literal(table: Table, name: str, value: Any) -> ColumnElement[Any]:
    return literal(value, table.c[name].type).label(name)


def _without_repeats(connection: Connection, staged: Table, key: Sequence[str]) -> dict[Any, int]:
    columns = [staged.c[name] for name in key]
    rows = connection.scalar(select(func.count()).select_from(staged))
    once = connection.scalar(select(func.count()).select_from(select(*columns).distinct().subquery()))
    if rows == once:
        return {}
    place: ColumnElement[Any] = literal_column("ctid" if connection.dialect.name == "postgresql" else "rowid")
    superseded = place.not_in(select(func.max(place)).select_from(staged).group_by(*columns))
    by = staged.c[PART] if PART in staged.c else literal_column("NULL")
    counted = connection.execute(select(by, func.count()).select_from(staged).where(superseded).group_by(by)).all()
    connection.execute(delete(staged).where(superseded))
    return {row[0]: row[1] for row in counted}


def _lengths(staged: Table) -> Iterator[tuple[int, Callable[[Values], Values]]]:
    for place, column in enumerate(staged.columns):
        longest = column.type.length if isinstance(column.type, String) else None
        if longest is not None:
            yield place, partial(_fitted, longest)


def _fitted(longest: int, values: Values) -> Values:
    if max(map(len, filter(None, values)), default=0) <= longest:
        return values
    return [value if value is None or len(value) <= longest else _cut(value, longest) for value in values]


def _cut(text: str, longest: int) -> str:
    mark = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{text[: longest - 9]}…{mark}"


def _conversions(connection: Connection, staged: Table) -> Iterator[tuple[int, Callable[[Values], Values]]]:
    sqlite = connection.dialect.name == "sqlite"
    for place, column in enumerate(staged.columns):
        if isinstance(column.type, Moment):
            yield place, _moments_for_sqlite if sqlite else partial(_each, _as_it_is)
        elif isinstance(column.type, JSON):
            yield place, partial(_each, serialized)
        elif not isinstance(column.type, Boolean if sqlite else (Boolean, Uuid, LargeBinary)):  # the drivers know them
            convert = column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
            if convert is not None:
                yield place, partial(_each, convert)


def _each(convert: Callable[[Any], Any], values: Values) -> Values:
    if _alike(values):
        return [None if values[0] is None else convert(values[0])] * len(values)
    return [None if value is None else convert(value) for value in values]


def _moments_for_sqlite(values: Values) -> Values:
    """`2026-03-04 05:06:07.000000`, as SQLAlchemy writes it, of UTC."""
    if all(type(value) is str and len(value) == 20 for value in values):  # whole seconds, as most are: all in one go
        text = "\n".join(values) + "\n"
        if text.count("Z\n") == len(values):
            return text.replace("T", " ").replace("Z\n", ".000000\n").split("\n")[:-1]
    return _each(_moment_for_sqlite, values)


def _moment_for_sqlite(moment: datetime | str) -> str:
    text = moment if isinstance(moment, str) else in_utc(moment).isoformat()
    fraction = text[20:26] if text[19:20] == "." else ""
    if text[26 if fraction else 19 :] not in ("Z", "+00:00"):
        raise ValueError(f"{text} is not a moment of UTC")
    return f"{text[:10]} {text[11:19]}.{fraction or '000000'}"


def _as_it_is(moment: datetime | str) -> datetime | str:
    return moment if isinstance(moment, str) else in_utc(moment)


def _driver(connection: Connection) -> Any:
    return connection.connection.dbapi_connection  # which a connection outside the pool has, too


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)
