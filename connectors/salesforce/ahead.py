"""Asking several questions side by side, and hearing the answers in the order of the questions.

Each question has a line of its own and runs a few pages ahead of whoever listens, never further: what waits in memory is
bounded, however many rows a question has. The order stays, so that a reading can be resumed from any page.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from connectors.salesforce.client import Client

Heard = TypeVar("Heard")
Ask = Callable[[Client], Iterator[Heard]]
PAGES = 3  # that may wait to be heard, for each question
PACKED = 8  # the same of pages that take next to no room
PATIENCE = 0.2  # seconds after which a question that nobody listens to looks whether it should stop


@dataclass(slots=True)
class _Question(Generic[Heard]):
    ask: Ask[Heard]
    stop: threading.Event
    said: queue.Queue[tuple[Heard, int] | None]
    ended: Future[None] | None = None

    def work(self, client: Client, idle: list[Client]) -> None:
        """Ask to the end, or until nobody listens any more. `idle`: lines that earlier questions have left."""
        try:
            line = idle.pop()
        except IndexError:
            line = client.line()
        spent = line.spent
        try:
            for heard in self.ask(line):
                calls, spent = line.spent - spent, line.spent
                if not self._tell((heard, calls)):
                    break
        finally:
            idle.append(line)
            self._tell(None)

    def _tell(self, said: tuple[Heard, int] | None) -> bool:
        while not self.stop.is_set():
            try:
                self.said.put(said, timeout=PATIENCE)
            except queue.Full:
                continue
            return True
        return False

    def heard(self) -> Iterator[tuple[Heard, int]]:
        """Each answer, with the calls that it took; raises what the asking raised."""
        while (said := self.said.get()) is not None:
            yield said
        if self.ended is not None:
            self.ended.result()


def in_order(client: Client, asks: Sequence[Ask[Heard]], *, packed: bool = False) -> Iterator[tuple[int, Heard]]:
    """Every answer to every question in order, with the question's number. `client` is charged for the calls it took.

    `packed`: what waits takes next to no room, and is waited for although no call is under way. So more questions and pages
    go ahead; never more calls at once.
    """
    stop, idle, running = threading.Event(), list[Client](), deque[_Question[Heard]]()
    width = min(client.access.at_once * (2 if packed else 1), len(asks))
    if not width:
        return
    with ThreadPoolExecutor(width, thread_name_prefix="ahead") as pool:
        try:
            waiting = iter(asks)
            for number in range(len(asks)):
                while len(running) < width and (ask := next(waiting, None)) is not None:
                    question = _Question(ask, stop, queue.Queue(PACKED if packed else PAGES))
                    question.ended = pool.submit(question.work, client, idle)
                    running.append(question)
                for heard, calls in running[0].heard():
                    client.spent += calls
                    yield number, heard
                running.popleft()
        finally:
            stop.set()
    for line in idle:
        line.hang_up()
