"""Where a page of a list ended, as text in its link to more. It only narrows what may be seen, so it is not signed."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from app.kit.refusal import Refusal, Refused

_MOST = 2**63 - 1
Row = TypeVar("Row")


def make(place: Sequence[Any] | None) -> str | None:
    """The text of a place; None at the end of a list."""
    if place is None:
        return None
    return base64.urlsafe_b64encode(json.dumps(list(place)).encode()).decode().rstrip("=")


def part(
    rows: Sequence[Row], key: Callable[[Row], Any], given: str, most: int, *, shape: Callable[[Any], Any] | None = None
) -> tuple[Sequence[Row], str | None, bool]:
    """A page of a list that is in hand: its rows, the text of where it ended, and whether it is not the first. A row that
    is gone by now leads back to the beginning. `shape`: of its keys, whole numbers otherwise."""
    place = read(given, shape or whole)
    begin = next((number + 1 for number, row in enumerate(rows) if place and key(row) == place[0]), 0)
    some = rows[begin : begin + most]
    return some, make([key(some[-1])]) if begin + most < len(rows) else None, begin > 0


def read(given: str, *shape: Callable[[Any], Any]) -> list[Any] | None:
    """The place that a link holds, each part by its shape; None for none. Refuses (400) what is not one of ours."""
    if not given:
        return None
    try:
        told = json.loads(base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)))
        return [part(value) for part, value in zip(shape, told, strict=True)]
    except (ValueError, TypeError, binascii.Error) as error:
        raise Refused(
            Refusal("bad_cursor", "This is not a page of this list.", "Go back to its beginning.", status=400)
        ) from error


def whole(value: Any) -> int:
    """A whole number that a key can be."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST:
        raise ValueError("not a key")
    return value


def text(value: Any) -> str:
    """Text that a column can hold."""
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError("not text")
    return value


def moment(value: Any) -> str:
    """A moment with its zone, as text."""
    if datetime.fromisoformat(text(value)).tzinfo is None:
        raise ValueError("no zone")
    return str(value)


def entry(value: Any) -> str:
    """An entry's id, as text."""
    return str(UUID(text(value)))
