"""Work done by a process beside, while this one goes on: Python lets one thread of a process think at a time.

For pure work alone. Whoever asks must be able to do it too: the process may be killed, or there may be none. One that
says nothing for too long is taken for stuck, and killed.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import count
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, TypeVar

LOG = logging.getLogger(__name__)
AHEAD = 6  # pieces of work that may wait, or be done and not yet fetched
PATIENCE = 120.0  # seconds without any answer until it is taken for stuck; a piece of work takes one or two
Made = TypeVar("Made")
Given = TypeVar("Given")


class Beside:
    """One such process, started when it is first asked for something. Safe for threads."""

    def __init__(self, *, able: bool | None = None, patience: float = PATIENCE) -> None:
        """`able`: whether there is a core for it; as many as we may use, unless told. `patience`: for how many seconds it
        may say nothing while somebody waits for it."""
        self._able = len(os.sched_getaffinity(0)) > 1 if able is None else able
        self._patience = patience
        self._answered = time.monotonic()  # when it last answered whomever
        self._pool: ProcessPoolExecutor | None = None
        self._starting = threading.Lock()

    def __enter__(self) -> Beside:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.end(wait=kind is None)

    def end(self, *, wait: bool = True) -> None:
        """Let the process go, with the memory that it has; what is asked from now on is done here. Without `wait` it is
        killed at what it does: nobody wants it any more."""
        self._able = False
        if self._pool is None:
            return
        processes = self._processes()
        if not wait:
            _kill(processes)
        overdue = threading.Timer(self._patience, _kill, [processes])
        overdue.daemon = True
        overdue.start()
        try:
            self._pool.shutdown(wait=wait, cancel_futures=True)
        finally:
            overdue.cancel()

    def do(self, function: Callable[..., Made | None], *given: object) -> Made | None:
        """What a module's function makes of this, as told by that process; None where it could not be had."""
        return self._heard(self._asked(function, given))

    def each(
        self, function: Callable[..., Made], every: Iterable[Given], *known: object, ahead: int = AHEAD
    ) -> Iterator[Made]:
        """What the function makes of each, in order: done there, a few `ahead` of whoever listens, or else here.

        `known`: what it needs for all of them, which is told to that process once.
        """
        waiting = deque[tuple[Given, Future[Made] | None]]()

        def made() -> Made:
            while (first := waiting[0][1]) is not None and not first.done():
                # While that is being done, do the last of the others here; it must not have been begun.
                idle = next((n for n in range(len(waiting) - 1, 0, -1) if _withdrawn(waiting[n][1])), None)
                if idle is None:
                    break
                waiting[idle] = (waiting[idle][0], _done(function(waiting[idle][0], *known)))
            given, asked = waiting.popleft()
            said = self._heard(asked)
            return function(given, *known) if said is None else said

        token = next(_tokens)
        self._asked(_remember, (token, function, known))
        for given in every:
            waiting.append((given, self._asked(_remembering, (token, given))))
            if len(waiting) > ahead:
                yield made()
        while waiting:
            yield made()

    def _asked(self, function: Callable[..., Made], given: tuple[Any, ...]) -> Future[Made] | None:
        if not self._able:
            return None
        with self._starting:
            if self._pool is None:
                # A fresh Python: what forks with threads under way may find their locks taken for ever.
                self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=_end_with_parent)
            try:
                asked = self._pool.submit(function, *given)
                asked.add_done_callback(self._note)
                return asked
            except (BrokenProcessPool, OSError, RuntimeError):  # it was killed, or may not be started
                self._give_up()
        return None

    def _note(self, asked: Future[Any]) -> None:
        if not asked.cancelled():
            self._answered = time.monotonic()

    def _heard(self, asked: Future[Made] | None) -> Made | None:
        if asked is None:
            return None
        if not self._awaited(asked):
            self._give_up(f"has given no answer for {self._patience:g} s, and was killed")
            _kill(self._processes())
            return None
        error = None if asked.cancelled() else asked.exception()
        if isinstance(error, BrokenProcessPool):
            self._give_up()
        elif error is not None:  # whoever asked does it here, and hears of it there if it is in the work
            # Its kind alone: what it says, and the lines that it passed through, may name a value of a row.
            LOG.debug("a piece of work could not be done beside: %s", type(error).__name__)
        return None if asked.cancelled() or error is not None else asked.result()

    def _awaited(self, asked: Future[Any]) -> bool:
        """Whether it came to an end. While others get their answers, this one only waits for its turn."""
        begun = time.monotonic()
        while (left := self._patience - (time.monotonic() - max(begun, self._answered))) > 0:
            if futures.wait([asked], left).done:
                return True
        return asked.done()

    def _processes(self) -> list[BaseProcess]:
        """The process, if there is one. A pool kills what it started by itself only from Python 3.14 on."""
        return list((self._pool._processes or {}).values()) if self._pool is not None else []

    def _give_up(self, how: str = "has ended") -> None:
        if self._able:
            LOG.warning("the process beside this one %s; its work is done here, and takes longer", how)
        self._able = False


def _kill(processes: Iterable[BaseProcess]) -> None:
    for process in processes:
        process.kill()


def _withdrawn(asked: Future[Any] | None) -> bool:
    return asked is not None and asked.cancel()


def _done(made: Made) -> Future[Made]:
    done = Future[Made]()
    done.set_result(made)
    return done


_tokens = count()
_remembered: dict[int, tuple[Callable[..., Any], tuple[Any, ...]]] = {}  # in the process beside: the last one


def _remember(token: int, function: Callable[..., Any], known: tuple[Any, ...]) -> None:
    _remembered.clear()
    _remembered[token] = function, known


def _remembering(token: int, given: object) -> Any:
    function, known = _remembered[token]
    return function(given, *known)


def _end_with_parent() -> None:
    """However the one that started us ends: nobody else would end us. A key that ends it is not ours to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True, name="parent").start()
