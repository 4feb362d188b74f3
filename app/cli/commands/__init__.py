"""Every command with its options and its one sentence of help; what they do is in the module named in each."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

import typer
import typer.main

from app.cli.commands import (
    braking,
    entering,
    modelling,
    noticing,
    playing,
    promising,
    proving,
    reading,
    reviewing,
    ruling,
    running,
    scheduling,
    settling,
    vouching,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def start(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=running.version, help="Which release this is, and end.")
    ] = False,
) -> None:
    """Rolecall: who can reach what in the CRM, who said it was all right, and how do we know?"""


app.command("try")(playing.attempt)
for command in (
    running.serve, running.work, running.migrate, running.doctor, reading.sync, reading.replay, settling.findings,
    reading.justify, reviewing.decide, proving.removals,
):  # fmt: skip
    app.command()(command)
for name, child in {
    "demo": playing.demo_app, "system": reading.system_app, "campaign": reviewing.campaign_app,
    "evidence": proving.evidence_app, "controls": promising.controls_app, "person": entering.person_app,
    "account": entering.account_app,
    "actor": entering.actor_app, "token": entering.token_app, "hook": entering.hook_app, "key": entering.key_app,
    "finding": settling.finding_app, "removal": braking.removal_app, "notices": noticing.notices_app,
    "sandbox": playing.sandbox_app, "bundles": modelling.bundles_app, "rules": ruling.rules_app,
}.items():  # fmt: skip
    app.add_typer(child, name=name)
reading.system_app.command("lane")(braking.lane)
for scheduled in (
    scheduling.schedule, scheduling.schedules, scheduling.reschedule, vouching.accept, vouching.sign, vouching.owner,
):  # fmt: skip
    reviewing.campaign_app.command()(scheduled)


@cache
def tree() -> Callable[..., Any]:
    """The commands as they are called; made once in a process, which takes a quarter of a second."""
    return typer.main.get_command(app)
