"""bundles: role models, what jobs are meant to have."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.commands.options import AsJson, Reason
from app.cli.telling import Telling

bundles_app = typer.Typer(no_args_is_help=True, help="Role models: what jobs are meant to have, and who says so.")
Named = Annotated[str, typer.Argument(help="A role model's name or number.")]
Owner = Annotated[str, typer.Option(help="Roster id or e-mail address of who answers for it.")]


@bundles_app.command("list")
def bundles_list(as_json: AsJson = False) -> None:
    """Role models with their owners, and why one covers nothing."""
    from app.cli import modelling

    modelling.listed(Telling(as_json))


@bundles_app.command("show")
def bundles_show(name: Named, as_json: AsJson = False) -> None:
    """One role model: whose job, what goes with it, its versions."""
    from app.cli import modelling

    modelling.show(Telling(as_json), name)


@bundles_app.command("proposals")
def bundles_proposals(
    share: Annotated[int, typer.Option(help="Per cent of a job's people who hold something.")] = 80,
    least: Annotated[int, typer.Option(help="People that a job needs to have a custom.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Jobs whose people have a custom, and what it is."""
    from app.cli import modelling

    modelling.proposals(Telling(as_json), share, least)


@bundles_app.command("propose")
def bundles_propose(
    department: str,
    title: str,
    owner: Owner,
    share: Annotated[int, typer.Option(help="Per cent of a job's people who hold something.")] = 80,
    least: Annotated[int, typer.Option(help="People that a job needs to have a custom.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Draft a role model from the custom of a department and title. It covers nothing until its owner approves it."""
    from app.cli import modelling

    modelling.propose(Telling(as_json), department, title, owner, share, least)


@bundles_app.command("draft")
def bundles_draft(
    name: str,
    match: Annotated[str, typer.Argument(help='Whose job: department = "Sales" and title = "Rep".')],
    owner: Owner,
    holds: Annotated[list[str], typer.Option("--holds", help='"SYSTEM: KEY" of an entitlement; may be given again.')],
    as_json: AsJson = False,
) -> None:
    """Draft a role model by hand; a name that is there already gets its next version."""
    from app.cli import modelling

    modelling.draft(Telling(as_json), name, match, owner, holds)


@bundles_app.command("approve")
def bundles_approve(
    name: Named,
    who: Annotated[str, typer.Option("--as", help="Its owner: roster id or e-mail address.")],
    number: Annotated[int | None, typer.Option("--number", help="Which version; the newest without.")] = None,
    as_json: AsJson = False,
) -> None:
    """Pass on its owner's approval, which counts for a year. Nobody approves the role model of their own job."""
    from app.cli import modelling

    modelling.approve(Telling(as_json), name, who, number)


@bundles_app.command("retire")
def bundles_retire(name: Named, reason: Reason) -> None:
    """Let a role model cover nothing any more. What was acknowledged under it stays on record."""
    from app.cli import modelling

    modelling.retire(Telling(), name, reason)
