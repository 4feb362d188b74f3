"""controls: the checklist line by line, and what is on file for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.commands.options import AsJson, Reason, Token
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


Line = Annotated[str, typer.Argument(help="The line: CRM-5.1.1.")]
Word = Annotated[str, typer.Argument(help="The word's id, as `rolecall controls words` shows it.")]


@controls_app.command("words")
def controls_words(
    line: Annotated[str | None, typer.Argument(help="Only for this line.")] = None, as_json: AsJson = False
) -> None:
    """People's word on file: whose, until when, and where it stands."""
    from app.cli import filing

    filing.listed(Telling(as_json), line)


@controls_app.command("attest")
def controls_attest(
    line: Line,
    owner: Annotated[str, typer.Option(help="Whose word it is: roster id or e-mail address.")],
    until: Annotated[str, typer.Option(help="Its last day: 2027-03-01.")],
    statement: Annotated[str, typer.Option(help="What is vouched for, in a sentence.")],
    file: Annotated[Path | None, typer.Option(help="The document; kept under its SHA-256, 10 MiB at most.")] = None,
    link: Annotated[str | None, typer.Option(help="Or where it is.")] = None,
    system: Annotated[str | None, typer.Option(help="Only for this system.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put somebody's word on file. Said again for the same line it is the next revision."""
    from app.cli import filing

    filing.attest(Telling(as_json), line, statement, owner, until, file, link, system)


@controls_app.command("approve")
def controls_approve(word: Word, token: Token) -> None:
    """Approve somebody else's word."""
    from app.cli import filing

    filing.approve(Telling(), word, token)


@controls_app.command("decline")
def controls_decline(word: Word, reason: Reason) -> None:
    """Say why a word that waits does not do."""
    from app.cli import filing

    filing.decline(Telling(), word, reason)


@controls_app.command("withdraw")
def controls_withdraw(word: Word, reason: Reason) -> None:
    """Take a word back; an earlier revision that was approved counts again."""
    from app.cli import filing

    filing.withdraw(Telling(), word, reason)
