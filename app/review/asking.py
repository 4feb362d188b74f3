"""An expression as a condition of the database (twin of `expression.holds`).

A fact of several values is a text column such as `|export|see_all|`: `|` where there are none, null if that is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, not_, or_

from app.review.expression import Both, Either, Expression, Flag, Known, Not, OneOf, Sort

BAR = "|"


def condition(of: Expression, columns: Mapping[str, Any], facts: Mapping[str, Sort]) -> ColumnElement[bool]:
    """The condition, over the column of each fact that it asks for. Neither true nor false where something is not known."""
    match of:
        case Flag(word):
            if facts[word] is Sort.MANY:
                return and_(func.replace(columns[word], literal(BAR), literal("")) != literal(""))
            return and_(columns[word])
        case OneOf(word, values):
            if facts[word] is Sort.MANY:
                return or_(*(_among(columns[word], value) for value in values))
            return and_(columns[word].in_(values))
        case Known(word):
            return and_(columns[word].is_not(None))
        case Not(inner):
            return not_(condition(inner, columns, facts))
        case Both(parts):
            return and_(*(condition(part, columns, facts) for part in parts))
        case Either(parts):
            return or_(*(condition(part, columns, facts) for part in parts))


def packed(values: Iterable[str] | None) -> str | None:
    """Several values as the text that `condition` looks through."""
    if values is None:
        return None
    told = [value.replace(BAR, " ") for value in values]
    return BAR + "".join(f"{value}{BAR}" for value in told)


def _among(column: Any, value: str) -> ColumnElement[bool]:
    """Compared letter by letter: SQLite's LIKE takes `Export` for `export`."""
    sought = literal(f"{BAR}{value.replace(BAR, ' ')}{BAR}")
    return and_(func.replace(column, sought, literal("")) != column)
