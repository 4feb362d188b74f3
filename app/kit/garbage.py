"""Looks for cyclic garbage less often while many rows pass by: they are no cycles, and looking was half of the work.

Python looks through its young objects after every few hundred new ones, and through all there are now and then. Rows that
come and go by the million make it look all the time, and never find anything. Memory is freed as before, by counting
references; only what refers to itself waits longer.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = (100_000, 20, 50)  # new objects beyond those freed; a look at these takes some milliseconds
_turn = threading.Lock()
_within = 0  # how many are going on at this moment, in any thread
_before = gc.get_threshold()  # as it was before the first of them


@contextmanager
def seldom() -> Iterator[None]:
    """While this lasts, in this process."""
    global _within, _before
    with _turn:
        if not _within:
            _before = gc.get_threshold()
        _within += 1
        gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        with _turn:
            _within -= 1
            if not _within:
                gc.set_threshold(*_before)
