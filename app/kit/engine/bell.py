"""Looking as soon as there is something to see: waiting that is cut short, so that looking in vain may be rare."""

from __future__ import annotations

import math
import threading
import time


class Bell(threading.Event):
    """An event whose waiters can be sent to look without setting it. Nobody misses a ring that came while they looked."""

    def __init__(self) -> None:
        super().__init__()
        self._rung = threading.Condition()
        self._rings = 0
        self._due = math.inf  # when it rings by itself, on the monotonic clock
        self._heard = threading.local()

    def ring(self) -> None:
        """Whoever waits looks now, and whoever is looking looks once more."""
        with self._rung:
            self._rings += 1
            self._rung.notify_all()

    def ring_in(self, seconds: float) -> None:
        """Ring a little later: for what is about to be true. Of several, the last counts."""
        with self._rung:
            self._due = time.monotonic() + seconds
            self._rung.notify_all()

    def set(self) -> None:
        """End all waiting, for good."""
        super().set()
        self.ring()

    def wait(self, timeout: float | None = None) -> bool:
        """Until it is set, rung, or `timeout` seconds are over. Whether it is set."""
        until = time.monotonic() + timeout if timeout is not None else math.inf
        with self._rung:
            heard = getattr(self._heard, "rings", 0)
            while not self.is_set() and self._rings == heard and (now := time.monotonic()) < until:
                if self._due <= now:
                    self._due = math.inf
                    self.ring()
                else:
                    left = min(until, self._due) - now
                    self._rung.wait(left if left < math.inf else None)
            self._heard.rings = self._rings
        return self.is_set()
