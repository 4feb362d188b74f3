"""findings and finding: what is wrong, one finding's story, and what is done about it."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.commands.options import AsJson, Reason, Token
from app.cli.telling import Telling

finding_app = typer.Typer(no_args_is_help=True, help="One finding: its story, owner, comments, waiver.")
Numbers = Annotated[list[int], typer.Argument(help="Numbers of findings.")]
Number = Annotated[int, typer.Argument(help="Its number.")]


def findings(
    status: Annotated[str, typer.Option(help="open, closed, waived or all.")] = "open",
    rule: Annotated[str | None, typer.Option(help="Only findings of this rule.")] = None,
    system: Annotated[str | None, typer.Option(help="Only what is about this system.")] = None,
    severity: Annotated[str | None, typer.Option(help="critical, high, medium or low.")] = None,
    owner: Annotated[str | None, typer.Option(help="A person, an actor, a role; or me.")] = None,
    due: Annotated[str | None, typer.Option(help="late, or soon: within a week.")] = None,
    unnoticed: Annotated[bool, typer.Option("--unnoticed", help="Only those nobody has taken note of.")] = False,
    sort: Annotated[str, typer.Option(help="worst, priority or due.")] = "worst",
    as_json: AsJson = False,
) -> None:
    """What is wrong, worst first."""
    from app.cli import finding

    finding.show(
        Telling(as_json), status=status, rule=rule, system=system, severity=severity, owner=owner, due=due,
        unnoticed=unnoticed, sort=sort,
    )  # fmt: skip


@finding_app.command("show")
def finding_show(number: Number, as_json: AsJson = False) -> None:
    """One finding: its facts, what to do, its lives, waivers and history."""
    from app.cli import finding

    finding.one(Telling(as_json), number)


@finding_app.command("acknowledge")
def finding_acknowledge(numbers: Numbers) -> None:
    """Take note of findings, so that nobody else is woken."""
    from app.cli import finding

    finding.acknowledge(Telling(), numbers)


@finding_app.command("assign")
def finding_assign(
    numbers: Numbers, to: Annotated[str, typer.Option(help="A roster id or address, an actor, or role:it_security.")]
) -> None:
    """Hand findings to somebody."""
    from app.cli import finding

    finding.assign(Telling(), numbers, to)


@finding_app.command("comment")
def finding_comment(number: Number, text: Annotated[str, typer.Argument(help="What there is to say.")]) -> None:
    """Say something about a finding; it stays in its history."""
    from app.cli import finding

    finding.comment(Telling(), number, text)


@finding_app.command("waive")
def finding_waive(
    number: Number, reason: Reason, days: Annotated[int, typer.Option(help="For how many days.")] = 90
) -> None:
    """Ask that a finding be accepted for a time; somebody else has to approve."""
    from app.cli import finding

    finding.waive(Telling(), number, reason, days)


@finding_app.command("approve")
def finding_approve(number: Number, token: Token) -> None:
    """Approve the waiver that somebody else asked for."""
    from app.cli import finding

    finding.approve(Telling(), number, token)


@finding_app.command("refuse")
def finding_refuse(number: Number, reason: Reason) -> None:
    """Refuse the waiver that somebody else asked for."""
    from app.cli import finding

    finding.refuse(Telling(), number, reason)


@finding_app.command("unwaive")
def finding_unwaive(number: Number, reason: Reason) -> None:
    """Withdraw a waiver, or end it before its time."""
    from app.cli import finding

    finding.unwaive(Telling(), number, reason)
