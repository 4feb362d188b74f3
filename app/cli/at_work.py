"""Getting work done from a command: by our own worker if nobody else holds this home, else by whoever does.

Commands never do a job themselves: they write to the ledger what they want, and a worker follows it. Embedded and alone,
the command lends itself as the worker until its work is done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.cli.telling import Progress
from app.kit.engine import EmbeddedLock
from app.ledger import queries as ledger
from app.means import Means
from app.worker import Worker

Wait = Callable[[Callable[[], bool], float], None]


@contextmanager
def at_work(means: Means, progress: Progress | None = None) -> Iterator[Callable[[], None]]:
    """Yields `wait()`: return once everything asked for so far, and what followed from it, is done."""
    alone = means.settings.embedded and EmbeddedLock.holder(means.settings.home) is None
    worker = Worker(means, holder="a rolecall command", scheduled=False) if alone else None
    if worker is not None:
        worker.start()
    try:
        yield worker.wait_until_idle if worker is not None else lambda: _left_to_others(means, progress)
    finally:
        if worker is not None:
            worker.sign(now=True)
            worker.stop()


def _left_to_others(means: Means, progress: Progress | None, patience_s: float = 30) -> None:
    """Wait until a running worker has taken the work over; what it makes of it is its own matter."""
    if progress is not None:
        progress.note("left to the running worker")
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        with means.database.reading() as session:
            if not ledger.unnumbered(session) and not ledger.pending(session, limit=1):
                return
        time.sleep(0.2)
    raise TimeoutError("no worker took the work over; start one with `rolecall work` (or `rolecall serve`, embedded)")
