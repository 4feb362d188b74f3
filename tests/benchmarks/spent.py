"""How much of a core some work took, in this process and in its database: what others do beside it counts for nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.kit.db import Database


def cores(database: Database) -> float:
    """Seconds of a core that were spent so far, to be held against a later answer.

    On PostgreSQL those of every connection's own process too, where it runs on this machine; else, the clock's.
    """
    if database.sqlite:
        return time.process_time()
    with database.writer.connect() as connection:
        ours = "datname = current_database() AND backend_type = 'client backend'"
        asked = text(f"SELECT pid FROM pg_stat_activity WHERE {ours}")
        pids = list(connection.scalars(asked))
    try:
        return time.process_time() + sum(_ran(pid) for pid in pids)
    except OSError:
        return time.perf_counter()


def _ran(pid: int) -> float:
    """Seconds that a process was on a core (the first word of its schedstat, in nanoseconds)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def by(database: Database, work: Callable[[], Any]) -> float:
    """Seconds of a core that a piece of work takes."""
    began = cores(database)
    work()
    return cores(database) - began
