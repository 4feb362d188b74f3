"""Who is alive, and taking over from who is not (PostgreSQL only; the engine's free core does not).

Each worker renews its row. Whoever finds a stale one deletes it, and hands every running job of a worker without a row
back to its queue. That is done under one advisory lock, so that a job which a survivor has just started is not handed back
again. A worker that was only slow loses its jobs at their next step (`steps`), and keeps their lanes until then (`lanes`).
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from app.kit.db import Database
from app.kit.engine.tables import WorkerRow

log = logging.getLogger("rolecall.engine")
TAKEOVER_LOCK = 0x526F6C6563616C6C  # "Rolecall"
HandBack = Callable[
    [set[str]], int
]  # given the workers alive, returns how many jobs of others went back to their queues


class Heart:
    """Beats for one worker, and looks after the others, until stopped."""

    def __init__(
        self, database: Database, worker: str, *, every_s: float, dead_after_s: float, hand_back: HandBack
    ) -> None:
        self._database = database
        self._worker = worker
        self._every = every_s
        self._dead_after = dead_after_s
        self._hand_back = hand_back
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live, name="rolecall-heart", daemon=True)

    def start(self) -> None:
        """Keep beating."""
        self._thread.start()

    def stop(self) -> None:
        """Beat no more, and leave: jobs that are still ours are taken over by the next worker that looks."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=self._every + 5)
        with contextlib.suppress(DBAPIError), self._database.transaction() as session:
            session.execute(delete(WorkerRow).where(WorkerRow.id == self._worker))

    def _live(self) -> None:
        while True:
            try:
                self.beat()
                self._look_after_others()
            except DBAPIError as error:  # the database is away; it will be asked again at the next beat
                log.warning("no heartbeat: %s", type(error.orig).__name__)
            if self._stop.wait(self._every):
                return

    def beat(self) -> None:
        """Say that this worker is alive."""
        with self._database.transaction() as session:
            mine = session.execute(update(WorkerRow).where(WorkerRow.id == self._worker).values(beat=func.now()))
            if not mine.rowcount:  # type: ignore[attr-defined]
                session.execute(insert(WorkerRow).values(id=self._worker, beat=func.now()))

    def _look_after_others(self) -> None:
        with self._database.transaction() as session:
            if not session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": TAKEOVER_LOCK}):
                return  # somebody else is looking
            stale = WorkerRow.beat < func.now() - timedelta(seconds=self._dead_after)
            session.execute(delete(WorkerRow).where(stale, WorkerRow.id != self._worker))
            alive = set(session.scalars(select(WorkerRow.id)))
            taken = self._hand_back(alive)
        if taken:
            log.warning("took over %d jobs of workers that are gone", taken)
