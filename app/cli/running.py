"""serve: the API, and embedded the worker in the same process."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import uvicorn

from app.actors import links
from app.cli.installation import opened, operator
from app.cli.telling import Telling
from app.kit.refusal import Refusal, Refused
from app.main import create_app
from app.means import Means
from app.settings import Settings
from app.settings.signing_in import LOOPBACK
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
        say_how_to_enter(telling, means)
        if settings.api_processes > 1:
            uvicorn.run(
                "app.main:from_environment", factory=True, host=settings.host, port=settings.port,
                workers=settings.api_processes, log_level=settings.log_level.lower(), **behind_proxies(settings),
            )  # fmt: skip
        else:
            run_here(means)


def run_here(means: Means) -> None:
    """API in this process, and the worker too when embedded."""
    settings = means.settings
    worker = Worker(means, holder="rolecall serve", address=settings.base_url) if settings.embedded else None
    if worker is not None:
        worker.start()
    try:
        uvicorn.run(
            create_app(means), host=settings.host, port=settings.port, log_level=settings.log_level.lower(),
            **behind_proxies(settings),
        )  # fmt: skip
    finally:
        if worker is not None:
            worker.stop()


KEPT_S = 75  # longer than proxies keep an idle connection (60): who closes first must not be who is about to be asked


def behind_proxies(settings: Settings) -> dict[str, Any]:
    """Whom the server believes where a call comes from, and how long it keeps their connections, as uvicorn takes it."""
    return {
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": list(settings.trusted_proxies),
        "timeout_keep_alive": KEPT_S,
    }


def say_how_to_enter(telling: Telling, means: Means) -> None:
    """The link that makes the first admin, while there is none; and a warning where cookies would travel in the open."""
    settings = means.settings
    with means.database.transaction() as session:
        path = links.make_first(session, by=operator(), at=means.clock())
    if path is not None:
        telling.say(
            "\nThere is no admin yet. Whoever opens this link within the hour becomes the first; it works once:"
        )
        telling.say(f"  {settings.base_url}{path}\n", style="bold")
    if not settings.secure and urlsplit(settings.base_url).hostname not in LOOPBACK:
        telling.warn(
            f"{settings.base_url} is not https, so sign-ins and tokens travel in the open. Put a TLS proxy in front and "
            "set ROLECALL_BASE_URL to its address."
        )
