"""campaign schedule, schedules and reschedule: reviews that open by themselves."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli.commands.options import AsJson
from app.cli.telling import Telling

Name = Annotated[str, typer.Argument(help="What the schedule is called.")]
Cadence = Annotated[str | None, typer.Option(help="weekly, monthly, quarterly or yearly.")]
Every = Annotated[int | None, typer.Option(help="2: every second week, month, quarter or year.")]
StartsOn = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], help="Nothing opens before; --every counts from its week and so on."),
]
Day = Annotated[
    int | None, typer.Option(help="Day of the week, month, quarter or year on which it opens; 1: its first.")
]
Hour = Annotated[int | None, typer.Option(help="Hour of that day, in the schedule's time zone; 9 when it is made.")]
Zone = Annotated[str | None, typer.Option(help="Time zone; ROLECALL_TIME_ZONE when it is made.")]
Due = Annotated[int | None, typer.Option("--due-days", help="Days until a review is due.")]
Open = Annotated[
    list[str] | None,
    typer.Option("--open-on", help="A day of the week that is open (mon); may be given again. All without."),
]
Closed = Annotated[
    list[str] | None,
    typer.Option(help='Days or weeks that are closed, and why: "12-21 to 01-03 year end", "W48 Black Friday".'),
]
Look = Annotated[bool, typer.Option("--look", help="Only show the next dates.")]


def schedule(
    name: Name,
    fallback: Annotated[str, typer.Option(help="Roster id of who decides in the last resort.")],
    second: Annotated[str | None, typer.Option(help="Another, for the fallback's own access.")] = None,
    cadence: Cadence = "quarterly",
    every: Every = None,
    starts_on: StartsOn = None,
    day: Day = None,
    hour: Hour = None,
    zone: Zone = None,
    due_days: Due = None,
    open_on: Open = None,
    closed: Closed = None,
    scope: Annotated[Path | None, typer.Option(help="JSON file with a scope, as in docs/reviews.md.")] = None,
    approval: Annotated[
        str | None, typer.Option(help="The approver's word for what the scope leaves out, from POST /api/v1/approvals.")
    ] = None,
    control_owner: Annotated[str | None, typer.Option(help="Roster id of who answers for its reviews.")] = None,
    acceptance: Annotated[str | None, typer.Option(help="Their word, from `campaign accept --standing`.")] = None,
    look: Look = False,
    as_json: AsJson = False,
) -> None:
    """Have a review open by itself. What falls on a closed day moves to the next open one."""
    from app.cli import scheduling, vouching

    plan = scheduling.plan(cadence, every, starts_on, day, hour, zone, due_days, open_on, closed)
    asked = vouching.asked(scope, fallback, second, None, control_owner)
    scheduling.add(Telling(as_json), name, asked, approval, acceptance, plan, look)


def schedules(
    dates: Annotated[int, typer.Option(min=1, max=60, help="How many of each one's next dates.")] = 1,
    as_json: AsJson = False,
) -> None:
    """What opens by itself, and when next."""
    from app.cli import scheduling

    scheduling.listed(Telling(as_json), dates)


def reschedule(
    name: Name,
    cadence: Cadence = None,
    every: Every = None,
    starts_on: StartsOn = None,
    day: Day = None,
    hour: Hour = None,
    zone: Zone = None,
    due_days: Due = None,
    open_on: Open = None,
    closed: Closed = None,
    every_day: Annotated[bool, typer.Option("--every-day", help="No day is closed any more.")] = False,
    scope: Annotated[
        Path | None,
        typer.Option(
            help="JSON file with what of its scope is to be otherwise, as in docs/reviews.md; null takes a word out."
        ),
    ] = None,
    approval: Annotated[
        str | None, typer.Option(help="The approver's word for what the scope leaves out, from POST /api/v1/approvals.")
    ] = None,
    control_owner: Annotated[str | None, typer.Option(help="Roster id of who answers for its reviews instead.")] = None,
    acceptance: Annotated[str | None, typer.Option(help="Their new word, from `campaign accept --standing`.")] = None,
    as_json: AsJson = False,
) -> None:
    """Have a schedule's next reviews open otherwise; what is not named stays. Days are closed anew, all of them."""
    from app.cli import scheduling, vouching

    plan = scheduling.plan(cadence, every, starts_on, day, hour, zone, due_days, open_on, closed)
    asked = vouching.changed(scope, control_owner)
    scheduling.change(Telling(as_json), name, asked, approval, acceptance, plan, every_day)
