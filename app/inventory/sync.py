"""Reads a system into the spool, then seals what came into history: the path from a CRM to our rows.

The same run, started again, continues the snapshot that it began or returns it; nothing is read inside a transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory import packing, policy, queries, readers, snapshots, spooling, systems
from app.inventory.early import Early
from app.inventory.spooling import OnPage, Reading
from app.inventory.tables import SnapshotRow, SpoolRow, StreamRow
from app.kit import garbage, turns
from app.kit.beside import Beside
from app.kit.db import Database
from app.kit.refusal import Refused
from app.kit.secrets import Keys, SecretsError
from connectors.connector import Coverage, Reader, StreamCoverage, lent
from connectors.errors import ConnectorError
from connectors.records import Stream
from connectors.registry import UnknownKind

AT_ONCE = 4  # streams read side by side: gentle to a CRM that allows 25 calls at a time to all of its clients


def run(
    database: Database,
    system_id: int,
    *,
    run: str,
    keys: Keys,
    clock: Callable[[], datetime],
    by: Actor,
    streams: Sequence[Stream] | None = None,
    on_page: OnPage | None = None,
    reader: Reader | None = None,
    at_once: int = AT_ONCE,
) -> int:
    """Read the system and seal the reading; returns the snapshot's id, sealed or failed.

    The same `run` continues, or returns, the snapshot it began. `streams` restricts what is read; `reader` is used as
    given (and left open) instead of opening the system's own; `at_once` is how many streams are read side by side,
    where the reader can.
    """
    snapshot_id, status, upload_id, first = _begin(database, system_id, run, clock)
    if status != "reading":
        return snapshot_id
    with (
        garbage.seldom(),
        Beside() as beside,
        Early(database, snapshot_id, able=first, beside=beside) as early,
    ):
        with turns.short(), ExitStack() as stack:
            try:
                opened = reader or stack.enter_context(
                    readers.open_reader(database, system_id, keys, clock=clock, upload_id=upload_id)
                )
            except (ValueError, SecretsError, UnknownKind, ConnectorError, Refused) as error:
                because: str | None = str(error)  # a setting or secret that nothing can be read with
            else:

                def told(stream: str, number: int, rows: int) -> None:
                    early.came(stream, rows)
                    if on_page is not None:
                        on_page(stream, number, rows)

                reading = Reading(database, snapshot_id, opened, clock, told, at_once)
                stack.enter_context(lent(opened, partial(beside.do, packing.understood)))
                because = _read_all(reading, system_id, streams, by)
        if database.sqlite:  # it works in this process, so there is little to be done beside, and memory is scarcer
            beside.end()
        _end(database, snapshot_id, because, by, clock, beside, early)
    return snapshot_id


def _begin(
    database: Database, system_id: int, run: str, clock: Callable[[], datetime]
) -> tuple[int, str, uuid.UUID | None, bool]:
    with database.transaction() as session:
        system = queries.system(session, system_id)
        upload = queries.latest_upload(session, system_id) if system.kind == "roster" else None
        snapshot = snapshots.begin(session, system, run=run, upload_id=upload.id if upload else None, at=clock())
        first = queries.latest_sealed(session, system_id) is None
        return snapshot.id, snapshot.status, snapshot.upload_id, first


def _read_all(reading: Reading, system_id: int, streams: Sequence[Stream] | None, by: Actor) -> str | None:
    """Read every stream that is still to be read. Returns why nothing could be, if so."""
    try:
        coverage = reading.reader.check()
    except ConnectorError as error:
        return str(error)
    try:
        with reading.database.transaction() as session:
            system = queries.system(session, system_id)
            at = reading.clock()
            systems.pin(session, system, key=coverage.system_key, principal=coverage.principal, by=by, at=at)
            _note(session, reading.snapshot_id, coverage)
            switched = policy.switched_off(system.config)
    except Refused as refused:  # another org, or removed meanwhile
        return str(refused)
    wanted = streams or [each for each in Stream if each in coverage.streams]
    unknown = StreamCoverage(False, missing="this system does not tell")
    covered = {stream: coverage.streams.get(stream) or unknown for stream in wanted}
    off = {stream: StreamCoverage(False, missing=why) for stream, why in switched.items() if stream in covered}
    spooling.read(reading, covered | off)
    return None


def _note(session: Session, snapshot_id: int, coverage: Coverage) -> None:
    snapshot = session.get_one(SnapshotRow, snapshot_id)
    snapshot.principal = coverage.principal
    snapshot.api_version = coverage.api_version
    snapshot.coverage = {
        "system": coverage.system_name,
        "key": coverage.system_key,
        "streams": {
            str(stream): {"readable": each.readable, "missing": each.missing, "note": each.note}
            for stream, each in coverage.streams.items()
        },
        "notes": list(coverage.notes),
    }


def _end(
    database: Database,
    snapshot_id: int,
    because: str | None,
    by: Actor,
    clock: Callable[[], datetime],
    beside: Beside,
    early: Early,
) -> None:
    """Seal the reading if it saw anything; else give it up."""
    with database.transaction() as session:
        of = select(StreamRow).where(StreamRow.snapshot_id == snapshot_id)
        rows = session.scalars(of).all()
        for row in rows:
            if row.ended_at is None:  # only when the reading as a whole was stopped
                row.because, row.ended_at = because or "the reading was stopped", clock()
        saw = session.scalar(select(SpoolRow.number).where(SpoolRow.snapshot_id == snapshot_id).limit(1)) is not None
        told = because or "; ".join(f"{row.stream}: {row.because}" for row in rows) or "there was nothing to read"
        if not saw:
            snapshots.fail(session, snapshot_id, told, by=by, at=clock())
            return
        session.flush()
    early.finish()
    try:
        with database.transaction(on=early.connection) as session:
            snapshots.seal(session, snapshot_id, by=by, at=clock(), beside=beside, early=early)
    except Refused as refused:
        with database.transaction() as session:
            snapshots.fail(session, snapshot_id, str(refused), by=by, at=clock())
