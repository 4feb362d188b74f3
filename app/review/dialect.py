"""What SQLite and PostgreSQL say differently when a review is built: JSON, days, and inserting what may be there already.

JSON is put together as text on both. Neither reads again what was built a moment ago (that was most of the time of a
launch), and what many items share is built once, as `members` that are put in whole; only what is kept becomes the
database's own JSON, `whole`. So whatever is JSON already must be `embed`ded, or it would be quoted.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import ColumnElement, Insert, String, literal, literal_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from app.kit.db import JsonText


class _Members(FunctionElement[str]):
    type = String()
    inherit_cache = True
    name = "json_members_of"


class _Object(_Members):
    inherit_cache = True
    name = "json_object_of"


class _Whole(FunctionElement[Any]):
    type = JsonText
    inherit_cache = True
    name = "json_whole"


class _Array(FunctionElement[str]):
    type = String()
    inherit_cache = True
    name = "json_array_of"


class _Embed(FunctionElement[str]):
    type = String()
    inherit_cache = True
    name = "json_embed"


class _Ready(FunctionElement[str]):
    type = String()
    inherit_cache = True
    name = "json_members_ready"


class _Plain(FunctionElement[str]):
    type = String()
    inherit_cache = True
    name = "json_plain"


class _Sure(FunctionElement[str]):
    type = String()
    inherit_cache = True
    name = "json_sure"


class _Quoted(FunctionElement[str]):
    type = String()
    inherit_cache = True
    name = "json_quoted"


class _Flag(FunctionElement[str]):
    type = String()
    inherit_cache = True
    name = "json_flag"


class _Day(FunctionElement[str]):
    type = String()
    inherit_cache = True
    name = "day_of"


_JSON = (_Members, _Ready, _Array, _Embed, _Plain, _Quoted, _Flag)


def text(value: Any) -> str:
    """A value that is known here already, as JSON."""
    return json.dumps(value, ensure_ascii=False)


def obj(*ready: ColumnElement[str], **parts: Any) -> ColumnElement[str]:
    """A JSON object, as text: of `members` that are ready, columns, and plain text."""
    return _Object(*_pairs(ready, parts))


def members(*ready: ColumnElement[str], **parts: Any) -> ColumnElement[str]:
    """The same without its braces, for objects that are built of it."""
    return _Members(*_pairs(ready, parts))


def whole(value: ColumnElement[str]) -> ColumnElement[Any]:
    """What was put together, as the JSON that is kept."""
    return _Whole(value)


def array(value: ColumnElement[Any], order: ColumnElement[Any]) -> ColumnElement[str]:
    """A JSON array of a group's values. Order the rows by `order` before as well: SQLite takes them as they come."""
    return _Array(value, order)


def embed(value: Any) -> ColumnElement[str]:
    """JSON built earlier, as a part of JSON built now."""
    return _Embed(value)


def plain(value: Any) -> ColumnElement[str]:
    """Text in which nothing can need escaping (a day, a word of ours), or null: cheaper than quoting it."""
    return _Plain(value)


def sure(value: Any) -> ColumnElement[str]:
    """The same of what is never null: cheaper still. Only a part of an `obj` or of `members`."""
    return _Sure(value)


def ready(value: Any) -> ColumnElement[str]:
    """JSON built earlier that is never null, as a part of JSON built now."""
    return _Ready(value)


def quoted(value: Any) -> ColumnElement[str]:
    """A value of the database's as JSON, for where only some rows have one: quoting even null is a call for each."""
    return _Quoted(value)


def flag(value: Any) -> ColumnElement[str]:
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


def _pairs(ready: tuple[Any, ...], parts: dict[str, Any]) -> list[Any]:
    pairs: list[Any] = []
    for key, value in (*((None, each) for each in map(_Ready, ready)), *parts.items()):
        pairs += [
            literal_column(f"'{key}'" if key is not None else "''"),
            _Embed(literal(text(value), String)) if isinstance(value, str) else value,
        ]
    return pairs


def _pattern(element: Any) -> tuple[str, list[Any]]:
    """An object's text with %s for each value, and the values; objects inside it are part of the same pattern."""
    parts, values = [], []
    clauses = list(element.clauses)
    for key, value in zip(clauses[::2], clauses[1::2], strict=True):
        inner, within = _part(value)
        name = key.name.strip("'")
        parts.append(f'"{name}":{inner}' if name else inner)
        values += within
    told = ",".join(parts)
    return ("{" + told + "}" if isinstance(element, _Object) else told), values


def _part(value: Any) -> tuple[str, list[Any]]:
    if isinstance(value, _Sure):
        return '"%s"', [_Ready(*value.clauses)]
    return _pattern(value) if isinstance(value, _Object) else ("%s", [value])


@compiles(_Members, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    pattern, values = _pattern(element)
    return f"printf('{pattern}', {', '.join(_quoted(value, compiler, kw) for value in values)})"


@compiles(_Members, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    pattern, values = _pattern(element)
    first, *rest = (f"'{piece}'" for piece in pattern.split("%s"))
    quoted = (_as_text(value, compiler, kw) for value in values)
    return f"({' || '.join((first, *(part for pair in zip(quoted, rest, strict=True) for part in pair)))})"


def _quoted(value: Any, compiler: Any, kw: Any) -> str:
    told: str = compiler.process(value, **kw)
    return told if isinstance(value, _JSON) else f"json_quote({told})"


def _as_text(value: Any, compiler: Any, kw: Any) -> str:
    told: str = compiler.process(value, **kw)
    return told if isinstance(value, _JSON) else f"coalesce(to_json({told})::text, 'null')"


@compiles(_Quoted, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"json_quote({compiler.process(element.clauses, **kw)})"


@compiles(_Quoted, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"to_json({compiler.process(element.clauses, **kw)})::text"


@compiles(_Ready)
@compiles(_Whole, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(element.clauses, **kw))


@compiles(_Whole, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"({compiler.process(element.clauses, **kw)})::json"


@compiles(_Array, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    value, _order = element.clauses
    return f"('[' || group_concat({_quoted(value, compiler, kw)}, ',') || ']')"


@compiles(_Array, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    value, order = element.clauses
    return f"('[' || string_agg({_as_text(value, compiler, kw)}, ',' ORDER BY {compiler.process(order, **kw)}) || ']')"


@compiles(_Embed, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"coalesce({compiler.process(element.clauses, **kw)}, 'null')"


@compiles(_Embed, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"coalesce(({compiler.process(element.clauses, **kw)})::text, 'null')"


@compiles(_Plain)
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"""coalesce('"' || {compiler.process(element.clauses, **kw)} || '"', 'null')"""


@compiles(_Flag, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    value = compiler.process(element.clauses, **kw)
    return f"CASE ({value}) WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END"  # asks for it once


@compiles(_Flag, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"coalesce(({compiler.process(element.clauses, **kw)})::text, 'null')"


@compiles(_Day, "sqlite")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"substr({compiler.process(element.clauses, **kw)}, 1, 10)"


@compiles(_Day, "postgresql")
def _(element: Any, compiler: Any, **kw: Any) -> str:
    return f"to_char({compiler.process(element.clauses, **kw)} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
