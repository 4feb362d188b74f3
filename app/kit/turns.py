"""Lets threads that wait for an answer go on sooner, while others are busy with what was answered before.

Python lets one thread at a time think, and takes its turn away after five milliseconds. A page comes in a dozen pieces, and
for each its thread would wait that long: as long in all as the CRM took to answer.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

LONG = sys.getswitchinterval()
SHORT = 0.0005  # seconds
_turn = threading.Lock()
_within = 0  # how many are going on at this moment, in any thread


@contextmanager
def short() -> Iterator[None]:
    """While this lasts, in this process."""
    global _within
    with _turn:
        _within += 1
        sys.setswitchinterval(SHORT)
    try:
        yield
    finally:
        with _turn:
            _within -= 1
            if not _within:
                sys.setswitchinterval(LONG)
