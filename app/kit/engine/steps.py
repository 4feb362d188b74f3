"""A job's steps: what each gave is kept under the job's key and the step's name, and read back after a restart.

Only the latest start of a job owns it. A process that was slow, not dead, finds at its next step that somebody else went
on with its job, and stops there.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from sqlalchemy import insert, select, update

from app.kit import clock
from app.kit.db import Database
from app.kit.engine.runs import Interrupted
from app.kit.engine.tables import JobRow, StepRow

T = TypeVar("T")


class KeptSteps:
    """Implements `Steps` for one start of one job. `starts` counts this one and those before it that ended no step."""

    def __init__(self, database: Database, key: str, stopping: threading.Event) -> None:
        self.key = key
        self._database = database
        self._stopping = stopping
        self._owner = uuid.uuid4().hex
        self._seen: dict[str, int] = {}
        mine = JobRow.key == key
        with database.transaction() as session:
            session.execute(update(JobRow).where(mine).values(owner=self._owner, starts=JobRow.starts + 1))
            row = session.scalar(select(JobRow).where(mine))
            if row is None:
                row = JobRow(key=key, owner=self._owner, starts=1, attempt=1, wake=None)
                session.add(row)
            self.starts, self.attempt, self._wake = row.starts, row.attempt, row.wake
            kept = session.execute(select(StepRow.name, StepRow.number, StepRow.gave).where(StepRow.key == key))
            self._kept: dict[tuple[str, int], Any] = {(name, number): gave for name, number, gave in kept}

    def step(self, name: str, run: Callable[[], T]) -> T:
        """See `Steps.step`."""
        number = self._seen[name] = self._seen.get(name, 0) + 1
        if (name, number) not in self._kept:
            self._insist_on_ownership()
            gave = as_json(run())
            with self._database.transaction() as session:
                self._claim(session, starts=0)
                session.execute(insert(StepRow).values(key=self.key, name=name, number=number, gave=gave))
            self._kept[name, number] = gave
        return cast(T, self._kept[name, number])

    def sleep(self, seconds: float) -> None:
        """See `Steps.sleep`."""
        until = self.step("sleep", lambda: (clock.now() + timedelta(seconds=seconds)).isoformat())
        self._sleep_until(datetime.fromisoformat(until))

    def wake(self) -> None:
        """Sit out what remains of the pause after the last failed attempt, and begin the next."""
        self._seen.clear()
        if self._wake is not None:
            self._sleep_until(self._wake)

    def failed(self, pause_s: float) -> None:
        """Note that this attempt failed; the next begins after a pause, here or in another process."""
        self.attempt, self._wake = self.attempt + 1, clock.now() + timedelta(seconds=pause_s)
        with self._database.transaction() as session:
            self._claim(session, starts=0, attempt=self.attempt, wake=self._wake)

    def let_go(self) -> None:
        """This start was not the last word, and did no harm: do not count it."""
        with self._database.transaction() as session:
            session.execute(update(JobRow).where(JobRow.key == self.key, JobRow.owner == self._owner).values(starts=0))

    def _claim(self, session: Any, **values: Any) -> None:
        mine = update(JobRow).where(JobRow.key == self.key, JobRow.owner == self._owner).values(**values)
        if session.execute(mine).rowcount != 1:
            raise Interrupted

    def _insist_on_ownership(self) -> None:
        if self._stopping.is_set():
            raise Interrupted
        with self._database.reading() as session:
            if session.scalar(select(JobRow.owner).where(JobRow.key == self.key)) != self._owner:
                raise Interrupted

    def _sleep_until(self, moment: datetime) -> None:
        if self._stopping.wait(max(0.0, (moment - clock.now()).total_seconds())):
            raise Interrupted


def as_json(value: Any) -> Any:
    """The value as it will be read back. Refuses (TypeError) what JSON cannot hold."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise TypeError(f"what a step gives must be JSON, this is not: {type(value).__name__} ({error})") from error
