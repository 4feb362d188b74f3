"""notices: who is told what, by which way, and what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.commands.options import AsJson
from app.cli.telling import Telling

notices_app = typer.Typer(no_args_is_help=True, help="Who is told what, by which way, and what became of it.")
Channel = Annotated[str, typer.Argument(help="A channel's name or number.")]


@notices_app.command("list")
def notices_list(as_json: AsJson = False) -> None:
    """Channels with how they fare, and who is told what by each."""
    from app.cli import noticing

    noticing.show(Telling(as_json))


@notices_app.command("add")
def notices_add(
    kind: Annotated[str, typer.Argument(help="email, webhook, slack, teams, apprise or file.")],
    name: Annotated[str, typer.Argument(help="What you call it.")],
    config: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE, as in docs/notices.md.")] = None,
    secret: Annotated[Path | None, typer.Option(help="JSON file with the address or password.")] = None,
    quietly: Annotated[bool, typer.Option(help="Subscribe nobody yet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add a channel. Mail goes to reviewers, IT security and admins unless said otherwise; the rest is told everything."""
    from app.cli import noticing

    noticing.add(Telling(as_json), kind, name, config or [], secret, quietly)


@notices_app.command("subscribe")
def notices_subscribe(
    channel: Channel,
    events: Annotated[
        list[str] | None, typer.Option("--event", help="An event; may be given again. All without.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="Of mail: an address, an actor, role:…, or concerned.")] = None,
    severity: Annotated[str | None, typer.Option(help="Only what is as bad as that, or worse.")] = None,
    system: Annotated[str | None, typer.Option(help="Only what is about this system.")] = None,
    rules: Annotated[
        list[str] | None,
        typer.Option("--rule", help="Of findings, only this rule's; switches on one that only reports."),
    ] = None,
    departments: Annotated[
        list[str] | None, typer.Option("--department", help="Of findings, only about people of this department.")
    ] = None,
    digest: Annotated[bool, typer.Option(help="Once a day, together.")] = False,
) -> None:
    """Have somebody told events by a channel, from now on."""
    from app.cli import noticing

    noticing.subscribe(Telling(), channel, events or [], to, severity, system, rules, departments, digest)


@notices_app.command("unsubscribe")
def notices_unsubscribe(number: Annotated[int, typer.Argument(help="Its number in the list.")]) -> None:
    """End a subscription."""
    from app.cli import noticing

    noticing.unsubscribe(Telling(), number)


@notices_app.command("switch")
def notices_switch(channel: Channel, to: Annotated[str, typer.Argument(help="on, off or removed.")]) -> None:
    """Switch a channel on or off, or remove it. What waits for one that is off is given up after three days."""
    from app.cli import noticing

    noticing.switch(Telling(), channel, to)


@notices_app.command("rotate")
def notices_rotate(channel: Channel) -> None:
    """Give a web hook a new signing secret. It is shown once; the former one signs beside it for a day."""
    from app.cli import noticing

    noticing.rotate(Telling(), channel)


@notices_app.command("test")
def notices_test(channel: Channel, as_json: AsJson = False) -> None:
    """Send a test by a channel, and say what became of it."""
    from app.cli import noticing

    noticing.test(Telling(as_json), channel)


@notices_app.command("log")
def notices_log(
    channel: Annotated[str | None, typer.Argument(help="A channel's name or number; all without.")] = None,
    status: Annotated[str | None, typer.Option(help="waiting, delivered, failed, …; all without.")] = None,
    limit: int = 50,
    as_json: AsJson = False,
) -> None:
    """Messages, newest first, and what became of each."""
    from app.cli import noticing

    noticing.log(Telling(as_json), channel, status, limit)


@notices_app.command("replay")
def notices_replay(
    delivery: Annotated[str, typer.Argument(help="Its id in the log.")],
) -> None:
    """Send a message again, under the same name."""
    from app.cli import noticing

    noticing.replay(Telling(), delivery)


@notices_app.command("quiet")
def notices_quiet(
    who: Annotated[str, typer.Argument(help="Roster id or e-mail address, or channel:NAME.")],
    begins: Annotated[str, typer.Option("--from", help="From when on.")] = "20:00",
    ends: Annotated[str, typer.Option("--until", help="Until when; the same: never quiet.")] = "07:00",
    zone: Annotated[str, typer.Option(help="On whose wall clock (IANA name).")] = "UTC",
    weekends: Annotated[bool, typer.Option(help="On Saturdays and Sundays as well.")] = False,
) -> None:
    """Choose when somebody is not to be spoken to."""
    from app.cli import noticing

    noticing.quiet(Telling(), who, begins, ends, zone, weekends)
