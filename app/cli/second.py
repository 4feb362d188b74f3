"""Who approves at the command line: somebody who shows a token of their own, not just another login of this machine.

Whoever has a shell here can take any login name and make any token. So only a token counts that was made by somebody who
was signed in, in the console or by the API; the ledger says who made it.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors import policy, tokens
from app.actors.actor import Actor
from app.actors.policy import May
from app.actors.tables import ActorRow
from app.inventory import queries as inventory
from app.kit.refusal import Refusal, Refused, insist
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow

_WAY_OUT = "Do it in the console, or with a token that an administrator makes for you there, under Settings."


def presented(file: Path) -> str:
    """The token in a file, or on standard input for "-". Raises Refused naming the file, and never what is in it; a token
    where the file's name belongs is refused without being repeated."""
    if file.name.startswith("rolecall_") and not file.exists():
        # It is taken for the file's name easily; the refusal would carry it into logs.
        told = "That is a token, where the name of a file with one belongs."
        way_out = "Have it revoked, for the shell's history may keep it, and put a new one into a file."
        raise Refused(Refusal("no_token", told, way_out, status=422))
    try:
        return (sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")).strip()
    except (OSError, UnicodeDecodeError):
        raise Refused(Refusal("no_token", f"{file} cannot be read.", _WAY_OUT, status=422)) from None


def person(session: Session, token: str, may: May, *, at: datetime) -> Actor:
    """Who shows this token, if they may do that. Refuses a token that was made at a command line."""
    actor, row = tokens.enter(session, token, at=at)
    made = select(EntryRow).where(EntryRow.kind == Kind.TOKEN_MADE, EntryRow.subject == f"actor:{actor.id}")
    author = next((each.author for each in session.scalars(made) if each.body.get("token") == row.id), None)
    if author is None or author.startswith("cli:"):
        told = "This token was made at a command line, which could have made up anybody's."
        raise Refused(Refusal("not_a_second_person", told, _WAY_OUT, status=403))
    insist(policy.why_not(actor, may))
    holder = session.get_one(ActorRow, actor.id)
    who = inventory.find_identity(session, holder.person_key or holder.email or "")
    return replace(actor, identity_id=who.id if who is not None else None)
