"""The one who does what runs unasked: numbers and signs the ledger, hands consequences to the engine, minds the clock.

Embedded, there is exactly one worker, held by a file lock in the home; on PostgreSQL there are as many as you like, and
whatever any of them hands over has an id that makes it happen once.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app import jobs
from app.actors.actor import SCHEDULER
from app.kit.engine import Engine, RunStatus, Steps
from app.kit.engine.bell import Bell
from app.ledger import checkpoints, leaves, relay, signing
from app.ledger import queries as ledger
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from app.means import Means

log = logging.getLogger("rolecall.worker")
_SIGN_EVERY = timedelta(seconds=60)
_HEARTBEAT = timedelta(hours=1)
_RELAY_AT_ONCE = 200
_AFTER_A_BUG = 5.0  # seconds
_LOOK_AGAIN_S = 0.05


class Worker:
    """A running worker: `start`, then `stop`. `turn` does one round by hand, for commands that wait for their own work."""

    def __init__(
        self,
        means: Means,
        *,
        holder: str = "rolecall work",
        address: str | None = None,
        scheduled: bool = True,
        poll_s: float = 0.25,
        first_pause_s: float = 30.0,
    ) -> None:
        settings = means.settings
        self.means = means
        self.engine = Engine(
            settings.database_url,
            embedded=settings.embedded,
            home=settings.home,
            threads=settings.worker_threads,
            attempts=settings.job_attempts,
            heartbeat_s=settings.heartbeat_seconds,
            takeover_s=settings.takeover_seconds,
            poll_s=4 * poll_s,  # what is handed over here begins at once; this is for what others did
            first_pause_s=first_pause_s,
            holder=holder,
            address=address,
        )
        for job in jobs.JOBS.values():
            self.engine.job(job.name, self._bound(job), lane=job.lane is not None)
        self._scheduled = scheduled
        self._poll = poll_s
        self._clock: BackgroundScheduler | None = None
        self._stopping = Bell()
        self._loop = threading.Thread(target=self._run, name="relay", daemon=True)
        self._signed: datetime | None = None

    def start(self) -> None:
        """Launch the engine and begin. Refuses (Refused) when another process holds this home."""
        self.engine.launch()
        self._loop.start()
        if self._scheduled:
            self.keep_time()
            self._catch_up()

    def keep_time(self) -> None:
        """Begin to do what the clock asks for, for a worker that was started without (`scheduled`)."""
        if self._clock is None:
            self._clock = self._scheduler()
            self._clock.start()

    def stop(self) -> None:
        """Stop taking work; what is in a step is given time to end it."""
        self._stopping.set()
        if self._clock is not None:
            self._clock.shutdown(wait=False)
        self._loop.join(timeout=10)
        self.engine.close()

    def turn(self) -> int:
        """Number new entries and hand their consequences to the engine. Returns how many entries were numbered."""
        with self.means.database.transaction() as session:
            numbered = leaves.integrate(session)
        while self._relay():
            pass
        return numbered

    def idle(self) -> bool:
        """Whether nothing waits to be handed over and no job waits or runs.

        The ledger is looked at before and after the jobs: one that ended in between may have left entries behind.
        """
        before = None if self.engine.busy else self._quiet_at()
        if before is None:
            return False
        busy = any(self.engine.list(status=status, limit=1) for status in (RunStatus.WAITING, RunStatus.RUNNING))
        return not busy and self._quiet_at() == before

    def _quiet_at(self) -> int | None:
        """The ledger's size, if every entry has its number and its consequences are handed over."""
        with self.means.database.reading() as session:
            if ledger.unnumbered(session) or ledger.pending(session, limit=1):
                return None
            return ledger.size(session)

    def wait_until_idle(self, timeout_s: float = 600) -> None:
        """Wait until everything asked for so far, and what followed from it, is done. Raises TimeoutError."""
        deadline = time.monotonic() + timeout_s
        self._stopping.ring()
        while not self.idle():
            if time.monotonic() > deadline:
                raise TimeoutError(f"work was still going on after {timeout_s:g} seconds; see `rolecall doctor`")
            time.sleep(_LOOK_AGAIN_S)

    def sign(self, *, now: bool = False) -> None:
        """Sign a checkpoint when it is time, or now."""
        at = self.means.clock()
        if not now and self._signed is not None and at - self._signed < _SIGN_EVERY:
            return
        with self.means.database.transaction() as session:
            leaves.integrate(session)
            signer = signing.signer(session, self.means.keys)
            checkpoints.sign(session, signer, by=SCHEDULER.id, at=at, heartbeat=_HEARTBEAT)
        self._signed = at

    def _bound(self, job: jobs.Job) -> Any:
        def run(steps: Steps, payload: jobs.Payload) -> jobs.Answer:
            try:
                return job.run(self.means, steps, payload)
            finally:
                self._stopping.ring()  # what it wrote to the ledger may have consequences

        return run

    def _run(self) -> None:
        while not self._stopping.is_set():
            pause = self._poll
            try:
                pause = 0.02 if self.turn() else self._poll
                self.sign()
            except DBAPIError as error:  # the database is away, or the row was locked: it will be there again
                log.warning("relay: %s", type(error.orig).__name__)
            except checkpoints.BrokenLog as broken:  # work goes on; the checkpoints kept elsewhere show what was done
                log.critical("nothing is signed any more: %s", broken)
                self._signed = self.means.clock()
            except Exception:  # the worker's edge: a thread that ended would take all work with it, unseen
                log.exception("relay")
                pause = _AFTER_A_BUG
            self._stopping.wait(pause)

    def _relay(self) -> int:
        """Hand over what waits. A pending row goes only after its jobs are with the engine, under the entry's own id."""
        with self.means.database.reading() as session:
            waiting = ledger.pending(session, limit=_RELAY_AT_ONCE)
            wanted = select(EntryRow.id, EntryRow.body).where(EntryRow.id.in_([each.entry_id for each in waiting]))
            bodies: dict[uuid.UUID, dict[str, Any]] = {row.id: row.body for row in session.execute(wanted)}
        for each in waiting:
            for name in jobs.FOLLOWS[Kind(each.kind)]:
                what, _, number = each.subject.partition(":")  # "campaign:12" reaches the job as campaign=12
                about = {what: int(number)} if number.isdigit() else {}
                self._hand_over(name, f"{name}:{each.entry_id}", {**about, **bodies[each.entry_id]}, each.entry_id)
        if waiting:
            with self.means.database.transaction() as session:
                relay.forget(session, [each.entry_id for each in waiting])
        return len(waiting)

    def _hand_over(self, name: str, key: str, body: Mapping[str, Any], entry: uuid.UUID | None = None) -> None:
        payload = {**body, "entry": str(entry) if entry else None}
        lane = jobs.JOBS[name].lane
        self.engine.enqueue(name, key, payload, lane=lane(payload) if lane is not None else None)

    def _scheduler(self) -> BackgroundScheduler:
        zone = self.means.settings.zone
        scheduler = BackgroundScheduler(timezone=zone)
        for tick in jobs.SCHEDULE:
            scheduler.add_job(
                self._tick,
                _trigger(tick, zone),
                args=[tick],
                coalesce=True,
                misfire_grace_time=3600,
                max_instances=1,
            )
        scheduler.add_job(self._forget_jobs, CronTrigger(timezone=zone, hour=4, minute=30), coalesce=True)
        return scheduler

    def _catch_up(self) -> None:
        """Do today what today's time has passed for while nobody worked. What was done has spent its slot already.

        A job that never ran here was not missed: a new installation waits for its first night.
        """
        zone = self.means.settings.zone
        local = self.means.clock().astimezone(zone)
        for tick in jobs.SCHEDULE:
            due = _trigger(tick, zone).get_next_fire_time(
                None, local.replace(hour=0, minute=0, second=0, microsecond=0)
            )
            if due is not None and due <= local and self.engine.list(name=tick.job, limit=1):
                self._tick(tick)

    def _forget_jobs(self) -> None:
        """Ended jobs stay listed for a time; their keys stay spent for good."""
        self.engine.forget(self.means.clock() - timedelta(days=self.means.settings.job_retention_days))

    def _tick(self, tick: jobs.Tick) -> None:
        self._hand_over(tick.job, jobs.slot(tick, self.means.clock().astimezone(self.means.settings.zone)), {})


def _trigger(tick: jobs.Tick, zone: ZoneInfo) -> CronTrigger:
    """The times of a tick, on the wall clock of a zone."""
    return CronTrigger(timezone=zone, **dict(field.split("=", 1) for field in tick.every.split()))
