"""One embedded worker per home: a file lock that says who holds it.

A second process launching under the same executor id re-runs the first one's step in flight, so it is refused before it
can. The lock is the kernel's: it goes with the process that held it, however that process ended.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from app.kit.refusal import Refusal, Refused

_SUBSECONDS_SINCE = (3, 42, 0)
_MOST = 2_000  # bytes of a note: two lines, of which an address is one


class EmbeddedLock:
    """`home/worker.lock`, held from `take` until `release` or the end of the process."""

    def __init__(self, home: Path) -> None:
        self.path = home / "worker.lock"
        self._file: int | None = None

    def take(self, holder: str, address: str | None = None) -> None:
        """Take it, noting `holder` ("rolecall serve") for whoever comes next, and the `address` at which it serves the
        console, if it does. Raises Refused naming who has it."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = _who(os.read(file, _MOST))
            os.close(file)
            raise Refused(
                Refusal(
                    "worker_runs_already",
                    f"{self.path.parent} is in the hands of {who}, and SQLite has one worker only.",
                    "Leave the work to it, stop it first, or use PostgreSQL (ROLECALL_DATABASE_URL) for several.",
                )
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{holder} (process {os.getpid()})\n{address or ''}\n".encode(), 0)
        self._file = file

    def release(self) -> None:
        """Let go, if held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @staticmethod
    def holder(home: Path) -> str | None:
        """Who holds the lock of this home now, as text for people; None when nobody does."""
        noted = _noted(home)
        return None if noted is None else _who(noted)

    @staticmethod
    def address(home: Path) -> str | None:
        """Where whoever holds the lock of this home now serves the console; None when nobody does, or serves none."""
        return (_noted(home) or b"").decode(errors="replace").partition("\n")[2].strip() or None


def _noted(home: Path) -> bytes | None:
    """What the holder of a home's lock wrote into it; None when nobody holds it."""
    try:
        file = os.open(home / "worker.lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        return os.read(file, _MOST)
    finally:
        os.close(file)


def _who(noted: bytes) -> str:
    return noted.decode(errors="replace").partition("\n")[0].strip() or "another process"


def teach_subseconds(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> None:
    """Give an older SQLite what DBOS takes for granted on Python 3.12 and newer: `unixepoch('subsec')`.

    Which SQLite a Python has depends on the machine, not on the Python: Debian 12's 3.40 answers NULL there, and DBOS's
    own tables refuse the row. Does nothing where SQLite is new enough. May be called again.
    """
    if version < _SUBSECONDS_SINCE and not event.contains(Engine, "connect", _teach):
        event.listen(Engine, "connect", _teach)


def _teach(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.create_function("unixepoch", -1, _unixepoch)


def _unixepoch(*words: str) -> float:
    """Seconds since 1970 of the present moment, the only one that DBOS asks for."""
    if words not in ((), ("subsec",), ("now",), ("now", "subsec")):
        raise ValueError(f"unixepoch{words}: only the present moment is known here")
    return time.time() if "subsec" in words else float(int(time.time()))
