"""One start of a job: tried until it ends, is refused, or has failed often enough."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import DBAPIError

from app.kit import clock
from app.kit.db import Database
from app.kit.engine.lanes import Lanes
from app.kit.engine.runs import Interrupted, Job, JobFailed, pause_after, said, wait_of
from app.kit.engine.steps import KeptSteps, as_json
from app.kit.refusal import Refused

log = logging.getLogger("rolecall.engine")
MOST_STARTS = 5  # without one finished step between


class Attempts:
    """How jobs are tried in this process."""

    def __init__(self, database: Database, stopping: threading.Event, *, attempts: int, first_pause_s: float) -> None:
        self._database = database
        self._stopping = stopping
        self._lanes = Lanes(database, stopping)
        self._attempts, self._first_pause = attempts, first_pause_s

    def work(self, run: Job, key: str, payload: Mapping[str, Any], lane: str | None) -> Any:
        """Run the job to its end, in its lane. Raises JobFailed, or Interrupted when this process must leave it."""
        while True:
            try:
                with self._lanes.hold(lane):
                    return self._start(run, key, payload)
            except DBAPIError as error:  # our own book-keeping: the job did not fail, the database is away
                log.warning("job %s waits for the database: %s", key, type(error.orig).__name__)
                if self._stopping.wait(min(5.0, self._first_pause)):
                    raise Interrupted from None

    def _start(self, run: Job, key: str, payload: Mapping[str, Any]) -> Any:
        steps = KeptSteps(self._database, key, self._stopping)
        if steps.starts > MOST_STARTS:
            raise JobFailed(f"started {MOST_STARTS} times without ending a step; it may be what stops the workers")
        try:
            while True:
                steps.wake()
                try:
                    return as_json(run(steps, payload))
                except Refused as no:
                    raise JobFailed(str(no), no.refusal.code) from None
                except Exception as error:  # noqa: BLE001  (the worker's edge: a bug or an outage; noted, tried again)
                    self._note(steps, error)
        except Interrupted:
            with contextlib.suppress(DBAPIError):
                steps.let_go()
            raise

    def _note(self, steps: KeptSteps, error: Exception) -> None:
        log.warning(
            "job %s: attempt %d of %d failed: %s", steps.key, steps.attempt, self._attempts, type(error).__name__
        )
        if steps.attempt >= self._attempts:
            raise JobFailed(f"{said(error)} (after {steps.attempt} attempts)") from None
        steps.failed(pause_after(steps.attempt, self._first_pause, wait_of(error, clock.now())))
