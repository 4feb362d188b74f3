"""One whole reading as a process of its own, so that its memory is its own: from the CRM to sealed history.

python -m tests.benchmarks.reading '{"database": …, "kind": …, "url": …, "credentials": …, "now": …, "run": …}'
"""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from app.inventory import sync, systems
from app.inventory.early import Early
from app.inventory.tables import AccountChangeRow, AlterationRow, ReturnRow, SnapshotRow, StreamRow, SystemRow
from app.kit.db import Database
from app.kit.secrets import Keys
from connectors import registry
from connectors.connector import Reader
from tests import make

KEYS = Keys(bytes(32))


def opened(wish: dict[str, Any], now: datetime) -> Reader:
    """The real connector, whose clock stands still, so that it asks what is on the tape."""
    known = wish["credentials"]["reader"]
    if wish["kind"] == "hubspot":
        config = {"base_url": wish["url"], "calls_per_10s": wish.get("calls_per_10s", "100000")}
        return registry.open_reader("hubspot", config, {"token": known["token"]}, lambda _: None)
    from connectors.salesforce.auth import read_access
    from connectors.salesforce.client import Client
    from connectors.salesforce.reader import SalesforceReader

    secret = {name: known[name] for name in ("client_id", "client_secret")}
    return SalesforceReader(Client(read_access({"login_url": wish["url"]}, secret), now=lambda: now))


@contextmanager
def together() -> Iterator[list[float]]:
    """What this process and those that it started have in memory at a time, looked at ten times a second, in megabytes."""
    seen, over = [0.0], threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            tasks = Path("/proc/self/task").glob("*/children")
            ours = ["self", *(child for task in tasks for child in _read(task).split())]
            statm = [_read(Path(f"/proc/{process}/statm")).split() for process in ours]
            seen[0] = max(seen[0], sum(int(pages[1]) for pages in statm if pages) * resource.getpagesize() / 2**20)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    yield seen
    over.set()
    looking.join()


def staging() -> list[float]:
    """Seconds of a core by now that went into staging while it was read: they belong to the merge, and come before."""
    spent, stage = [0.0], Early._stage

    def timed(self: Early, *given: Any) -> bool:
        began = time.thread_time()
        found = stage(self, *given)
        spent[0] += time.thread_time() - began
        return found

    Early._stage = timed  # type: ignore[method-assign]  # for the life of this process, which reads once
    return spent


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it ended meanwhile
        return ""


def main() -> None:
    """Read once, and say what it took."""
    wish = json.loads(sys.argv[1])
    now, database = datetime.fromisoformat(wish["now"]), Database(wish["database"])
    with database.transaction() as session:
        system = session.scalar(select(SystemRow.id).where(SystemRow.name == wish["kind"]))
        if system is None:
            config = {"login_url" if wish["kind"] == "salesforce" else "base_url": wish["url"]}
            system = systems.add(
                session,
                name=wish["kind"],
                kind=wish["kind"],
                config=config,
                reader={},
                keys=KEYS,
                by=make.ADMIN,
                at=now,
            ).id
    at = datetime.fromisoformat(wish.get("at", wish["now"]))
    reader, last, thought, before, ahead = opened(wish, now), 0.0, 0.0, 0.0, staging()

    def on_page(*_: Any) -> None:
        nonlocal last, thought, before
        last, thought, before = time.perf_counter(), time.process_time(), ahead[0]

    began, spent = time.perf_counter(), time.process_time()
    with together() as megabytes:
        number = sync.run(
            database,
            system,
            run=wish["run"],
            keys=KEYS,
            clock=lambda: at,
            by=make.ADMIN,
            reader=reader,
            on_page=on_page,
        )
    ended = time.perf_counter()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    with database.reading() as session:
        snapshot = session.get_one(SnapshotRow, number)
        streams = session.scalars(select(StreamRow).where(StreamRow.snapshot_id == number)).all()
        beside = {  # what is written down of changes, besides the rows that change
            row.__tablename__: session.scalar(select(func.count()).where(row.snapshot_id == number))
            for row in (AccountChangeRow, AlterationRow, ReturnRow)
        }
        said = {
            "written": beside,
            "status": snapshot.status,
            "because": snapshot.because,
            "counts": snapshot.counts,
            "streams": {
                row.stream: {"verdict": str(row.verdict), "because": row.because, "rows": row.rows, "calls": row.calls}
                for row in streams
            },
            "seconds": ended - began,
            "reading": last - began,
            "sealing": ended - last,
            "cpu": time.process_time() - spent,
            "beside": children.ru_utime + children.ru_stime,
            "sealing_cpu": time.process_time() - thought,
            "staged_cpu": before,
            # Its own peak as the system keeps it, or more where the process beside was there too.
            "megabytes": max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, *megabytes),
        }
    reader.close()
    database.close()
    print(json.dumps(said))


if __name__ == "__main__":
    main()
