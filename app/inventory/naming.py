"""Takes what names somebody out of texts and out of JSON that was kept about them.

Only what is about them is given here: a name alone does not tell a person from a namesake.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

GONE = "(erased)"
_SHORTEST = 2  # "Ng" is a name; a single letter stands in every text


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody to be erased: their number, their accounts, what they are called, and what is nobody else's (`own`)."""

    identity: int
    accounts: frozenset[int]
    words: frozenset[str]
    own: frozenset[str]

    @property
    def holders(self) -> list[str]:
        """Under which keys the ledger keeps their values."""
        return [f"identity:{self.identity}", *(f"account:{number}" for number in sorted(self.accounts))]


def blank(value: Any, words: frozenset[str]) -> Any:
    """The same with each of these words replaced, wherever it stands as a whole, in any case of letters."""
    long_first = sorted((word for word in words if len(word) >= _SHORTEST), key=len, reverse=True)
    if not long_first:
        return value
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, long_first))})(?!\w)", re.IGNORECASE)
    return _blanked(value, pattern)


def _blanked(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(GONE, value)
    if isinstance(value, dict):
        return {_blanked(key, pattern): _blanked(each, pattern) for key, each in value.items()}
    if isinstance(value, list):
        return [_blanked(each, pattern) for each in value]
    return value
