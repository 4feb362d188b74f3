"""What several lines to one org share: the token, the price so far, the columns known, and how many may talk at once.

Safe for threads. A token that was refused is replaced once, whoever notices first; the others go on with the new one.
Salesforce allows 25 long calls at a time for a whole org, so we stay far below it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

from connectors import pacing
from connectors.salesforce import auth
from connectors.salesforce.auth import Access, Token

Columns = Mapping[str, str | None]  # each column's name, with the relation that starts there
Kept = TypeVar("Kept")


class Connection:
    """One org, one integration user."""

    def __init__(
        self,
        access: Access,
        *,
        timeouts: pacing.Timeouts | None = None,
        budget: pacing.Budget | None = None,
        clock: pacing.Clock = time.monotonic,
        sleep: pacing.Sleep = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.access, self.now, self.timeouts = access, now, timeouts
        self.calls = 0  # of all lines together
        self.usage: tuple[int, int] | None = None  # API calls used, and allowed, in the last 24 hours
        self._budget, self._clock, self._sleep = budget, clock, sleep
        self._token: Token | None = None
        self._signing_in, self._counting = threading.Lock(), threading.Lock()
        self._turns = threading.BoundedSemaphore(access.at_once)
        self._kept: dict[object, object] = {}
        self._keeping: dict[object, threading.Lock] = {}

    def patiently(self, ask: Callable[[], Kept]) -> Kept:
        """Ask within our budget; for reads only."""
        return pacing.read(ask, self._budget, clock=self._clock, sleep=self._sleep)

    def token(self, refused: Token | None, count: Callable[[], None]) -> Token:
        """The current token. Signs in, once for all lines, when there is none or when it is the one just refused."""
        with self._signing_in:
            if self._token is None or self._token is refused:
                self._token = self.patiently(lambda: self._signed_in(count))
            return self._token

    def _signed_in(self, count: Callable[[], None]) -> Token:
        count()
        with pacing.open_session(self.timeouts) as session:
            return auth.obtain(self.access, session, now=lambda: self.now().timestamp())

    def forget(self) -> None:
        """Let the token go."""
        with self._signing_in:
            self._token = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until fewer than `at_once` calls are under way."""
        with self._turns:
            yield

    def count(self, limit_header: str | None) -> None:
        """Count one call, and keep what Salesforce says of the daily allowance (`api-usage=18/5000; …`)."""
        with self._counting:
            self.calls += 1
            for piece in (limit_header or "").split(";"):
                name, _, numbers = piece.strip().partition("=")
                used, _, allowed = numbers.partition("/")
                if name == "api-usage" and used.isdigit() and allowed.isdigit():
                    self.usage = (int(used), int(allowed))

    def kept(self, key: object, make: Callable[[], Kept]) -> Kept:
        """What was made under this key, made once for all lines; a failure is not kept."""
        with self._counting:
            lock = self._keeping.setdefault(key, threading.Lock())
        with lock:
            if key not in self._kept:
                self._kept[key] = make()
            return self._kept[key]  # type: ignore[return-value]
