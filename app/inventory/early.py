"""Stages what a first reading brings in great numbers while it is still being read, by the CRM's own keys.

Sealing waits for the whole reading, and grants and sign-ins for the ids of accounts, which sealing gives. Until then the
database has little to do. So once a stream has become large, a thread follows its pages in the spool and lays their rows
into temporary tables of a connection of its own, on which the reading is sealed afterwards. Only what goes into a system
that has nothing yet can be taken as it is; a later reading is compared with the one before it (`merges.differences`).

Nothing rests on it: sealing takes what was staged only where page by page it is what the spool holds, and else does
without. What goes wrong here costs time.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any

from sqlalchemy import Column, Connection, Integer, String, Table, func, insert, select
from sqlalchemy.orm import Session

from app.inventory import packing
from app.inventory.tables import AccountRow, GrantRow, LoginRow, SpoolRow
from app.kit import bulk
from app.kit.beside import Beside
from app.kit.db import Database
from connectors.records import Stream

_WHOSE = packing.FIELDS["LoginRecord"].index("account_key")
LOG = logging.getLogger(__name__)
LARGE = 50_000  # rows of a stream, from which on a thread and a connection are worth it
BATCH = 16  # pages staged in one transaction
AHEAD = 2  # pages that may wait for the process beside: those that are being read are wanted sooner
WAIT = 1.0  # seconds; it is woken when a page comes
_KINDS = {Stream.ACCOUNTS: "AccountRecord", Stream.GRANTS: "GrantRecord", Stream.LOGINS: "LoginRecord"}
_ROWS: Mapping[Stream, Table] = {
    Stream.ACCOUNTS: AccountRow.__table__,  # type: ignore[dict-item]
    Stream.GRANTS: GrantRow.__table__,  # type: ignore[dict-item]
    Stream.LOGINS: LoginRow.__table__,  # type: ignore[dict-item]
}
# What only sign-ins tell of an account. They are merged after it, but for a first reading's, which are known before.
USE = ("first_login", "touched")


@dataclass(slots=True)
class Staged:
    """Rows of one stream as the CRM names them, and the digest of each page that they are of."""

    table: Table
    rows: int = 0
    nameless: int = 0  # of sign-ins: that name no account
    pages: list[str] = field(default_factory=list)
    parts: dict[str, int] = field(default_factory=dict)  # in the order in which they begin, as sealing counts them
    last: int = 0  # number of the last page
    concluded: int = 0  # pages there were when `_conclude` saw them


class Early:
    """What is staged of one snapshot. To be used by one sealing, on `connection`, after `finish`."""

    def __init__(
        self, database: Database, snapshot_id: int, *, able: bool = True, beside: Beside | None = None
    ) -> None:
        """`able`: False for a system that was read before. `beside`: a process that may prepare rows."""
        self._database, self._snapshot_id, self._able, self._beside = database, snapshot_id, able, beside
        self._stack = ExitStack()
        self._thread: threading.Thread | None = None
        self._starting, self._more, self._over = threading.Lock(), threading.Event(), threading.Event()
        self._came: dict[Stream, int] = {}  # rows by now, of streams that are large
        self._looked: dict[Stream, int] = {}  # the same when there was nothing left to be staged of it
        self._staged: dict[Stream, Staged] = {}
        self.connection: Connection | None = None
        self.use: Table | None = None  # first and last sign-in that succeeded, of each account that sign-ins name

    def __enter__(self) -> Early:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._able = False
        self._end()
        self._stack.close()

    def came(self, stream: str, rows: int) -> None:
        """A page was spooled, and so many rows are there of its stream by now."""
        if not self._able or rows < LARGE or stream not in _KINDS:
            return
        with self._starting:
            self._came[Stream(stream)] = rows
            if self._thread is None:
                self._thread = threading.Thread(target=self._follow, name="staging")
                self._thread.start()
        self._more.set()

    def finish(self) -> None:
        """All pages are there: stage those that are still to be staged."""
        self._end()

    def fitting(self, pages: Mapping[Stream, Sequence[str]]) -> dict[Stream, Staged]:
        """What was staged, of the streams of which it is every page, in order, by the digests of their rows."""
        return {stream: each for stream, each in self._staged.items() if self._able and each.pages == pages.get(stream)}

    def _end(self) -> None:
        self._over.set()
        self._more.set()
        if self._thread is not None:
            self._thread.join()

    def _follow(self) -> None:
        try:
            self.connection = self._stack.enter_context(self._database.own())
            while self._able:
                over = self._over.is_set()  # asked before looking: what comes later sets `more`
                self._more.clear()
                with self._starting:
                    came = sorted(self._came.items())
                fresh = [stream for stream, rows in came if over or rows != self._looked.get(stream)]
                moved = [self._stage(self.connection, stream, over) for stream in fresh]
                if not any(moved):
                    if over:
                        break
                    self._more.wait(WAIT)
        except Exception as error:  # noqa: BLE001  (sealing does without, and hears of it there if it lasts)
            LOG.warning("what was read cannot be staged ahead (%s); sealing it takes longer", type(error).__name__)
            self._able, self.connection = False, None

    def _stage(self, connection: Connection, stream: Stream, over: bool) -> bool:
        """Stage the next pages. False: there are none. `over`: nothing is read any more."""
        came = self._came[stream]
        with self._database.staging(connection) as session:
            staged = self._staged.get(stream)
            if staged is None:
                staged = Staged(bulk.stage(session, f"early_{stream}", _columns(stream), lasting=True))
            pages = session.execute(
                select(SpoolRow.number, SpoolRow.records, SpoolRow.receipt, SpoolRow.resume)
                .where(
                    SpoolRow.snapshot_id == self._snapshot_id, SpoolRow.stream == stream, SpoolRow.number > staged.last
                )
                .order_by(SpoolRow.number)
                .limit(BATCH)
            ).all()
            found = [
                (staged.parts.setdefault(receipt["part"], len(staged.parts)), packed) for _, packed, receipt, _ in pages
            ]
            prepare = partial(_prepared, stream, bulk.shape(session, staged.table))
            # What SQLite takes are rows as they are unpacked: to send them costs as much as to make them here.
            beside = None if self._database.sqlite else self._beside
            prepared = beside.each(prepare, found, ahead=AHEAD) if beside else map(prepare, found)
            for (number, _, receipt, _), (rows, many, nameless) in zip(pages, prepared, strict=True):
                bulk.write(session, staged.table, rows)
                staged.rows += many
                staged.nameless += nameless
                staged.last = number
                staged.pages.append(receipt["rows_digest"])
            if pages[-1].resume is None if pages else over:  # that was its last page
                self._conclude(session, stream, staged)
        self._staged[stream] = staged
        if len(pages) < BATCH:
            self._looked[stream] = came
        return bool(pages)

    def _conclude(self, session: Session, stream: Stream, staged: Staged) -> None:
        """Work out the use that sign-ins tell of, and let the planner know how much there is."""
        if staged.concluded == len(staged.pages):
            return
        staged.concluded = len(staged.pages)
        if stream != Stream.ACCOUNTS:  # which sealing makes ready to be merged like any others
            bulk.analyze(session, staged.table)
        if stream == Stream.LOGINS:
            self.use = _use(session, staged.table)


def _prepared(stream: Stream, shape: bulk.Shape, page: tuple[int, bytes]) -> tuple[bulk.Rows, int, int]:
    """A page's rows, ready to be staged, how many they are, and of sign-ins how many name no account. Pure."""
    part, packed = page
    rows = packing.unpack(packed, times=False).get(_KINDS[stream], [])
    nameless = sum(row[_WHOSE] is None for row in rows) if stream == Stream.LOGINS else 0
    if stream == Stream.ACCOUNTS:
        rows = [[part, *row, *(None for _ in USE)] for row in rows]
    columns = list[bulk.Values](zip(*rows, strict=True))
    return bulk.shaped(columns, shape) if columns else bulk.Rows(), len(rows), nameless


def _columns(stream: Stream) -> list[Column[Any]]:
    """Accounts as sealing stages them; others with keys of any length: none is cut, and then taken for another."""
    names, table = packing.FIELDS[_KINDS[stream]], _ROWS[stream]
    if stream == Stream.ACCOUNTS:
        return [Column(bulk.PART, Integer), *(bulk.like(table.c[name]) for name in (*names, *USE))]
    return [Column(name, String) if name.endswith("_key") else bulk.like(table.c[name]) for name in names]


def _use(session: Session, logins: Table) -> Table:
    key = Column("account_key", String, primary_key=True)
    first, last = bulk.like(AccountRow.first_login, "first"), bulk.like(AccountRow.last_login, "last")
    use = bulk.stage(session, "early_use", [key, first, last], lasting=True)
    seen = (
        select(logins.c.account_key, func.min(logins.c.at), func.max(logins.c.at))
        .where(logins.c.succeeded.is_(True), logins.c.account_key.is_not(None))
        .group_by(logins.c.account_key)
    )
    session.connection().execute(insert(use).from_select(["account_key", "first", "last"], seen))
    bulk.analyze(session, use)
    return use
