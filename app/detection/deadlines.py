"""Deadlines: saying once that findings are late, and once that nobody has taken note of grave ones."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.detection import lives
from app.detection.policy import Status
from app.detection.tables import FindingEventRow, FindingRow
from app.ledger import entries, jcs
from app.ledger.entries import Entry
from app.ledger.kinds import Kind

GRAVE = ("critical", "high")  # what somebody has to take note of


def breach(session: Session, *, by: Actor, at: datetime) -> int:
    """Mark every open finding whose due date has passed, each life once. Returns how many; one entry with counts."""
    late = [row for row in lives.late(session, at) if row.due_at is not None]
    return _mark(session, late, "overdue", Kind.FINDINGS_OVERDUE, {"breached_at": at}, by, at)


def escalate(session: Session, *, hours: int, by: Actor, at: datetime) -> int:
    """Mark grave findings that nobody has taken note of for so long, each life once. Those of a system's first reading have
    a plan, so only the critical ones of them are. Returns how many; one entry with counts."""
    grave = (FindingRow.severity == "critical") | ((FindingRow.severity == "high") & FindingRow.baseline.is_(False))
    silent = (
        FindingRow.status == Status.OPEN,
        FindingRow.acknowledged_at.is_(None),
        FindingRow.escalated_at.is_(None),
        FindingRow.opened_at <= at - timedelta(hours=hours),
    )
    rows = session.scalars(select(FindingRow).where(grave, *silent).order_by(FindingRow.id)).all()
    return _mark(session, rows, "escalated", Kind.FINDINGS_ESCALATED, {"escalated_at": at}, by, at)


def _mark(
    session: Session, rows: Sequence[FindingRow], kind: str, entry: Kind, values: dict[str, Any], by: Actor,
    at: datetime,
) -> int:  # fmt: skip
    if not rows:
        return 0
    session.execute(
        update(FindingRow), [{"id": row.id, "version": row.version + 1} | values for row in rows]
    )  # set-wise: nothing that a person does meanwhile is undone by a mark
    session.execute(
        insert(FindingEventRow),
        [
            {"finding_id": row.id, "kind": kind, "at": at, "by": by.id, "because": _said(kind, row)}
            for row in rows
        ],
    )  # fmt: skip
    counts = Counter(row.severity for row in rows)
    digest = hashlib.sha256(jcs.dumps([row.id for row in rows])).hexdigest()  # it stands for these, and for no others
    body = {"count": len(rows), "counts": dict(sorted(counts.items())), "digest": digest}
    entries.record(session, Entry(entry, "findings", body), by=by.id, at=at)
    return len(rows)


def _said(kind: str, row: FindingRow) -> str:
    if kind == "escalated":
        return "nobody has taken note of it"
    return f"it was due on {row.due_at.date().isoformat()}" if row.due_at is not None else ""
