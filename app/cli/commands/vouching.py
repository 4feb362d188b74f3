"""campaign accept, sign and owner: who answers for a review."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.commands.options import AsJson, Reason, Token
from app.cli.telling import Telling

Remark = Annotated[str, typer.Option(help="What you looked at, and that it is right; printed on the evidence.")]

Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="One review, or several.")]


def accept(
    name: str,
    fallback: Annotated[str, typer.Option(help="As the review or schedule will be asked for.")],
    token: Token,
    remark: Remark = "",
    second: Annotated[str | None, typer.Option(help="Likewise.")] = None,
    systems: Annotated[list[str] | None, typer.Option("--system", help="Likewise.")] = None,
    scope: Annotated[Path | None, typer.Option(help="Likewise.")] = None,
    control_owner: Annotated[str | None, typer.Option(help="Likewise.")] = None,
    seen: Annotated[
        str | None, typer.Option(help="The digest that was shown. Without it, nothing is accepted.")
    ] = None,
    standing: Annotated[bool, typer.Option("--standing", help="For a schedule's reviews, for a year.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look at what a review would be of, and accept it as its control owner: a word for whoever opens it."""
    from app.cli import vouching

    asked = vouching.asked(scope, fallback, second, systems, control_owner)
    vouching.accept(Telling(as_json), name, asked, remark, token, standing=standing, seen=seen)


def sign(names: Names, remark: Remark, token: Token, as_json: AsJson = False) -> None:
    """Sign what came of closed reviews, as their control owner; of several all are signed, each by itself, or none."""
    from app.cli import vouching

    vouching.sign(Telling(as_json), names, remark, token)


def owner(
    name: str,
    to: Annotated[str, typer.Option(help="Who answers for it instead: roster id, e-mail address or whole name.")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Name another control owner of a review that is not signed."""
    from app.cli import vouching

    vouching.owner(Telling(as_json), name, to, reason)
