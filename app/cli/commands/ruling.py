"""rules: what is asked, what people are told of, and the numbers that a system is judged by."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.commands.options import AsJson, Reason, System
from app.cli.telling import Telling

rules_app = typer.Typer(
    no_args_is_help=True, help="Rules: what is asked, by which numbers, and what people are told of."
)
Rule = Annotated[str, typer.Argument(help="A rule's name, as in docs/rules.md.")]
Number = Annotated[str, typer.Argument(help="A number's name, as `rolecall rules limits` has it.")]


@rules_app.command("list")
def rules_list(as_json: AsJson = False) -> None:
    """Every rule, what it found, and what it proposes where too much of that was accepted."""
    from app.cli import ruling

    ruling.show(Telling(as_json))


@rules_app.command("show")
def rules_show(rule: Rule, as_json: AsJson = False) -> None:
    """One rule's manual page, and what to do step by step."""
    from app.cli import ruling

    ruling.page(Telling(as_json), rule)


@rules_app.command("ask")
def rules_ask(
    system: Annotated[str | None, typer.Argument(help="Of one system; of all without it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask every rule now, without a reading, and say what has opened and closed."""
    from app.cli import ruling

    ruling.ask(Telling(as_json), system)


@rules_app.command("limits")
def rules_limits(
    system: Annotated[str | None, typer.Option(help="With what this system has of its own.")] = None,
    as_json: AsJson = False,
) -> None:
    """The numbers that rules judge by, each with the reason for its default."""
    from app.cli import ruling

    ruling.numbers(Telling(as_json), system)


@rules_app.command("set-limit")
def rules_set_limit(
    system: System, number: Number, value: Annotated[int, typer.Argument(help="What to judge by.")], reason: Reason
) -> None:
    """Judge one system by a number of its own."""
    from app.cli import ruling

    ruling.set_limit(Telling(), system, number, value, reason)


@rules_app.command("clear-limit")
def rules_clear_limit(system: System, number: Number, reason: Reason) -> None:
    """Judge a system by everybody's number again."""
    from app.cli import ruling

    ruling.set_limit(Telling(), system, number, None, reason)


@rules_app.command("alert")
def rules_alert(
    rule: Rule, reason: Reason, on: Annotated[bool, typer.Option("--on/--off", help="Whether people are told.")] = True
) -> None:
    """Have people told, or not told, of a rule's new findings."""
    from app.cli import ruling

    ruling.alert(Telling(), rule, reason, on=on)
