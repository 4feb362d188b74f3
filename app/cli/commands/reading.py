"""system, sync, replay and justify: what is connected, what was read, and the reasons on file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.commands.options import AsJson, Reason, System
from app.cli.telling import Telling

system_app = typer.Typer(no_args_is_help=True, help="Systems: add, list, change credentials, switch writing, rosters.")


@system_app.command("list")
def system_list(as_json: AsJson = False) -> None:
    """Systems with their last reading."""
    from app.cli import systems

    systems.show(Telling(as_json))


@system_app.command("add")
def system_add(
    kind: Annotated[str, typer.Argument(help="salesforce, hubspot, bottlecrm, spreadsheet or roster.")],
    name: Annotated[str, typer.Argument(help="What you call it.")],
    config: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE, as in docs/connect-….md.")] = None,
    reader: Annotated[Path | None, typer.Option(help="JSON file with the reader's credential.")] = None,
    executor: Annotated[Path | None, typer.Option(help="JSON file with the executor's credential.")] = None,
    owner: Annotated[str | None, typer.Option(help="Roster id of the system's owner.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a system. Its credential is checked first; writing stays off."""
    from app.cli import systems

    systems.add(Telling(as_json), kind, name, config or [], reader, executor, owner)


@system_app.command("writing")
def system_writing(
    system: System,
    acts: Annotated[list[str] | None, typer.Argument(help="Kinds of act to allow; none: read-only.")] = None,
) -> None:
    """Switch on which kinds of act may be carried out (freeze, remove_grant, …); without any, all are off."""
    from app.cli import systems

    systems.writing(Telling(), system, acts or [])


@system_app.command("class")
def system_class(
    system: System, held: Annotated[str, typer.Argument(help="public, internal, confidential or restricted.")]
) -> None:
    """Say how what a system holds is classed; its findings weigh accordingly."""
    from app.cli import systems

    systems.classify(Telling(), system, held)


@system_app.command("credential")
def system_credential(
    system: System,
    reader: Annotated[Path | None, typer.Option(help="JSON file with the reader's new credential.")] = None,
    executor: Annotated[Path | None, typer.Option(help="JSON file with the executor's new credential.")] = None,
    as_json: AsJson = False,
) -> None:
    """Replace a system's credentials. The new ones are checked first; what is not given stays."""
    from app.cli import credential

    credential.change(Telling(as_json), system, reader, executor)


@system_app.command("roster")
def system_roster(
    system: System,
    file: Annotated[Path, typer.Argument(help="The roster, as in docs/roster.md.")],
    source: Annotated[str, typer.Option(help="Where it was extracted.")] = "handed in at the command line",
    extracted: Annotated[str | None, typer.Option(help="When it was extracted (ISO, with zone); now without.")] = None,
) -> None:
    """Hand in a roster file. One that shrank, or is old, needs a second person's approval."""
    from app.cli import systems

    systems.roster(Telling(), system, file, source, extracted)


def sync(
    system: Annotated[str | None, typer.Argument(help="A system's name or number; all without.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read systems now, and do what follows: match people, ask the rules, prove removals."""
    from app.cli import systems

    systems.sync(Telling(as_json), system)


def replay(
    system: System,
    sample: Annotated[int, typer.Option(help="How many accounts to draw.")] = 25,
    seed: Annotated[str, typer.Option(help="Any text; the same draws the same accounts again.")] = "1",
    as_json: AsJson = False,
) -> None:
    """Read a random sample of accounts again, and hold it against the newest reading."""
    from app.cli import replaying

    replaying.replay(Telling(as_json), system, sample, seed)


def justify(
    account: Annotated[str, typer.Argument(help="SYSTEM/USERNAME.")],
    reason: Reason,
    days: Annotated[int, typer.Option(help="For how many days.")] = 90,
) -> None:
    """Put on file why an account holds privileged access."""
    from app.cli import finding

    finding.justify(Telling(), account, reason, days)
