"""Engines on both databases, with jobs that leave a trace of every step they run."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.kit.engine import Engine, Steps

QUICK: Mapping[str, Any] = {"poll_s": 0.05, "first_pause_s": 0.05, "heartbeat_s": 0.2, "takeover_s": 1.0, "threads": 4}


class Trace:
    """Lines in a file, so that they survive the process that wrote them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, line: str) -> None:
        with self.path.open("a") as file:
            file.write(line + "\n")

    @property
    def lines(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []

    def wait_for(self, line: str, seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds
        while line not in self.lines:
            assert time.monotonic() < deadline, f"{line!r} never happened; there is {self.lines}"
            time.sleep(0.02)


@dataclass
class Place:
    """A database, a home, and the engines and processes opened there."""

    url: str
    home: Path
    trace: Trace
    engines: list[Engine] = field(default_factory=list)
    processes: list[multiprocessing.process.BaseProcess] = field(default_factory=list)

    @property
    def embedded(self) -> bool:
        return self.url.startswith("sqlite")

    def engine(self, **given: Any) -> Engine:
        made = Engine(self.url, **({"embedded": self.embedded, "home": self.home, **QUICK} | given))
        self.engines.append(made)
        return made

    def launched(self, jobs: Mapping[str, Callable[[Steps, Mapping[str, Any]], Any]], **given: Any) -> Engine:
        """A running engine with jobs; those whose name begins with "lane" take a lane."""
        made = self.engine(**given)
        for name, run in jobs.items():
            made.job(name, run, lane=name.startswith("lane"))
        made.launch()
        return made

    def in_child(self, run: Callable[[], None]) -> int:
        """Run in a forked process that never returns; the process's number, to be killed by."""

        def child() -> None:
            run()
            while True:
                time.sleep(60)

        process = multiprocessing.get_context("fork").Process(target=child)
        process.start()
        self.processes.append(process)
        assert process.pid is not None
        return process.pid

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        for process in self.processes:
            if process.pid == pid:
                process.join()

    def close(self) -> None:
        for engine in self.engines:
            engine.close(timeout_s=5)
        for process in self.processes:
            if process.is_alive():
                process.kill()
                process.join()


@pytest.fixture
def place_on(make_database: Callable[[str], str], tmp_path: Path) -> Iterator[Callable[[str], Place]]:
    made: list[Place] = []

    def make(kind: str) -> Place:
        made.append(Place(make_database(kind), tmp_path / "home", Trace(tmp_path / "trace")))
        return made[-1]

    yield make
    for place in made:
        place.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, place_on: Callable[[str], Place]) -> Place:
    return place_on(request.param)
