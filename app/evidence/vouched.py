"""Whether whose word a review opened by is the same on the cover as in the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def override(shown: Mapping[str, Any] | None, logged: Mapping[str, Any] | None) -> Iterator[str]:
    """What differs about who answered for readings that fall short."""
    if (shown is None) != (logged is None):
        yield (
            "an override is in the log and not on the cover"
            if logged
            else "the override on the cover is not in the log"
        )
    elif shown is not None and logged is not None:
        same = all(shown[name] == logged["body"][name] for name in ("asked_by", "granted_by", "lacks"))
        if not same or logged["opened"].get("reason", shown["reason"]) != shown["reason"]:
            yield "the override on the cover is not the one in the log"


def approval(shown: Mapping[str, Any] | None, logged: Mapping[str, Any] | None) -> Iterator[str]:
    """Whose word it is that something was left out; packets older than such words have none of either."""
    if shown is None and logged is None:
        return
    names = ("asked_by", "granted_by", "given_at")
    if shown is None or logged is None or any(shown[name] != logged["body"][name] for name in names):
        yield "whose word it is that something was left out is not the same on the cover and in the log"
    elif logged["opened"].get("reason", shown["reason"]) != shown["reason"]:
        yield "why something may be left out is not the same on the cover and in the log"
