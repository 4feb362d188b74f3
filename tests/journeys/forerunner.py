"""`rolecall` processes that need not import anything first: one that has imported it all forks the others.

Importing takes seconds of a core, and is not what is tried here. What is forked is a process like any other: it has a
session, an environment, a log and connections of its own, and dies of its own signals. Nothing that runs is forked: the
forerunner opens nothing and has one thread.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Forked:
    """A process that the forerunner forked for us."""

    pid: int

    def wait(self, timeout: float = 60) -> None:
        """Return once it has ended. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        while self.runs():
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {self.pid} did not end within {timeout:g} s")
            time.sleep(0.02)

    def runs(self) -> bool:
        """Whether it is still there; the forerunner leaves no dead ones lying about."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True


def rolecall(environ: Mapping[str, str], log: Path, *words: str) -> Forked:
    """Start `rolecall` with these words and this environment; everything it says goes into the log."""
    forerunner = _running()
    assert forerunner.stdin is not None
    assert forerunner.stdout is not None
    print(json.dumps({"words": words, "environ": dict(environ), "log": str(log)}), file=forerunner.stdin, flush=True)
    return Forked(int(forerunner.stdout.readline()))


@cache
def _running() -> subprocess.Popen[str]:
    """The forerunner of this process, which ends with it."""
    command = [sys.executable, "-c", "from tests.journeys.forerunner import run; run()"]
    made = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(_end, made)
    return made


def _end(made: subprocess.Popen[str]) -> None:
    assert made.stdin is not None
    made.stdin.close()
    made.wait(10)


def run() -> None:
    """Import what a worker and a server need, then fork one for each line that is heard, until there are no more."""
    from app import main, worker  # noqa: F401
    from app.cli import main as rolecall_main
    from app.cli import stage  # noqa: F401
    from app.kit.engine import engine  # noqa: F401

    assert threading.active_count() == 1, "a thread would not be there in what is forked"
    gc.freeze()
    signal.signal(signal.SIGCHLD, _bury)
    while line := sys.stdin.readline():
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
            rolecall_main()
            sys.exit()
        print(child, flush=True)


def _bury(*_: object) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _become(asked: Mapping[str, object]) -> None:
    """A process of its own, with what it was given and nothing of the forerunner's."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(asked["environ"])  # type: ignore[call-overload]
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    said = os.open(str(asked["log"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    sys.argv = ["rolecall", *asked["words"]]  # type: ignore[misc]
