"""Two ordered readings walked side by side, so that a packet of a million items needs little memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row

Line = Row[*tuple[Any, ...]]


class Beside:
    """Rows of a second statement, ordered by their first column, handed out beside the first statement's rows."""

    def __init__(self, rows: Iterator[Line]) -> None:
        self._groups = itertools.groupby(rows, key=lambda row: row[0])
        self._next: tuple[Any, list[Line]] | None = None

    def of(self, key: Any) -> list[Line]:
        """The rows that belong to `key`; keys are asked for in rising order."""
        while self._next is None or self._next[0] < key:
            found = next(self._groups, None)
            if found is None:
                return []
            self._next = (found[0], list(found[1]))
        return self._next[1] if self._next[0] == key else []
