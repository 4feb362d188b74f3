"""We do not verify our own work, the CRM does: a later complete reading by the reader lacks what was removed.

A reading proves nothing about a kind of subject whose stream it did not read to the end, and nothing about what was done
after it began. What is still there after it was acted on is open again; `comebacks` watches what was proved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory import queries as inventory
from app.inventory.tables import SnapshotRow
from app.kit import clock
from app.kit.refusal import insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.remediation import policy, queries, ways
from app.remediation.policy import PROVABLE, Status
from app.remediation.tables import RemediationRow

CHUNK = 1_000
_SEEN = {
    "remove": "no longer shows it",
    "change": "shows the other access instead",
    "restore": "shows it again",
    "time_box": "shows its end",
}
_NOT_SEEN = {
    "remove": "still shows it",
    "change": "still shows it",
    "restore": "does not show it",
    "time_box": "does not show that end",
}


@dataclass(frozen=True, slots=True)
class Counts:
    """What a reading said about removals. `unproved`: kinds of subject that it could say nothing about."""

    verified: int = 0
    still_there: int = 0
    unproved: tuple[str, ...] = ()


def verify(session: Session, snapshot_id: int, *, by: Actor, at: datetime) -> Counts:
    """Hold every removal of a system against its newest sealed reading. One that has been overtaken says nothing: the
    rows show what came after it."""
    at = clock.utc(at)
    snapshot = session.get_one(SnapshotRow, snapshot_id)
    newest = inventory.latest_sealed(session, snapshot.system_id)
    if newest is None or newest.id != snapshot_id:
        return Counts()
    proved = queries.streams_trusted(session, snapshot_id)
    verified = still = 0
    for kind in sorted(proved & _waiting(session, snapshot.system_id)):
        verified += _verified(session, snapshot, kind, by, at)
        still += _still_there(session, snapshot, kind, by, at)
    return Counts(verified, still, tuple(sorted(set(queries.STREAMS) - proved)))


def _waiting(session: Session, system_id: int) -> frozenset[str]:
    """The kinds of subject of which any removal waits for a proof."""
    mine = (RemediationRow.system_id == system_id, RemediationRow.status.in_(PROVABLE))
    return frozenset(session.scalars(select(RemediationRow.kind).where(*mine).distinct()))


def _verified(session: Session, snapshot: SnapshotRow, kind: str, by: Actor, at: datetime) -> int:
    rows = queries.gone(session, snapshot.system_id, kind)
    found = [row for row in rows if policy.later(row.status, row.opened_at, row.since, snapshot.began_at)]
    # What came back by another way is not gone because its first way is.
    back = ways.found(session, [row for row in found if row.status == Status.RETURNED])
    proved = {"status": Status.VERIFIED, "verified_at": at, "verified_snapshot_id": snapshot.id}
    count = 0
    for wish, seen in _SEEN.items():
        mine = [row for row in found if row.wish == wish and row.id not in back]
        values = proved | {"because": f"Reading {snapshot.id} {seen}."}
        count += _move(session, mine, Kind.REMEDIATION_VERIFIED, snapshot, values, by, at)
    return count


def _still_there(session: Session, snapshot: SnapshotRow, kind: str, by: Actor, at: datetime) -> int:
    rows = queries.still_there(session, snapshot.system_id, kind)
    found = [row for row in rows if policy.later(row.status, row.opened_at, row.since, snapshot.began_at)]
    count = 0
    for wish, seen in _NOT_SEEN.items():
        mine = [row for row in found if row.wish == wish]
        values = {"status": Status.OPEN, "because": f"Reading {snapshot.id} {seen}, although it was acted on."}
        count += _move(session, mine, Kind.REMEDIATION_MOVED, snapshot, values, by, at)
    return count


def _move(
    session: Session,
    rows: Sequence[RemediationRow],
    kind: Kind,
    snapshot: SnapshotRow,
    values: Mapping[str, Any],
    by: Actor,
    at: datetime,
) -> int:
    """Move them all, and write one entry for each that nobody else moved meanwhile."""
    for status in {row.status for row in rows}:
        insist(policy.why_not_move(status, values["status"]))
    moved: list[RemediationRow] = []
    for begin in range(0, len(rows), CHUNK):
        some = rows[begin : begin + CHUNK]
        statement = (
            update(RemediationRow)
            .where(
                RemediationRow.id.in_([row.id for row in some]), RemediationRow.status.in_({row.status for row in some})
            )
            .values(**values, since=at, version=RemediationRow.version + 1)
            .returning(RemediationRow.id)
            .execution_options(synchronize_session=False)
        )
        won = set(session.scalars(statement))
        moved += [row for row in some if row.id in won]
    told = [
        Entry(
            kind,
            f"remediation:{row.id}",
            {"system": row.system_id, "snapshot": snapshot.id, "from": row.status, "to": str(values["status"])},
        )
        for row in moved
    ]
    entries.record_many(session, told, by=by.id, at=at)
    for row in moved:
        session.expire(row)
    return len(moved)
