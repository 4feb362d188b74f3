"""Identifiers for acts and entries: UUID version 7 (RFC 9562), which sort by the time they were made."""

from __future__ import annotations

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0
_TAIL = (1 << 62) - 1


def uuid7() -> uuid.UUID:
    """A new identifier; within one process each is greater than the one before, also inside one millisecond."""
    return uuid7s(1)[0]


def uuid7s(count: int) -> list[uuid.UUID]:
    """So many at once, each greater than the one before."""
    global _last
    with _lock:
        # 48 bits of milliseconds and 12 of sub-millisecond sequence, kept strictly rising.
        first = max((time.time_ns() * 4096) // 1_000_000, _last + 1)
        _last = first + count - 1
    chance = os.urandom(8 * count)
    return [
        uuid.UUID(
            int=(stamp >> 12) << 80
            | 0x7 << 76
            | (stamp & 0xFFF) << 64
            | 0b10 << 62
            | int.from_bytes(chance[8 * place : 8 * place + 8], "big") & _TAIL
        )
        for place, stamp in enumerate(range(first, first + count))
    ]
