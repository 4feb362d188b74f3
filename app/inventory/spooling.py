"""Reads streams, page by page, into the spool: side by side where the reader can, each stream in a thread of its own.

Nothing is read inside a transaction. Each page is spooled in a small one of its own, so that the same run, started again
after a crash, goes on behind the last page and asks for nothing twice but the pages that were in flight. One stream's
trouble never stops the others, and every stream ends with a verdict.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.orm import Session

from app.inventory import absence, doubts, packing
from app.inventory.tables import SpoolRow, StreamRow
from app.kit.db import Database
from connectors.connector import Page, Reader, StreamCoverage, asks_about, lines
from connectors.errors import ConnectorError, Misread
from connectors.receipt import PageReceipt, StreamReceipt, Verdict
from connectors.records import Stream

OnPage = Callable[[str, int, int], None]  # stream, number of the page (from 1), rows of the stream so far


@dataclass(frozen=True, slots=True)
class Reading:
    """What the streams of one run share."""

    database: Database
    snapshot_id: int
    reader: Reader
    clock: Callable[[], datetime]
    on_page: OnPage | None
    at_once: int = 1
    told: threading.Lock = field(default_factory=threading.Lock)  # pages are stored, and told of, one at a time
    over: threading.Event = field(default_factory=threading.Event)  # something broke: no further page is asked for


def read(reading: Reading, covered: Mapping[Stream, StreamCoverage]) -> None:
    """Read these streams to their end, or to what stops them, and conclude each.

    What no connector may raise ends the whole run: the other streams stop behind the page in flight, and the same run may
    go on later.
    """
    _begin_again_after_another_release(reading)
    width = min(reading.at_once, lines(reading.reader), len(covered))
    if width <= 1:
        for stream, each in covered.items():
            _read(reading, stream, each)
        return
    with ThreadPoolExecutor(width, thread_name_prefix="reading") as pool:
        going = [pool.submit(_read, reading, stream, each) for stream, each in covered.items()]
        done, waiting = wait(going, return_when=FIRST_EXCEPTION)
        if any(one.exception() is not None for one in done):
            reading.over.set()
            for one in waiting:
                one.cancel()
    for one in going:
        if not one.cancelled():
            one.result()


def _begin_again_after_another_release(reading: Reading) -> None:
    """Let go of what another release has read in this run: its pages may mean something else to us."""
    mine = SpoolRow.snapshot_id == reading.snapshot_id
    with reading.database.transaction() as session:
        foreign = select(SpoolRow.number).where(mine, SpoolRow.form.is_distinct_from(packing.FORM))
        if session.scalar(foreign.limit(1)) is not None:
            session.execute(delete(SpoolRow).where(mine))
            session.execute(delete(StreamRow).where(StreamRow.snapshot_id == reading.snapshot_id))


def _read(reading: Reading, stream: Stream, covered: StreamCoverage) -> None:
    """Read one stream from where it stopped, and conclude it."""
    with reading.database.hasty() as session:  # what a power cut took of it is begun again
        if _begun(session, reading, stream).ended_at is not None:
            return
        place = _place(session, reading, stream)
    if not covered.readable:
        missing = (covered.missing,) if covered.missing else ()
        told = f"it may not be read: {covered.missing}" if covered.missing else "it may not be read"
        with reading.database.transaction() as session:
            receipt = StreamReceipt(Verdict.NOT_COLLECTED, told, missing=missing)
            _conclude(session, reading, stream, receipt, _Place())
        return
    error: ConnectorError | None = None
    for chance in (1, 2):
        error = _pull(reading, stream, place) or _doubt(reading, stream)
        if not (isinstance(error, Misread) and error.restart and chance == 1):
            break
        with reading.database.transaction() as session:  # its place is gone: once more from page one
            session.execute(delete(SpoolRow).where(*_mine(reading, stream)))
        place = _Place()
    if reading.over.is_set():
        return
    with reading.database.transaction() as session:
        place = _place(session, reading, stream)
        receipt = absence.conclude(place.pages, ended=place.ended, error=error)
        _conclude(session, reading, stream, receipt, place)


def _pull(reading: Reading, stream: Stream, place: _Place) -> ConnectorError | None:
    """Spool the pages that are not there yet. Returns what stopped the reading, if anything did."""
    if place.ended:
        return None
    number, rows = place.number, place.rows
    try:
        for page in reading.reader.pull(stream, place.resume):
            number += 1
            rows += page.many
            _spool(reading, page, number, rows)
            if reading.over.is_set():
                return None
    except ConnectorError as error:
        return error
    return None


def _doubt(reading: Reading, stream: Stream) -> ConnectorError | None:
    """Ask about what a list that nobody counted does not name any more. Returns why the list is not to be believed."""
    if reading.over.is_set() or asks_about(reading.reader, stream) is None:
        return None
    with reading.database.reading() as session:
        place = _place(session, reading, stream)
        if not place.ended or place.part == doubts.PART:
            return None
        targets = doubts.vanished(session, reading.snapshot_id, stream)
    try:
        page = doubts.ask(reading.reader, stream, targets)
    except ConnectorError as error:
        return error
    if page is not None:
        _spool(reading, page, place.number + 1, place.rows)
    return None


def _spool(reading: Reading, page: Page, number: int, rows: int) -> None:
    packed = page.packed or packing.packed(page.records)
    seen = {"rows_digest": packed.digest, "records": packed.many, "skew": skew(reading.clock(), page.receipt.at)}
    row = {
        "snapshot_id": reading.snapshot_id, "stream": str(page.stream), "number": number, "records": packed.data,
        "receipt": packing.receipt_out(page.receipt) | seen, "resume": page.resume,
        "form": packing.FORM, "oldest": packed.oldest,
    }  # fmt: skip
    with reading.told:
        with reading.database.hasty() as session:  # a page that a power cut took is asked for again
            session.execute(insert(SpoolRow.__table__), [row])  # type: ignore[arg-type]
        if reading.on_page is not None:
            reading.on_page(str(page.stream), number, rows)


def skew(ours: datetime, theirs: datetime | None) -> int | None:
    """By how many seconds our clock is ahead of the server's; None when it did not tell the time."""
    return None if theirs is None else round((ours - theirs).total_seconds())


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a stream's spool stands: the last page's number and `resume`, whether it was the last, and the rows so far."""

    number: int = 0
    resume: str | None = None
    ended: bool = False
    rows: int = 0
    skew: int | None = None
    server_at: datetime | None = None
    part: str | None = None  # which the last page belongs to
    pages: Sequence[PageReceipt] = ()


def _place(session: Session, reading: Reading, stream: Stream) -> _Place:
    pages = session.execute(
        select(SpoolRow.number, SpoolRow.resume, SpoolRow.receipt)
        .where(*_mine(reading, stream))
        .order_by(SpoolRow.number)
    ).all()
    if not pages:
        return _Place()
    number, resume, last = pages[-1]
    timed = [receipt for _, _, receipt in pages if receipt.get("at")]
    return _Place(
        number,
        resume,
        ended=resume is None,
        rows=sum(receipt["records"] for _, _, receipt in pages),
        skew=timed[-1].get("skew") if timed else None,
        server_at=packing.receipt_in(timed[-1]).at if timed else None,
        part=last["part"],
        pages=[packing.receipt_in(receipt) for _, _, receipt in pages],
    )


def _begun(session: Session, reading: Reading, stream: Stream) -> StreamRow:
    row = session.get(StreamRow, (reading.snapshot_id, str(stream)))
    if row is None:
        row = StreamRow(
            snapshot_id=reading.snapshot_id, stream=str(stream), verdict=Verdict.INCOMPLETE, because="being read",
            rows=0, records=0, pages=0, calls=0, said=None, missing=[], dropped=[], asked=[], parts=[],
            began_at=reading.clock(),
        )  # fmt: skip
        session.add(row)
        session.flush()
    return row


def _conclude(session: Session, reading: Reading, stream: Stream, receipt: StreamReceipt, place: _Place) -> None:
    row = _begun(session, reading, stream)
    row.verdict, row.because = receipt.verdict, receipt.because
    row.rows, row.pages, row.calls = receipt.rows, receipt.pages, receipt.calls
    row.said, row.said_after = receipt.said, receipt.said_after
    row.missing, row.dropped, row.asked = list(receipt.missing), list(receipt.dropped), list(receipt.asked)
    row.parts = packing.parts_out(receipt.parts)
    row.records, row.server_at, row.skew_seconds = place.rows, place.server_at, place.skew
    row.ended_at = reading.clock()


def _mine(reading: Reading, stream: Stream) -> Sequence[ColumnElement[bool]]:
    return (SpoolRow.snapshot_id == reading.snapshot_id, SpoolRow.stream == str(stream))
