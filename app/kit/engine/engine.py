"""The port to DBOS: hand over a job under a key, and it is done once, for ever.

DBOS keeps the queues and the runs; what it must not be asked to do is answered here (measured, and tested):
- the version is pinned, so that work in flight survives an upgrade of ours;
- on PostgreSQL each process has an executor id of its own, and `workers` takes over from the dead;
- on SQLite there is exactly one process, whose stable id recovers its own work at the start, from a file of its own that
  never meets the application's write lock;
- its queues are looked at as soon as something was handed over or ended here (`bell`), and seldom otherwise;
- payloads and results are kept as JSON, not pickled; steps are kept by `steps`, by name and not by position;
- nothing is sent anywhere: no key is given, no log line advertises a console.
"""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer
from dbos._queue import queue_worker_thread
from sqlalchemy import delete, insert, select, update

from app.kit.db import Database
from app.kit.engine.attempts import Attempts
from app.kit.engine.bell import Bell
from app.kit.engine.embedded import EmbeddedLock, teach_subseconds
from app.kit.engine.runs import Interrupted, Job, Run, RunStatus
from app.kit.engine.tables import JobRow, SpentKeyRow, StepRow
from app.kit.engine.workers import Heart

NAME = "rolecall"
VERSION = "1"  # for ever: steps are found by name; a job that old work in flight cannot follow gets a new name
QUEUE, LANES = "jobs", "lanes"
EMBEDDED_ID = "embedded"
_NOTED_S = 0.03  # so long after a job's end DBOS has usually noted it, and what waits behind it in its lane may begin

_STATUS = {
    "DELAYED": RunStatus.WAITING,
    "ENQUEUED": RunStatus.WAITING,
    "PENDING": RunStatus.RUNNING,
    "SUCCESS": RunStatus.DONE,
    "ERROR": RunStatus.FAILED,
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": RunStatus.FAILED,
    "CANCELLED": RunStatus.CANCELLED,
}


class Engine:
    """Durable work in this process. Say `job(…)` for each kind of job, then `launch()`, then `enqueue(…)`.

    `home` holds DBOS's own SQLite file and the lock of the one embedded worker; on PostgreSQL the schema `dbos` of the same
    database is used. The tables of `app.kit.engine.tables` must exist.
    """

    def __init__(
        self,
        database_url: str,
        *,
        executor_id: str | None = None,
        embedded: bool,
        home: Path | None = None,
        threads: int = 8,
        attempts: int = 8,
        first_pause_s: float = 30.0,
        poll_s: float = 1.0,
        heartbeat_s: float = 5.0,
        takeover_s: float = 30.0,
        holder: str = "a Rolecall worker",
        address: str | None = None,
    ) -> None:
        self._database = Database(database_url, pool_size=3)
        if self._database.sqlite and not embedded:
            raise ValueError("SQLite has one process only: the engine must be embedded, or the database PostgreSQL")
        if embedded and home is None:
            raise ValueError("an embedded engine needs a home for its lock and its file")
        self._home, self._holder, self._address = home, holder, address
        unique = f"{socket.gethostname()}:{uuid.uuid4()}"
        self.executor_id = executor_id or (EMBEDDED_ID if self._database.sqlite else unique)
        self._threads, self._poll = threads, poll_s
        self._heartbeat, self._takeover = heartbeat_s, takeover_s
        self._jobs: dict[str, tuple[Job, bool]] = {}
        self._stopping = threading.Event()
        self._idle = threading.Condition()
        self._running = 0
        self._tries = Attempts(self._database, self._stopping, attempts=attempts, first_pause_s=first_pause_s)
        self._lock = EmbeddedLock(home) if embedded and home else None
        self._heart: Heart | None = None
        self._client: DBOSClient | None = None
        self._bells = {QUEUE: Bell(), LANES: Bell()}
        self._lookers: list[threading.Thread] = []

    # --- life -----------------------------------------------------------------------------------------------------

    def job(self, name: str, run: Job, *, lane: bool = False) -> None:
        """Make a kind of job known, before launching. `lane`: it is always handed over with one."""
        if self._client is not None:
            raise RuntimeError(f"job {name!r} comes too late: the engine was launched")
        if name in self._jobs:
            raise ValueError(f"there is a job named {name!r} already")
        self._jobs[name] = (run, lane)

    def launch(self) -> None:
        """Begin to work. Refuses (Refused) when another process is this home's embedded worker."""
        if self._lock is not None:
            self._lock.take(self._holder, self._address)
        try:
            _outside_loop(self._launch)
        except BaseException:
            self._end()
            raise

    def close(self, timeout_s: float = 10.0) -> None:
        """Stop: no new steps. What runs is given `timeout_s` to end its step; the rest goes on at the next launch, or
        with another worker at once."""
        if self._client is None:
            return
        self._stopping.set()
        self._end_looking()
        with self._idle:
            self._idle.wait_for(lambda: self._running == 0, timeout_s)
        self._end()

    def _end(self) -> None:
        _outside_loop(self._close)
        if self._lock is not None:
            self._lock.release()

    def _launch(self) -> None:
        url = self._prepared_url()
        if not self._database.sqlite:
            self._heart = Heart(
                self._database,
                self.executor_id,
                every_s=self._heartbeat,
                dead_after_s=self._takeover,
                hand_back=self._hand_back,
            )
        DBOS.migrate(url)
        self._client = DBOSClient(
            system_database_url=url, serializer=DBOSPortableJSONSerializer(), application_name=NAME
        )
        self._register_queues(self._client)  # before launching: found later, they would be looked at a second later
        dbos = DBOS(config=self._config(url))
        DBOS.listen_queues([])  # by itself it would look by the clock alone
        for name in self._jobs:
            DBOS.workflow(name=name, max_recovery_attempts=None)(self._workflow(name))
        if self._heart:
            self._heart.beat()  # before any job can be ours
        DBOS.launch()
        for each in self._bells.items():
            self._lookers.append(threading.Thread(target=self._look, args=(dbos, *each), daemon=True))
            self._lookers[-1].start()
        self._look_now()  # something may have been left behind
        if self._heart:
            self._heart.start()

    def _look(self, dbos: DBOS, name: str, bell: Bell) -> None:
        """Take from a queue what may begin here, until this engine stops."""
        while not bell.is_set():
            queue = DBOS.retrieve_queue(name)
            if queue is not None:
                queue_worker_thread(bell, dbos, queue)
            bell.wait(1)  # somebody took the queue away under it

    def _look_now(self) -> None:
        for bell in self._bells.values():
            bell.ring()

    def _end_looking(self) -> None:
        for bell in self._bells.values():
            bell.set()

    def _register_queues(self, client: DBOSClient) -> None:
        for queue, per_lane in ((QUEUE, None), (LANES, 1)):
            client.register_queue(
                queue,
                worker_concurrency=self._threads,
                partition_concurrency=per_lane,
                polling_interval_sec=self._poll,
                on_conflict="always_update",
            )

    def _close(self) -> None:
        self._end_looking()
        for looker in self._lookers:
            looker.join(timeout=10)
        DBOS.destroy(destroy_registry=True)
        if self._client is not None:
            self._client.destroy()
            self._client = None
        if self._heart is not None:
            self._heart.stop()
        self._database.close()

    def _prepared_url(self) -> str:
        if not self._database.sqlite:
            plain = self._database.url.set(drivername="postgresql")
            return plain.render_as_string(hide_password=False)
        if self._home is None:
            raise ValueError("an embedded engine needs a home")
        teach_subseconds()
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._home / "engine.db"
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode=WAL")  # stays with the file
        connection.close()
        return f"sqlite:///{path}"

    def _config(self, url: str) -> DBOSConfig:
        return DBOSConfig(
            name=NAME,
            system_database_url=url,
            application_version=VERSION,
            executor_id=self.executor_id,
            log_level="WARNING",
            serializer=DBOSPortableJSONSerializer(),
            scheduler_polling_interval_sec=3600.0,  # its schedules and notifications are not used
            notification_listener_polling_interval_sec=min(0.25, self._poll),  # a stop waits this long for it
        )

    # --- handing over and asking ----------------------------------------------------------------------------------

    def enqueue(
        self, name: str, key: str, payload: Mapping[str, Any], *, lane: str | None = None, delay_s: float = 0
    ) -> None:
        """Hand over a job. The same key again changes nothing, also after the job ended and was forgotten."""
        if name not in self._jobs:
            raise ValueError(f"there is no job named {name!r}")
        if self._jobs[name][1] is not (lane is not None):
            raise ValueError(f"job {name!r} {'needs a lane' if lane is None else 'takes no lane'}")
        with self._database.reading() as session:
            if session.get(SpentKeyRow, key) is not None:
                return
        options: dict[str, Any] = {
            "workflow_name": name,
            "workflow_id": key,
            "queue_name": QUEUE if lane is None else LANES,
            "app_version": VERSION,
        }
        if lane is not None:
            options["queue_partition_key"] = lane
        if delay_s > 0:
            options["delay_seconds"] = delay_s
        self._dbos.enqueue(options, json.loads(json.dumps(dict(payload))), lane)  # type: ignore[arg-type]
        self._bells[options["queue_name"]].ring()

    @property
    def busy(self) -> bool:
        """Whether a job runs in this process at this moment."""
        return self._running > 0

    def cancel(self, key: str) -> None:
        """End a job before its next step. The step in flight is not interrupted; an ended job stays as it ended."""
        self._dbos.cancel_workflow(key)
        with self._database.transaction() as session:
            session.execute(update(JobRow).where(JobRow.key == key).values(owner=None))

    def find(self, key: str) -> Run | None:
        """The job handed over under this key, if it is still listed."""
        found = self._dbos.list_workflows(workflow_ids=[key], load_input=False)
        return _run(found[0]) if found else None

    def list(self, *, name: str | None = None, status: RunStatus | None = None, limit: int = 100) -> list[Run]:
        """Jobs, newest first."""
        wanted = [theirs for theirs, ours in _STATUS.items() if ours is status] if status else None
        found = self._dbos.list_workflows(name=name, status=wanted, limit=limit, sort_desc=True, load_input=False)
        return [_run(each) for each in found]

    def wait(self, key: str, timeout_s: float) -> Run:
        """The job once it ended. Raises TimeoutError when it has not within `timeout_s`, LookupError for an unknown key."""
        deadline = time.monotonic() + timeout_s
        while True:
            run = self.find(key)
            if run is None:
                raise LookupError(f"no job was handed over under {key!r}")
            if run.status.ended:
                return run
            if time.monotonic() > deadline:
                raise TimeoutError(f"job {key!r} has not ended within {timeout_s:g} seconds; it is {run.status}")
            time.sleep(min(0.05, timeout_s))

    def forget(self, before: datetime) -> int:
        """Drop jobs that ended before a moment; their keys stay spent. Returns how many. For a daily job."""
        ended = [theirs for theirs, ours in _STATUS.items() if ours.ended]
        count = 0
        while True:
            batch = self._dbos.list_workflows(
                status=ended, completed_before=before.astimezone(UTC).isoformat(), limit=500,
                load_input=False, load_output=False,
            )  # fmt: skip
            keys = [each.workflow_id for each in batch]
            if not keys:
                return count
            with self._database.transaction() as session:
                known = set(session.scalars(select(SpentKeyRow.key).where(SpentKeyRow.key.in_(keys))))
                fresh = [{"key": key} for key in keys if key not in known]
                if fresh:
                    session.execute(insert(SpentKeyRow), fresh)
                session.execute(delete(StepRow).where(StepRow.key.in_(keys)))
                session.execute(delete(JobRow).where(JobRow.key.in_(keys)))
            self._dbos.delete_workflows(keys)
            count += len(keys)

    # --- running --------------------------------------------------------------------------------------------------

    def _workflow(self, name: str) -> Callable[[Mapping[str, Any], str | None], Any]:
        def workflow(payload: Mapping[str, Any], lane: str | None) -> Any:
            with self._idle:
                self._running += 1
            try:
                if self._stopping.is_set():
                    raise Interrupted
                return self._tries.work(self._jobs[name][0], str(DBOS.workflow_id), payload, lane)
            finally:
                with self._idle:
                    self._running -= 1
                    self._idle.notify_all()
                if lane is not None:
                    self._bells[LANES].ring_in(_NOTED_S)

        workflow.__qualname__ = name
        return workflow

    def _hand_back(self, alive: set[str]) -> int:
        """Return the running jobs of workers that are gone to the queue each came from."""
        lost: dict[str, list[str]] = {}
        client = self._client
        if client is None:  # this worker is closing; another one looks after the rest
            return 0
        for each in client.list_workflows(status="PENDING", load_input=False, load_output=False):
            if each.executor_id not in alive:
                lost.setdefault(each.queue_name or QUEUE, []).append(each.workflow_id)
        for queue, keys in lost.items():
            client.resume_workflows(keys, queue_name=queue)
        if lost:
            self._look_now()
        return sum(len(keys) for keys in lost.values())

    @property
    def _dbos(self) -> DBOSClient:
        if self._client is None:
            raise RuntimeError("the engine is not launched")
        return self._client


def _run(status: Any) -> Run:
    error = status.error
    return Run(
        key=status.workflow_id,
        name=status.name,
        status=_STATUS[status.status],
        lane=status.queue_partition_key,
        made=_moment(status.created_at),
        ended=_moment(status.completed_at) if status.completed_at else None,
        result=status.output,
        because=str(error) if error is not None else None,
        code=getattr(error, "code", None),
    )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _outside_loop(run: Callable[[], None]) -> None:
    """DBOS's plain calls refuse to run in a thread with an event loop (a server's start); give them another thread."""
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            run()
        except BaseException as error:  # noqa: BLE001  (raised again below, in the caller's thread)
            failures.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
