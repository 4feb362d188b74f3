"""work, migrate: an installation without its API, of which nothing is imported: it takes as long as all the rest."""

from __future__ import annotations

import signal
import threading
from types import FrameType

from app import schema
from app.cli.installation import opened
from app.cli.telling import Telling
from app.kit.refusal import Refused
from app.worker import Worker


def work(telling: Telling) -> None:
    """A worker, until it is told to stop. As many as you like on PostgreSQL."""
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with opened() as means:
        worker = Worker(means, holder="rolecall work")
        worker.start()
        telling.say(f"working as {worker.engine.executor_id}; stop with Ctrl-C")
        stopping.wait()
        worker.stop()


def migrate(telling: Telling) -> None:
    """Bring the database to the schema that this version needs."""
    with opened(migrate=True) as means:
        if (refusal := schema.why_not_current(means.database)) is not None:
            raise Refused(refusal)
        telling.say("The database has the schema that this version needs.")
