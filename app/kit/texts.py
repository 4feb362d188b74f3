"""Which text a database keeps: PostgreSQL refuses NUL, and no encoding of ours writes half a character."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def storable(given: Any) -> bool:
    """Whether every text in it can be kept by a database."""
    if isinstance(given, str):
        return "\x00" not in given and not any(0xD800 <= ord(letter) <= 0xDFFF for letter in given)
    if isinstance(given, Mapping):
        return all(storable(name) and storable(value) for name, value in given.items())
    if isinstance(given, Sequence) and not isinstance(given, bytes | bytearray):
        return all(storable(each) for each in given)
    return True
