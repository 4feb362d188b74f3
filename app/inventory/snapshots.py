"""Snapshots: one reading of a system, begun, then sealed into history or failed. What was sealed never changes.

Sealing is one transaction: either the whole reading becomes history, with its entry in the ledger and its spool gone, or
nothing does. Readings of one system are sealed one at a time, in the order in which they began.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory import packing, policy, queries
from app.inventory.early import Early
from app.inventory.merges import (
    accounts,
    differences,
    entitlements,
    grants,
    integrations,
    logs,
    observations,
    people,
    privileges,
)
from app.inventory.merges.sealing import Sealing
from app.inventory.tables import SnapshotRow, SpoolRow, StreamRow, SystemRow
from app.kit import db
from app.kit.beside import Beside
from app.kit.refusal import insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from connectors.records import Stream

# In this order: grants rest on accounts and entitlements; sign-ins, integrations and most of the others on accounts.
MERGES: dict[Stream, Callable[[Sealing], None]] = {
    Stream.PEOPLE: people.merge,
    Stream.ACCOUNTS: accounts.merge,
    Stream.ENTITLEMENTS: entitlements.merge,
    Stream.GRANTS: grants.merge,
    Stream.LOGINS: logs.merge_logins,
    Stream.INTEGRATIONS: integrations.merge,
    Stream.SETTINGS: logs.merge_settings,
    Stream.CHANGES: logs.merge_changes,
    **{stream: partial(observations.merge, stream=stream) for stream in observations.SHAPES},
}


def begin(
    session: Session, system: SystemRow, *, run: str, upload_id: uuid.UUID | None = None, at: datetime
) -> SnapshotRow:
    """The snapshot of this run: the one it began before, or a new one. `at` becomes the moment of all that it finds."""
    known = session.scalar(select(SnapshotRow).where(SnapshotRow.run == run))
    if known is not None:
        return known
    snapshot = SnapshotRow(
        system_id=system.id, run=run, status="reading", began_at=at, connector=system.kind, upload_id=upload_id,
        counts={}, coverage={},
    )  # fmt: skip
    session.add(snapshot)
    session.flush()
    return snapshot


def seal(
    session: Session,
    snapshot_id: int,
    *,
    by: Actor,
    at: datetime,
    beside: Beside | None = None,
    early: Early | None = None,
) -> SnapshotRow:
    """Merge everything that was spooled into history. Sealing the same snapshot again changes nothing.

    `beside`: a process that may be asked to prepare what is large. `early`: what was staged on this session's connection
    while the system was read for the first time.

    Refuses (and changes nothing) when a reading that began later was sealed before.
    """
    snapshot = session.get_one(SnapshotRow, snapshot_id)
    _alone(session, snapshot.system_id)
    session.refresh(snapshot)
    if snapshot.status == "sealed":
        return snapshot
    latest = queries.latest_sealed(session, snapshot.system_id)
    insist(
        policy.why_not_seal(
            status=snapshot.status, began_at=snapshot.began_at, latest=latest.began_at if latest else None
        )
    )
    sealing = _sealing(session, snapshot, early if latest is None else None)
    sealing.beside = beside
    for stream, merge in MERGES.items():
        if stream in sealing.streams:
            merge(sealing)
    if not sealing.streams.keys().isdisjoint({Stream.ACCOUNTS, Stream.ENTITLEMENTS, Stream.GRANTS}):
        privileges.derive(sealing)
    _finish(session, snapshot, sealing, at)
    entries.record(session, _entry(snapshot, sealing), by=by.id, at=at)
    session.expire_all()  # the merges changed rows behind the session's back
    session.refresh(snapshot)
    return snapshot


def fail(session: Session, snapshot_id: int, because: str, *, by: Actor, at: datetime) -> SnapshotRow:
    """Give a reading up: nothing could be read, or it may not be merged. Nothing that was known ends."""
    moved = session.execute(
        update(SnapshotRow)
        .where(SnapshotRow.id == snapshot_id, SnapshotRow.status == "reading")
        .values(status="failed", because=because, sealed_at=None)
    )
    snapshot = session.get_one(SnapshotRow, snapshot_id)
    session.refresh(snapshot)
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        return snapshot
    session.execute(delete(SpoolRow).where(SpoolRow.snapshot_id == snapshot_id))
    body = {"system": snapshot.system_id, "run": snapshot.run, "because": because}
    entries.record(session, Entry(Kind.SNAPSHOT_FAILED, f"snapshot:{snapshot_id}", body), by=by.id, at=at)
    return snapshot


def _alone(session: Session, system_id: int) -> None:
    """Let only one transaction at a time seal a system: a row that is written is held until the transaction ends."""
    session.execute(update(SystemRow).where(SystemRow.id == system_id).values(version=SystemRow.version))
    if session.get_bind().dialect.name == "postgresql":
        db.room_to_join(session)
    else:
        session.execute(text("PRAGMA cache_size = -65536"))  # 64 MB instead of 2: so do the indexes it writes to


def _sealing(session: Session, snapshot: SnapshotRow, early: Early | None) -> Sealing:
    streams = {
        Stream(row.stream): row
        for row in session.scalars(select(StreamRow).where(StreamRow.snapshot_id == snapshot.id))
    }
    parts: dict[Stream, dict[str, bool]] = {}
    digests: dict[Stream, tuple[list[str], list[str]]] = {}
    spooled = select(SpoolRow.stream, SpoolRow.receipt).where(SpoolRow.snapshot_id == snapshot.id)
    for stream, receipt in session.execute(spooled.order_by(SpoolRow.stream, SpoolRow.number)):
        of_stream = parts.setdefault(Stream(stream), {})
        of_stream[receipt["part"]] = of_stream.get(receipt["part"], False) or receipt["said"] is not None
        raw, rows = digests.setdefault(Stream(stream), ([], []))
        raw.append(receipt["digest"])
        rows.append(receipt["rows_digest"])
    for stream, row in streams.items():
        raw, rows = digests.get(stream, ([], []))
        row.pages_digest, row.rows_digest = packing.chained(raw), packing.chained(rows)
    previous = queries.latest_trusted(session, snapshot.system_id, Stream.ACCOUNTS)
    staged = early.fitting({stream: rows for stream, (_, rows) in digests.items()}) if early else {}
    return Sealing(
        session, snapshot.system_id, snapshot.id, snapshot.began_at, streams, parts,
        previous=previous.began_at if previous else None,
        early=staged, use=early.use if early and Stream.LOGINS in staged else None,
    )  # fmt: skip


def _finish(session: Session, snapshot: SnapshotRow, sealing: Sealing, at: datetime) -> None:
    for stream, row in sealing.streams.items():
        row.distinct = row.records - sealing.repeats[stream]
    told = [
        f"{stream} {row.verdict} {row.pages_digest} {row.rows_digest}"
        for stream, row in sorted(sealing.streams.items())
    ]
    snapshot.digest = packing.chained(told)
    snapshot.counts = {table: numbers for table, numbers in sealing.counts.items() if numbers}
    snapshot.status = "sealed"
    snapshot.sealed_at = at
    session.flush()
    differences.clear(sealing)


def _entry(snapshot: SnapshotRow, sealing: Sealing) -> Entry:
    """Counts and digests; no values of anybody."""
    streams: dict[str, Any] = {
        str(stream): {
            "verdict": str(row.verdict),
            "rows": row.rows,
            "said": row.said,
            "distinct": row.distinct,
            "pages": row.pages,
            "pages_digest": row.pages_digest,
            "rows_digest": row.rows_digest,
            "receipt_digest": packing.receipt_digest(row),
        }
        for stream, row in sealing.streams.items()
    }
    body = {
        "system": snapshot.system_id,
        "snapshot": snapshot.id,
        "run": snapshot.run,
        "began_at": snapshot.began_at.isoformat(),
        "digest": snapshot.digest,
        "counts": snapshot.counts,
        "receipt": list(packing.RECEIPT),
        "streams": streams,
    }
    return Entry(Kind.SNAPSHOT_SEALED, f"snapshot:{snapshot.id}", body)
