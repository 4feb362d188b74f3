"""WHERE, as SQL: each test by its column's type, with SOQL's ways with null, case and ids."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.sandbox.salesforce import ids, moments
from connectors.sandbox.salesforce.errors import bad, malformed
from connectors.sandbox.salesforce.grammar import Condition, Literal, SemiJoin, Test
from connectors.sandbox.salesforce.schema import Column

TYPE_NAMES = {"datetime": "dateTime", "id": "ID", "reference": "reference"}
NO_SEMI_JOIN = frozenset({"TwoFactorMethodsInfo"})


@dataclass(frozen=True)
class Sql:
    """A piece of SQL and what goes into its question marks."""

    text: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Surroundings:
    """What a condition needs from the query it stands in."""

    resolve: Callable[[tuple[str, ...]], tuple[str, Column]]  # a path to its SQL expression and its column
    inner: Callable[[SemiJoin], Sql]  # a semi-join to its sub-select
    now: datetime


def condition(where: Condition, around: Surroundings, top: bool = True) -> Sql:
    """The SQL of a condition; every test is plainly true or false, so NOT means what it says."""
    if isinstance(where, Test):
        return _test(where, around, top)
    parts = [condition(part, around, top and where.how == "AND") for part in where.parts]
    values = tuple(v for part in parts for v in part.values)
    if where.how == "NOT":
        return Sql(f"(NOT {parts[0].text})", values)
    return Sql("(" + f" {where.how} ".join(part.text for part in parts) + ")", values)


def joined(parts: list[Sql]) -> Sql:
    """All of these at once."""
    return Sql(" AND ".join(p.text for p in parts) or "1", tuple(v for p in parts for v in p.values))


def _test(test: Test, around: Surroundings, top: bool) -> Sql:
    expression, column = around.resolve(test.path)
    if test.function is not None:
        expression, column = aggregated(test.function, expression, column)
    elif not column.filterable:
        raise bad("INVALID_FIELD", f"field '{column.name}' can not be filtered in a query call")
    if isinstance(test.value, SemiJoin):
        return _semi_join(expression, column, test, test.value, around, top)
    if isinstance(test.value, tuple):
        found = [_compare(expression, column, "=", literal, around.now) for literal in test.value]
        values = tuple(v for f in found for v in f.values)
        either = Sql("(" + " OR ".join(f.text for f in found) + ")", values)
        return (
            _certain(either, top) if test.operator == "in" else Sql(f"(NOT {_certain(either, top=False).text})", values)
        )
    if test.operator == "like":
        return _certain(_like(expression, column, test.value), top)
    return _certain(
        _compare(expression, column, test.operator, test.value, around.now), top, differs=test.operator == "!="
    )


def _certain(test: Sql, top: bool, differs: bool = False) -> Sql:
    """A test whose null counts as false (but what is not there differs); bare where that does no harm, for the indexes."""
    if top and not differs:
        return test
    return Sql(f"COALESCE({test.text}, {int(differs)})", test.values)


def _semi_join(expression: str, column: Column, test: Test, join: SemiJoin, around: Surroundings, top: bool) -> Sql:
    if not top:
        raise malformed(
            "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested WHERE expressions."
        )
    if column.type not in {"id", "reference"}:
        raise malformed(f"Semi join sub-selects can only be used with id fields, cannot use: '{column.name}'")
    if join.entity in NO_SEMI_JOIN:
        raise malformed(f"Entity '{join.entity}' is not supported for semi join inner selects")
    inner = around.inner(join)
    negation = "NOT " if test.operator == "not in" else ""
    return Sql(f"COALESCE({expression} {negation}IN ({inner.text}), {int(bool(negation))})", inner.values)


def _compare(expression: str, column: Column, operator: str, literal: Literal, now: datetime) -> Sql:
    if literal.kind == "null" or (literal.kind == "string" and literal.value == ""):
        if operator not in {"=", "!="}:
            raise bad("INVALID_FIELD", f"invalid operator on null: {operator}")
        empty = f"({expression} IS NULL OR {expression} = '')"
        return Sql(empty if operator == "=" else f"(NOT {empty})")
    if literal.kind == "range":
        return _in_range(expression, column, operator, literal, now)
    value = _value(column, literal)
    if column.type == "boolean":
        if operator not in {"=", "!="}:
            raise bad("INVALID_FIELD", f"invalid operator on boolean field: {operator}")
        return Sql(f"(COALESCE({expression}, 0) {operator} ?)", (value,))
    mark = "?"
    if isinstance(value, str) and not value.isascii():  # SQLite folds the case of ASCII only
        expression, mark = f"fold({expression})", "fold(?)"
    return Sql(f"{expression} {operator} {mark}", (value,))


def _value(column: Column, literal: Literal) -> Any:
    """The value as it is stored. Refuses a literal of another type, as Salesforce does before it runs anything."""
    kinds = {"boolean": "boolean", "datetime": "datetime", "date": "date", "int": "number", "double": "number"}
    wanted = kinds.get(column.type, "string")
    if literal.kind != wanted:
        quotes = "should be" if wanted == "string" else "should not be"
        kind = TYPE_NAMES.get(column.type, column.type)
        raise bad(
            "INVALID_FIELD",
            f"value of filter criterion for field '{column.name}' must be of type {kind} and {quotes} enclosed in quotes",
        )
    if wanted == "boolean":
        return int(literal.value)
    if wanted == "datetime":
        try:
            return moments.written(moments.read(literal.value))
        except ValueError:
            raise malformed(f"Invalid datetime: {literal.value}") from None
    if column.type in {"id", "reference"}:
        found = ids.normal(literal.value)
        if found is None:
            raise bad("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {literal.value}")
        return found
    return unescaped(literal.value) if wanted == "string" else literal.value


def _in_range(expression: str, column: Column, operator: str, literal: Literal, now: datetime) -> Sql:
    if column.type not in {"datetime", "date"}:
        raise bad("INVALID_FIELD", f"value of filter criterion for field '{column.name}' must not be a date literal")
    cut = 10 if column.type == "date" else None
    start, end = (moments.written(m)[:cut] for m in moments.span(literal.value[0], literal.value[1], now))
    tests = {
        "=": (f"({expression} >= ? AND {expression} < ?)", (start, end)),
        "!=": (f"NOT ({expression} >= ? AND {expression} < ?)", (start, end)),
        "<": (f"{expression} < ?", (start,)),
        "<=": (f"{expression} < ?", (end,)),
        ">": (f"{expression} >= ?", (end,)),
        ">=": (f"{expression} >= ?", (start,)),
    }
    return Sql(*tests[operator])


def _like(expression: str, column: Column, literal: Literal) -> Sql:
    if column.type in {"id", "reference", "boolean", "datetime", "date", "int"}:
        raise bad(
            "INVALID_QUERY_FILTER_OPERATOR",
            f"invalid operator on {TYPE_NAMES.get(column.type, column.type)} field: like",
        )
    pattern = unescaped(literal.value, like=True)
    if pattern.isascii():
        return Sql(f"{expression} LIKE ? ESCAPE '\\'", (pattern,))
    return Sql(f"fold({expression}) LIKE fold(?) ESCAPE '\\'", (pattern,))


AGGREGATES = {
    "count": "COUNT({})",
    "count_distinct": "COUNT(DISTINCT {})",
    "max": "MAX({})",
    "min": "MIN({})",
    "sum": "SUM({})",
    "avg": "AVG({})",
}


def aggregated(function: str, expression: str, column: Column) -> tuple[str, Column]:
    """The SQL of an aggregate, and a column of the type it gives. Refuses to add up what is no number."""
    numbers = {"int", "double"}
    if function in {"sum", "avg"} and column.type not in numbers:
        raise malformed(f"field {column.name} does not support aggregate operator {function.upper()}")
    kind = column.type if function in {"max", "min"} else "int"
    return AGGREGATES[function].format(expression), Column(column.name, kind, None, False, True)


def unescaped(text: str, like: bool = False) -> str:
    """What a quoted string means; under LIKE, escaped wildcards stay escaped for SQL. Refuses unknown escapes."""
    plain = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "'": "'", '"': '"', "\\": "\\\\" if like else "\\"}
    wild = {"%": "\\%", "_": "\\_"} if like else {"%": "%", "_": "_"}
    out, chars = [], iter(text)
    for char in chars:
        if char == "\\":
            char = next(chars, "")
            known = (plain | wild).get(char) or plain.get(char.lower())
            if known is None:
                raise malformed(f"Illegal string literal: invalid escape sequence \\{char}")
            char = known
        out.append(char)
    return "".join(out)
