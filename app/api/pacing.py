"""How often a token may call: so many times a minute, counted in this process, its share of what all may take together.

In memory, for a row per call would make every read a write; a token in a hurry is a nuisance and no break-in. What is
counted against break-ins (`actors.failures`) lies in rows.
"""

from __future__ import annotations

import threading
from datetime import datetime
from math import ceil

from app.actors import policy
from app.kit.refusal import Refusal


class Pace:
    """The calls of this minute. `limit` is what a token may make in all of `processes` together."""

    def __init__(self, limit: int, processes: int) -> None:
        """Begin to count."""
        self._limit, self._share = limit, ceil(limit / processes)
        self._lock = threading.Lock()
        self._minute: datetime | None = None
        self._calls: dict[str, int] = {}

    def why_not(self, token_id: str, at: datetime) -> Refusal | None:
        """Count one call; why it has to wait (429), if the token has made its calls of this minute."""
        minute = at.replace(second=0, microsecond=0)
        with self._lock:
            if minute != self._minute:  # the past is forgotten whole, so this never grows
                self._minute, self._calls = minute, {}
            made = self._calls.get(token_id, 0)
            if made >= self._share:
                return policy.too_many_calls(60 - at.second, self._limit)
            self._calls[token_id] = made + 1
            return None
