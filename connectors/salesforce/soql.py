"""Small tools for Salesforce's query language and the rows that it gives: quoting, times, dotted columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Row = Mapping[str, Any]


def quote(text: str) -> str:
    """A string literal; the only two characters with a meaning inside are escaped."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def is_id(text: str) -> bool:
    """Whether a text has the form of a record Id (15 characters, or 18 with the checksum)."""
    return re.fullmatch(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?", text) is not None


def insist_id(text: str | None) -> str:
    """The Id, or ValueError: what is not an Id never gets into a query or a path."""
    if text is None or not is_id(text):
        raise ValueError("a Salesforce record Id was expected")
    return text


def same_id(left: str | None, right: str | None) -> bool:
    """Whether two Ids mean the same record; the last three of 18 characters are a checksum of the first 15."""
    return left is not None and right is not None and left[:15] == right[:15]


def among(column: str, ids: list[str]) -> str:
    """`column IN (…)`."""
    return f"{column} IN ({', '.join(quote(insist_id(each)) for each in ids)})"


def moment(when: datetime) -> str:
    """A datetime literal: unquoted, UTC, whole seconds."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def when(text: object) -> datetime | None:
    """A time as Salesforce writes it (`2026-03-26T16:43:31.000+0000`), as aware UTC; None for null.

    ValueError for anything else: a time that we cannot read must not pass for "never".
    """
    if text is None:
        return None
    found = datetime.fromisoformat(str(text))
    if found.tzinfo is None:
        raise ValueError(f"a time without a zone: {text}")
    return found if found.tzinfo is UTC else found.astimezone(UTC)


def value(row: Row, column: str) -> Any:
    """The value of a dotted column such as `Profile.UserLicense.Name`; None where the parent is null or not asked for."""
    if column in row or "." not in column:
        return row.get(column)
    found: Any = row
    for step in column.split("."):
        if not isinstance(found, dict):
            return None
        found = found.get(step)
    return found


def text(row: Row, column: str) -> str | None:
    """The value as text; None for null and for empty text."""
    found = row.get(column)  # asked a dozen times for every row of a million: the short way first
    if found is None:
        if "." not in column:
            return None
        found = value(row, column)
    if isinstance(found, str):
        return found or None
    return None if found is None else str(found)


def truth(row: Row, column: str) -> bool | None:
    """The value of a checkbox; None where Salesforce did not say."""
    found = row.get(column)
    if found is None and "." in column:
        found = value(row, column)
    return found if isinstance(found, bool) else None


def word(row: Row, column: str) -> str | None:
    """The value as text, a checkbox as `true` or `false`; None for null and for empty text."""
    found = value(row, column)
    return str(found).lower() if isinstance(found, bool) else text(row, column)
