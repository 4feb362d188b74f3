"""serve, work, migrate and doctor: the installation itself."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.commands.options import AsJson
from app.cli.telling import Telling


def version(wanted: bool) -> None:
    """Say which release this is, if that is wanted, and end."""
    if wanted:
        from app import __version__

        typer.echo(f"rolecall {__version__}")
        raise typer.Exit


def serve(host: str | None = None, port: int | None = None) -> None:
    """Serve the API; embedded, with the worker in the same process."""
    from app.cli import running

    running.serve(Telling(), host, port)


def work() -> None:
    """Be a worker. On PostgreSQL as many as you like; embedded, `serve` has the one."""
    from app.cli import working

    working.work(Telling())


def migrate() -> None:
    """Bring the database to the schema that this version needs."""
    from app.cli import working

    working.migrate(Telling())


def doctor(
    system: Annotated[str | None, typer.Argument(help="A system's name or number; all without.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what works and what does not: the installation, and which streams of a system can be read."""
    from app.cli import doctor as doctoring

    doctoring.examine(Telling(as_json), system)
