"""One at a time: a lane belongs to one running job, across all processes.

The queue already starts one job per lane. It counts in a snapshot, though, and a worker that was only slow may wake up
after its jobs were taken over; so each job also holds its lane's lock while it runs. On PostgreSQL it is a session's
advisory lock, which goes when the process dies; on SQLite, where there is one process, a lock in memory.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, NullPool, create_engine, text

from app.kit.db import Database
from app.kit.engine.runs import Interrupted

ASK_AGAIN = 0.2  # seconds
_KEEPALIVE = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"


class Lanes:
    """The lanes of one process. `stopping` ends a wait with Interrupted."""

    def __init__(self, database: Database, stopping: threading.Event) -> None:
        self._stopping = stopping
        self._local: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        # Its own connections, outside the pool: a lane is held as long as a job takes.
        self._engine: Engine | None = (
            None
            if database.sqlite
            else create_engine(database.url, poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True)
        )

    @contextmanager
    def hold(self, lane: str | None) -> Iterator[None]:
        """Hold a lane for the length of the block, waiting for it if need be. No lane: nothing to hold."""
        if lane is None:
            yield
        elif self._engine is None:
            with self._guard:
                lock = self._local.setdefault(lane, threading.Lock())
            self._wait(lambda: lock.acquire(blocking=False))
            try:
                yield
            finally:
                lock.release()
        else:
            with self._engine.connect() as connection:
                for each in _KEEPALIVE.split("; "):  # a machine that vanished frees its lanes within a minute
                    connection.execute(text(each))
                self._wait(lambda: _try_lock(connection, lane))
                yield  # closing the connection lets go

    def _wait(self, attempt: Callable[[], bool]) -> None:
        while not attempt():
            if self._stopping.wait(ASK_AGAIN):
                raise Interrupted


def _try_lock(connection: Connection, lane: str) -> bool:
    number = int.from_bytes(hashlib.sha256(f"rolecall lane {lane}".encode()).digest()[:8], "big", signed=True)
    return bool(connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), {"number": number}))
