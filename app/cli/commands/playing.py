"""demo, try and sandbox: the story on pretend CRMs, and a review from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.commands.options import AsJson
from app.cli.telling import Telling

demo_app = typer.Typer(invoke_without_command=True, help="The whole story on sandbox CRMs with a believable company.")
sandbox_app = typer.Typer(no_args_is_help=True, help="Pretend CRMs for anybody to point a client at.")


@demo_app.callback()
def demo(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Play the whole quarter unwatched, then end.")] = False,
    as_json: AsJson = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the demo's home from last time.")] = False,
    people: Annotated[int, typer.Option(min=80, max=20000, help="How large the company is.")] = 300,
    seed: Annotated[int, typer.Option(help="Which company.")] = 7,
    port: Annotated[int, typer.Option(help="Where to serve; a taken port falls forward.")] = 8321,
) -> None:
    """Read two sandbox CRMs, detect, open this quarter's review and serve it (or, with --once, play it to its end)."""
    if context.invoked_subcommand is not None:
        return
    from app.cli import demo as play

    telling = Telling(as_json)
    if once:
        play.once(telling, keep=keep, people=people, seed=seed)
    else:
        play.watched(telling, keep=keep, people=people, seed=seed, port=port)


@demo_app.command("break")
def demo_break(
    as_json: AsJson = False,
    # A smaller company's grants fit on one page, and none can be dropped.
    people: Annotated[int, typer.Option(min=150, max=20000, help="How large the company is.")] = 300,
    seed: Annotated[int, typer.Option(help="Which company.")] = 7,
) -> None:
    """Withdraw a right, then drop a page: the review refuses to open, and says why."""
    from app.cli import breaking

    breaking.show(Telling(as_json), people=people, seed=seed)


def attempt(
    file: Annotated[Path, typer.Argument(help="A user export of Salesforce or HubSpot, CSV or XLSX.")],
    reviewer: Annotated[str, typer.Option(help="Who is to decide.")] = "You",
    dates: Annotated[str, typer.Option(help="How 03/04/2026 is meant: dmy or mdy.")] = "",
    as_json: AsJson = False,
) -> None:
    """Open a review from a plain user export: no credentials, nothing leaves this machine."""
    from app.cli import attempt as tries

    tries.review(Telling(as_json), file, reviewer, dates)


@sandbox_app.command("serve")
def sandbox_serve(
    kind: Annotated[str, typer.Argument(help="salesforce or hubspot.")],
    port: int = 8801,
    seed: int = 7,
    people: Annotated[int, typer.Option("--accounts", min=80)] = 300,
    assignments: Annotated[int | None, typer.Option(min=1, help="Of each account beyond the first 300.")] = None,
    sign_ins: Annotated[int | None, typer.Option(min=0, help="Of each account beyond the first 300.")] = None,
    home: Path | None = None,
    without: Annotated[list[str] | None, typer.Option(help="A right that the reader does not get.")] = None,
    faults: Annotated[int | None, typer.Option(help="Seed of random faults.")] = None,
) -> None:
    """Run a pretend CRM, and print the credentials for each way of signing in."""
    from connectors.sandbox import serve as sandbox

    given = [kind, "--port", str(port), "--seed", str(seed), "--people", str(people)]
    given += ["--assignments", str(assignments)] if assignments is not None else []
    given += ["--sign-ins", str(sign_ins)] if sign_ins is not None else []
    given += ["--home", str(home)] if home else []
    given += [part for right in without or [] for part in ("--without", right)]
    given += ["--faults", str(faults)] if faults is not None else []
    sandbox.main(given)
