"""Who signs here: the installation's own name, and the keys that its checkpoints and packets are signed with.

The name comes from the ledger's first entry, so that two installations never share one, and a log cannot be passed off as
another's.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kit.secrets import Keys
from app.ledger import entries, note, queries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.note import Signer
from app.ledger.tables import EntryRow


def origin(session: Session) -> str | None:
    """This installation's name as a signer; None before it has one."""
    first = session.scalar(
        select(EntryRow.id).where(EntryRow.kind == Kind.INSTALLATION_MADE).order_by(EntryRow.at, EntryRow.id).limit(1)
    )
    return f"rolecall/{first.hex}" if first is not None else None


def found(session: Session, *, version: str, demo: bool, by: str, at: datetime) -> str:
    """Give the installation its name, once; a second time returns the same."""
    queries.alone(session)
    name = origin(session)
    if name is None:
        body = {"version": version, "demo": demo}
        entries.record(session, Entry(Kind.INSTALLATION_MADE, "installation", body), by=by, at=at)
        name = origin(session)
    if name is None:
        raise RuntimeError("the installation's first entry was written and is not there")
    return name


def signer(session: Session, keys: Keys) -> Signer:
    """The signer of this installation's checkpoints, current key first. Raises LookupError before it has a name."""
    name = origin(session)
    if name is None:
        raise LookupError("this installation has no name yet; any `rolecall` command that opens it gives it one")
    return note.signer(name, keys.derive_all("checkpoints"))
