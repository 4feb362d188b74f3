"""removals and evidence: what became true of what was decided, and how anybody can tell."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.commands.options import AsJson
from app.cli.telling import Telling

evidence_app = typer.Typer(no_args_is_help=True, help="Evidence: export, verify, checkpoints.")


def removals(
    run: Annotated[str | None, typer.Option(help="Carry out a system's open removals now: its name or number.")] = None,
    status: Annotated[
        str | None, typer.Option(help="open, by_hand, acting, acted, declined, verified, returned, undone.")
    ] = None,
    done: Annotated[str | None, typer.Option(help="Say that this removal was done by hand: its id.")] = None,
    again: Annotated[str | None, typer.Option(help="Have this removal tried again: its id.")] = None,
    undo: Annotated[str | None, typer.Option(help="Undo this removal and give the access back: its id.")] = None,
    meanwhile: Annotated[
        str | None, typer.Option(help="What the account did until this removal had come true: its id.")
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", "-r", help="With --done, --again or --undo: what was done, or why.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """What was promised to be removed, what was done, and what the CRM says now."""
    from app.cli import removal

    if sum(given is not None for given in (run, done, again, undo, meanwhile)) > 1:
        raise typer.BadParameter("one at a time: --run, --done, --again, --undo, --meanwhile")
    if done is not None:
        removal.done(Telling(as_json), done, reason)
    elif again is not None:
        removal.again(Telling(as_json), again, reason)
    elif undo is not None:
        removal.undo(Telling(as_json), undo, reason)
    elif meanwhile is not None:
        removal.look_back(Telling(as_json), meanwhile)
    else:
        removal.show(Telling(as_json), run, status)


@evidence_app.command("export")
def evidence_export(
    campaign: str,
    out: Annotated[Path, typer.Option("-o", "--out", help="The packet to write.")] = Path("packet.zip"),
    as_json: AsJson = False,
) -> None:
    """Write a closed review's evidence as one packet that verifies elsewhere."""
    from app.cli import proof

    proof.export(Telling(as_json), campaign, out)


@evidence_app.command("verify")
def evidence_verify(
    packet: Path,
    checkpoint: Annotated[Path | None, typer.Option(help="A checkpoint you kept from before.")] = None,
    key: Annotated[str | None, typer.Option(help="The verifying key you trust.")] = None,
    as_json: AsJson = False,
) -> None:
    """Verify a packet: no database, no network, no trust in us. Exits 0 or 1, and says what failed."""
    from app.cli import proof

    proof.check(Telling(as_json), packet, checkpoint, key)


@evidence_app.command("checkpoint")
def evidence_checkpoint(
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Where to write it; standard output without.")] = None,
) -> None:
    """Sign a checkpoint now and write it down, for the auditor to keep."""
    from app.cli import proof

    proof.checkpoint(Telling(), out)
