"""One turn of one finding, written down: moved if nobody else moved it meanwhile, with its place in the history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.detection.tables import FindingEventRow, FindingRow
from app.kit.refusal import Refusal, insist


def turn(
    session: Session, row: FindingRow, kind: str, because: str, *, by: Actor, at: datetime, **values: Any
) -> FindingRow:
    """Change a finding as it was seen, and add the event. Refuses (412) when somebody else was first."""
    mine = (FindingRow.id == row.id, FindingRow.version == row.version, FindingRow.status == row.status)
    moved = session.execute(update(FindingRow).where(*mine).values(version=row.version + 1, **values))
    insist(None if moved.rowcount == 1 else _overtaken(row.id))  # type: ignore[attr-defined]
    session.add(FindingEventRow(finding_id=row.id, kind=kind, at=at, by=by.id, because=because))
    session.flush()
    session.refresh(row)
    return row


def person_of(row: FindingRow) -> str:
    """Whose personal values are in what is said about a finding, so that they can be found and erased."""
    if row.identity_id is not None:
        return f"identity:{row.identity_id}"
    return f"account:{row.account_id}" if row.account_id is not None else f"finding:{row.id}"


def _overtaken(finding_id: int) -> Refusal:
    return Refusal("changed_meanwhile", f"Finding {finding_id} changed since you looked.", "Look again.", status=412)
