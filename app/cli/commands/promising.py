"""controls: the checklist line by line, and what is on file for it."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.commands.options import AsJson
from app.cli.telling import Telling

controls_app = typer.Typer(invoke_without_command=True, help="The checklist: what each line came out as, and why.")


@controls_app.callback()
def controls(
    context: typer.Context,
    section: Annotated[str | None, typer.Option(help="Only this section: 9.1, P.1, G.2 …")] = None,
    outcome: Annotated[str | None, typer.Option(help="Only lines that came out as this: FAIL, PASS …")] = None,
    on: Annotated[str | None, typer.Option(help="As it was at the end of a day (2026-09-30), or at a moment.")] = None,
    now: Annotated[bool, typer.Option("--now", help="Look at every line first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Every line of the checklist with its outcome, the reason and the proof."""
    if context.invoked_subcommand is not None:
        return
    from app.cli import checklist

    checklist.show(Telling(as_json), section, outcome, on, now=now)


@controls_app.command("show")
def controls_show(line: Annotated[str, typer.Argument(help="The line: CRM-9.1.2.")], as_json: AsJson = False) -> None:
    """One line: what it rests on, in each system, and what it was before."""
    from app.cli import checklist

    checklist.one(Telling(as_json), line)
