"""Looking as soon as there is something to see: waiting that is cut short, so that looking in vain may be rare."""

from __future__ import annotations

import threading


class Bell(threading.Event):
    """An event whose waiters can be sent to look without setting it. Nobody misses a ring that came while they looked."""

    def __init__(self) -> None:
        super().__init__()
        self._rung = threading.Condition()
        self._rings = 0
        self._heard = threading.local()

    def ring(self) -> None:
        """Whoever waits looks now, and whoever is looking looks once more."""
        with self._rung:
            self._rings += 1
            self._rung.notify_all()

    def ring_in(self, seconds: float) -> None:
        """Ring a little later, from a thread of its own: for what is about to be true."""
        later = threading.Timer(seconds, self.ring)
        later.daemon = True
        later.start()

    def set(self) -> None:
        """End all waiting, for good."""
        super().set()
        self.ring()

    def wait(self, timeout: float | None = None) -> bool:
        """Until it is set, rung, or `timeout` seconds are over. Whether it is set."""
        with self._rung:
            heard = getattr(self._heard, "rings", 0)
            self._rung.wait_for(lambda: self.is_set() or self._rings != heard, timeout)
            self._heard.rings = self._rings
        return self.is_set()
