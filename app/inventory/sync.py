"""Reads a system, page by page, into the spool, then seals what came into history: the path from a CRM to our rows.

Nothing is read inside a transaction. Each page is spooled in a small one of its own, so that the same run, started again
after a crash, goes on behind the last page and asks for nothing twice but the page that was in flight. One stream's
trouble never stops the others, and every stream ends with a verdict.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory import absence, packing, policy, queries, readers, snapshots, systems
from app.inventory.tables import SnapshotRow, SpoolRow, StreamRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.kit.secrets import Keys, SecretsError
from connectors.connector import Coverage, Page, Reader, StreamCoverage
from connectors.errors import ConnectorError, Misread
from connectors.receipt import PageReceipt, StreamReceipt, Verdict
from connectors.records import Stream
from connectors.registry import UnknownKind

OnPage = Callable[[str, int, int], None]  # stream, number of the page (from 1), rows of the stream so far


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the steps of one run share."""

    database: Database
    snapshot_id: int
    reader: Reader
    clock: Callable[[], datetime]
    on_page: OnPage | None


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
) -> int:
    """Read the system and seal the reading; returns the snapshot's id, sealed or failed.

    The same `run` continues, or returns, the snapshot it began. `streams` restricts what is read; `reader` is used as
    given (and left open) instead of opening the system's own.
    """
    snapshot_id, status, upload_id = _begin(database, system_id, run, clock)
    if status != "reading":
        return snapshot_id
    with ExitStack() as stack:
        try:
            opened = reader or stack.enter_context(readers.open_reader(database, system_id, keys, upload_id=upload_id))
        except (ValueError, SecretsError, UnknownKind, ConnectorError, Refused) as error:
            because: str | None = str(error)  # a setting or secret that nothing can be read with
        else:
            because = _read_all(_Reading(database, snapshot_id, opened, clock, on_page), system_id, streams, by)
    _end(database, snapshot_id, because, by, clock)
    return snapshot_id


def _begin(
    database: Database, system_id: int, run: str, clock: Callable[[], datetime]
) -> tuple[int, str, uuid.UUID | None]:
    with database.transaction() as session:
        system = queries.system(session, system_id)
        upload = queries.latest_upload(session, system_id) if system.kind == "roster" else None
        snapshot = snapshots.begin(session, system, run=run, upload_id=upload.id if upload else None, at=clock())
        return snapshot.id, snapshot.status, snapshot.upload_id


def _read_all(reading: _Reading, system_id: int, streams: Sequence[Stream] | None, by: Actor) -> str | None:
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
    for stream in streams or [each for each in Stream if each in coverage.streams]:
        covered = coverage.streams.get(stream) or StreamCoverage(False, missing="this system does not tell")
        if stream in switched:
            covered = StreamCoverage(False, missing=switched[stream])
        _read(reading, stream, covered)
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


def _read(reading: _Reading, stream: Stream, covered: StreamCoverage) -> None:
    """Read one stream from where it stopped, and conclude it."""
    with reading.database.transaction() as session:
        if _begun(session, reading, stream).ended_at is not None:
            return
    if not covered.readable:
        missing = (covered.missing,) if covered.missing else ()
        told = f"it may not be read: {covered.missing}" if covered.missing else "it may not be read"
        _conclude(reading, stream, StreamReceipt(Verdict.NOT_COLLECTED, told, missing=missing))
        return
    error: ConnectorError | None = None
    for chance in (1, 2):
        error = _pull(reading, stream)
        if not (isinstance(error, Misread) and error.restart and chance == 1):
            break
        with reading.database.transaction() as session:  # its place is gone: once more from page one
            session.execute(delete(SpoolRow).where(*_mine(reading, stream)))
    with reading.database.reading() as session:
        ended = _place(session, reading, stream)[2]
        kept = session.scalars(select(SpoolRow.receipt).where(*_mine(reading, stream)).order_by(SpoolRow.number))
        pages = [packing.receipt_in(each) for each in kept]
    _conclude(reading, stream, absence.conclude(pages, ended=ended, error=error), _server_time(pages))


def _pull(reading: _Reading, stream: Stream) -> ConnectorError | None:
    """Spool the pages that are not there yet. Returns what stopped the reading, if anything did."""
    with reading.database.reading() as session:
        number, resume, ended, rows = _place(session, reading, stream)
    if ended:
        return None
    try:
        for page in reading.reader.pull(stream, resume):
            number += 1
            rows += len(page.records)
            _spool(reading, page, number)
            if reading.on_page is not None:
                reading.on_page(str(stream), number, rows)
    except ConnectorError as error:
        return error
    return None


def _spool(reading: _Reading, page: Page, number: int) -> None:
    packed, digest = packing.pack(page.records)
    receipt = packing.receipt_out(page.receipt) | {"rows_digest": digest, "records": len(page.records)}
    row = SpoolRow(
        snapshot_id=reading.snapshot_id, stream=str(page.stream), number=number, records=packed, receipt=receipt,
        resume=page.resume,
    )  # fmt: skip
    with reading.database.transaction() as session:
        session.add(row)


def _place(session: Session, reading: _Reading, stream: Stream) -> tuple[int, str | None, bool, int]:
    """The number and `resume` of the last page spooled, whether it was the stream's last, and the rows so far."""
    rows = sum(
        receipt["records"] for receipt in session.scalars(select(SpoolRow.receipt).where(*_mine(reading, stream)))
    )
    last = session.execute(
        select(SpoolRow.number, SpoolRow.resume)
        .where(*_mine(reading, stream))
        .order_by(SpoolRow.number.desc())
        .limit(1)
    ).first()
    return (0, None, False, 0) if last is None else (last.number, last.resume, last.resume is None, rows)


def _begun(session: Session, reading: _Reading, stream: Stream) -> StreamRow:
    row = session.get(StreamRow, (reading.snapshot_id, str(stream)))
    if row is None:
        row = StreamRow(
            snapshot_id=reading.snapshot_id, stream=str(stream), verdict=Verdict.INCOMPLETE, because="being read",
            rows=0, records=0, pages=0, calls=0, said=None, missing=[], dropped=[], asked=[], began_at=reading.clock(),
        )  # fmt: skip
        session.add(row)
        session.flush()
    return row


def _conclude(reading: _Reading, stream: Stream, receipt: StreamReceipt, server_at: datetime | None = None) -> None:
    with reading.database.transaction() as session:
        row = _begun(session, reading, stream)
        row.verdict, row.because = receipt.verdict, receipt.because
        row.rows, row.pages, row.calls, row.said = receipt.rows, receipt.pages, receipt.calls, receipt.said
        row.missing, row.dropped, row.asked = list(receipt.missing), list(receipt.dropped), list(receipt.asked)
        row.records = _place(session, reading, stream)[3]
        row.server_at, row.ended_at = server_at, reading.clock()


def _server_time(pages: Sequence[PageReceipt]) -> datetime | None:
    return next((page.at for page in reversed(pages) if page.at is not None), None)


def _end(database: Database, snapshot_id: int, because: str | None, by: Actor, clock: Callable[[], datetime]) -> None:
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
    try:
        with database.transaction() as session:
            snapshots.seal(session, snapshot_id, by=by, at=clock())
    except Refused as refused:
        with database.transaction() as session:
            snapshots.fail(session, snapshot_id, str(refused), by=by, at=clock())


def _mine(reading: _Reading, stream: Stream) -> tuple[ColumnElement[bool], ...]:
    return (SpoolRow.snapshot_id == reading.snapshot_id, SpoolRow.stream == str(stream))
