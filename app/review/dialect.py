"""What SQLite and PostgreSQL say differently when a review is built: JSON, days, and inserting what may be there already.

On SQLite JSON is text. Pieces are put into one pattern there, which neither reads again what was built a moment ago nor
copies it for each piece that is added (together most of the time of a launch); so whatever is JSON already must be
`embed`ded, or it would be quoted.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Insert, String, literal, literal_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from app.kit.db import Json


class _Object(FunctionElement[Any]):
    type = Json
    inherit_cache = True
    name = "json_object_of"


class _Array(FunctionElement[Any]):
    type = Json
    inherit_cache = True
    name = "json_array_of"


class _Embed(FunctionElement[Any]):
    type = Json
    inherit_cache = True
    name = "json_embed"


class _Flag(FunctionElement[Any]):
    type = Json
    inherit_cache = True
    name = "json_flag"


class _Day(FunctionElement[str]):
    type = String()
    inherit_cache = True
    name = "day_of"


_JSON = (_Object, _Array, _Embed, _Flag)


def obj(**parts: Any) -> ColumnElement[Any]:
    """A JSON object of columns and plain text."""
    pairs: list[Any] = []
    for key, value in parts.items():
        pairs += [literal_column(f"'{key}'"), literal(value, String) if isinstance(value, str) else value]
    return _Object(*pairs)


def array(value: ColumnElement[Any], order: ColumnElement[Any]) -> ColumnElement[Any]:
    """A JSON array of a group's values. Order the rows by `order` before as well: SQLite takes them as they come."""
    return _Array(value, order)


def embed(value: Any) -> ColumnElement[Any]:
    """JSON built earlier, as a part of JSON built now."""
    return _Embed(value)


def flag(value: Any) -> ColumnElement[Any]:
    """true, false or null, where SQLite would write 1 or 0."""
    return _Flag(value)


def day(value: Any) -> ColumnElement[str]:
    """The UTC day of a moment: what a reviewer needs to know of it."""
    return _Day(value)


def insert_or_skip(session: Session, table: Any) -> Insert:
    """An INSERT that leaves alone what is there already, and waits for whoever is writing it just now."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


@compiles(_Object, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    pattern, values = _pattern(element)
    return f"printf('{pattern}', {', '.join(_quoted(value, compiler, kw) for value in values)})"


def _pattern(element: Any) -> tuple[str, list[Any]]:
    """An object's text with %s for each value, and the values; objects inside it are part of the same pattern."""
    parts, values = [], []
    clauses = list(element.clauses)
    for key, value in zip(clauses[::2], clauses[1::2], strict=True):
        inner, within = _pattern(value) if isinstance(value, _Object) else ("%s", [value])
        name = key.name.strip("'")
        parts.append(f'"{name}":{inner}')
        values += within
    return "{" + ",".join(parts) + "}", values


def _quoted(value: Any, compiler: Any, kw: Any) -> str:
    told: str = compiler.process(value, **kw)
    return told if isinstance(value, _JSON) else f"json_quote({told})"


@compiles(_Object, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"jsonb_build_object({compiler.process(element.clauses, **kw)})"


@compiles(_Array, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    value, _order = element.clauses
    return f"('[' || group_concat({_quoted(value, compiler, kw)}, ',') || ']')"


@compiles(_Array, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    value, order = element.clauses
    return f"jsonb_agg({compiler.process(value, **kw)} ORDER BY {compiler.process(order, **kw)})"


@compiles(_Embed, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"coalesce({compiler.process(element.clauses, **kw)}, 'null')"


@compiles(_Embed, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"({compiler.process(element.clauses, **kw)})::jsonb"


@compiles(_Flag, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    value = compiler.process(element.clauses, **kw)
    return f"CASE ({value}) WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END"  # asks for it once


@compiles(_Flag, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"({compiler.process(element.clauses, **kw)})"


@compiles(_Day, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"substr({compiler.process(element.clauses, **kw)}, 1, 10)"


@compiles(_Day, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"to_char({compiler.process(element.clauses, **kw)} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
