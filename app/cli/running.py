"""serve, work, migrate: the processes of an installation."""

from __future__ import annotations

import signal
import threading
from types import FrameType

import uvicorn

from app import schema
from app.cli.installation import opened
from app.cli.telling import Telling
from app.kit.refusal import Refusal, Refused
from app.main import create_app
from app.means import Means
from app.worker import Worker


def serve(telling: Telling, host: str | None, port: int | None) -> None:
    """The API; embedded, with the one worker beside it in the same process."""
    with opened(host=host, port=port) as means:
        settings = means.settings
        if settings.embedded and settings.api_processes > 1:
            raise Refused(
                Refusal(
                    "one_process",
                    f"ROLECALL_API_PROCESSES is {settings.api_processes}, and SQLite has one process.",
                    "Set it to 1, or use PostgreSQL (ROLECALL_DATABASE_URL).",
                )
            )
        telling.say(f"Rolecall at {settings.base_url} (the API describes itself at {settings.base_url}/openapi.json)")
        if settings.api_processes > 1:
            uvicorn.run(
                "app.main:from_environment", factory=True, host=settings.host, port=settings.port,
                workers=settings.api_processes, log_level=settings.log_level.lower(),
            )  # fmt: skip
        else:
            run_here(means)


def run_here(means: Means) -> None:
    """API in this process, and the worker too when embedded."""
    settings = means.settings
    worker = Worker(means, holder="rolecall serve") if settings.embedded else None
    if worker is not None:
        worker.start()
    try:
        uvicorn.run(create_app(means), host=settings.host, port=settings.port, log_level=settings.log_level.lower())
    finally:
        if worker is not None:
            worker.stop()


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
