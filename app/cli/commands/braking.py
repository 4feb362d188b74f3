"""removal and system lane: what holds removals, and what would be done for one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.commands.options import AsJson, Reason
from app.cli.telling import Telling

removal_app = typer.Typer(no_args_is_help=True, help="Removals: stop everything, plan one, release many.")


@removal_app.command("stop")
def removal_stop(reason: Reason) -> None:
    """Stop every removal in every system: each lane obeys before its next call."""
    from app.cli import braking

    braking.stop(Telling(), reason)


@removal_app.command("resume")
def removal_resume(reason: Reason) -> None:
    """Let removals go on."""
    from app.cli import braking

    braking.resume(Telling(), reason)


@removal_app.command("plan")
def removal_plan(
    removal: Annotated[str, typer.Argument(help="Its id; `rolecall removals --json` has it.")],
    look: Annotated[bool, typer.Option("--look", help="Look at the CRM now; nothing is changed.")] = False,
    as_json: AsJson = False,
) -> None:
    """A dry run of one removal: which calls, with whose credential, what stops, what remains, what is by hand."""
    from app.cli import braking

    braking.plan(Telling(as_json), removal, look)


@removal_app.command("evidence")
def removal_evidence(
    removal: Annotated[str, typer.Argument(help="Its id; `rolecall removals --json` has it.")],
    file: Annotated[Path | None, typer.Option("--file", help="Hand this file in: a ticket, a picture.")] = None,
    note: Annotated[str, typer.Option("--note", help="With `--file`: what it shows.")] = "",
    fetch: Annotated[str | None, typer.Option("--fetch", help="Fetch the one of this SHA-256.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="With `--fetch`: where to write it.")] = None,
    as_json: AsJson = False,
) -> None:
    """What people handed in about a removal that they did by hand. None of it is proof."""
    from app.cli import removal as removals

    removals.evidence(Telling(as_json), removal, file, note, fetch, out)


@removal_app.command("release")
def removal_release(
    system: Annotated[str, typer.Argument(help="Its name or number.")],
    token: Annotated[
        Path | None, typer.Option(help='A file that holds your own token, or "-": a release is your word.')
    ] = None,
    seen: Annotated[str | None, typer.Option(help="Of the list that you looked at; without, it is only shown.")] = None,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Release what waits for a second person. Whoever asked for any of it cannot."""
    from app.cli import braking

    braking.release(Telling(as_json), system, reason, token, seen)


def lane(
    system: Annotated[str, typer.Argument(help="Its name or number.")],
    per_run: Annotated[int | None, typer.Option(help="Removals of one run, at most.")] = None,
    percent: Annotated[int | None, typer.Option(help="Share of what it holds, at most.")] = None,
    release_above: Annotated[int | None, typer.Option(help="Removals a day without a second person.")] = None,
    hours: Annotated[str | None, typer.Option(help="Such as 'Mon-Fri 09:00-17:00'; always is any time.")] = None,
    zone: Annotated[str | None, typer.Option(help="Time zone of the hours.")] = None,
    left_out: Annotated[list[str] | None, typer.Option(help="A day, or FIRST..LAST; may be given again.")] = None,
    follow: Annotated[bool, typer.Option("--follow-settings", help="Nothing of its own any more.")] = False,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """What holds a system's removals; with options, exactly these are its own from now on."""
    from app.cli import braking
    from app.remediation.brakes import Own

    days = tuple(left_out) if left_out else None
    own = Own(per_run, percent, release_above, "" if hours == "always" else hours, zone, days)
    braking.lane(Telling(as_json), system, own if follow or own != Own() else None, reason)
