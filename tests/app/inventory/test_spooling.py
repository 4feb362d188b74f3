"""Streams side by side: as honest, as resumable and as harmless as one after the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import ClassVar

import pytest

from app.inventory import queries, spooling
from app.inventory.tables import StreamRow
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from connectors.connector import Page, lines
from connectors.errors import Misread, Throttled, Unreachable
from connectors.records import AccountRecord, Stream
from tests import make
from tests.app.inventory.conftest import Connected, rows
from tests.app.inventory.test_sync import history, verdicts
from tests.fake_connector import Crash, FakeReader


class Meeting(FakeReader):
    """Each stream's first page waits until as many streams as there are lines have one to give."""

    def __init__(self, of: Connected, width: int) -> None:
        super().__init__(of.world)
        self.lines, self.seen = width, set[int]()
        self.barrier = threading.Barrier(width, timeout=20)
        self.streams = list(of.world.streams)

    def pull(self, stream: Stream, resume: str | None = None) -> Iterator[Page]:
        self.seen.add(threading.get_ident())
        for number, page in enumerate(super().pull(stream, resume)):
            if number == 0 and self.streams.index(stream) < self.lines:
                self.barrier.wait()
            yield page


def test_streams_are_read_side_by_side_and_give_what_one_by_one_gives(staffed: Connected) -> None:
    apart = history(staffed) if staffed.read() else []
    meeting = Meeting(staffed, 4)
    number = staffed.read(reader=meeting)
    assert len(meeting.seen) > 1
    assert staffed.snapshot(number).counts == {}
    assert set(verdicts(staffed, number).values()) == {"complete"}
    with staffed.database.reading() as session:
        first, second = (
            {row.stream: row.rows_digest for row in rows(session, StreamRow, snapshot_id=n)} for n in (1, 2)
        )
    assert first == second
    assert history(staffed)[:3] == apart[:3]


def test_a_reader_that_says_nothing_of_lines_is_used_by_one_thread(staffed: Connected) -> None:
    class Plain(FakeReader):
        threads: ClassVar[set[int]] = set()

        def pull(self, stream: Stream, resume: str | None = None) -> Iterator[Page]:
            self.threads.add(threading.get_ident())
            return super().pull(stream, resume)

    plain = Plain(staffed.world)
    del plain.lines
    assert lines(plain) == 1
    staffed.read(reader=plain)
    assert plain.threads == {threading.get_ident()}


def test_trouble_with_one_stream_does_not_touch_those_beside_it(staffed: Connected) -> None:
    staffed.world.lines = 4
    staffed.world.fault(Stream.ACCOUNTS, 0, Throttled("later")).fault(Stream.LOGINS, 0, Unreachable("reset"))
    staffed.world.fault(Stream.GRANTS, 1, Misread("the cursor expired", restart=True))
    staffed.world.denied[Stream.CHANGES] = "View Setup"
    told = verdicts(staffed, staffed.read())
    assert (told["accounts"], told["logins"], told["changes"]) == ("incomplete", "incomplete", "not_collected")
    # Grants were read again from page one, but rest on accounts that are not there: all are set aside.
    assert {told[name] for name in ("entitlements", "integrations", "settings")} == {"complete"}


def test_a_crash_in_one_thread_stops_the_others_and_the_run_goes_on_later(staffed: Connected) -> None:
    staffed.world.lines = 4
    whole = sum(max(1, -(-len(staffed.world.of(stream)) // 2)) for stream in staffed.world.streams)
    for stream, page in ((Stream.GRANTS, 1), (Stream.ACCOUNTS, 1), (Stream.ENTITLEMENTS, 0)):
        staffed.world.fault(stream, page, Crash())
    with pytest.raises(Crash):
        staffed.read(run="nightly")
    for _ in range(3):  # several may crash in one go
        with suppress(Crash):
            number = staffed.read(run="nightly")
    assert len(staffed.world.served) == len(set(staffed.world.served)) == whole
    assert set(verdicts(staffed, number).values()) == {"complete"}
    assert staffed.snapshot(number).status == "sealed"


def test_a_stream_that_was_stopped_for_anothers_crash_is_not_called_read(staffed: Connected) -> None:
    """The first page of accounts waits until grants have crashed."""
    staffed.world.lines = 2
    staffed.world.streams = (Stream.ACCOUNTS, Stream.GRANTS)
    crashed = threading.Event()

    class Waiting(FakeReader):
        def pull(self, stream: Stream, resume: str | None = None) -> Iterator[Page]:
            if stream is Stream.GRANTS:
                crashed.set()
                raise Crash
            for page in super().pull(stream, resume):
                crashed.wait(20)
                yield page

    with pytest.raises(Crash):
        staffed.read(run="nightly", reader=Waiting(staffed.world))
    with staffed.database.reading() as session:
        accounts = session.get_one(StreamRow, (1, "accounts"))
    assert (accounts.ended_at is None) or accounts.verdict == "complete"  # it may have been faster
    assert staffed.snapshot(staffed.read(run="nightly")).status == "sealed"


def test_a_receipt_says_when_how_often_and_how_far_apart_the_clocks_were(staffed: Connected) -> None:
    staffed.world.now = make.NOW + timedelta(days=1, seconds=-90)
    staffed.world.put(AccountRecord("ada", "ada@example.com", email="ada@example.com", active=True, title="Head"))
    number = staffed.read()
    with staffed.database.reading() as session:
        told = {row.stream: row for row in queries.receipts(session, number)}
        (entry,) = rows(session, EntryRow, kind=Kind.SNAPSHOT_SEALED)
    accounts = told["accounts"]
    assert (accounts.records, accounts.distinct, accounts.rows) == (4, 3, 4)
    assert (accounts.said, accounts.said_after, accounts.skew_seconds) == (4, 4, 90)
    (part,) = accounts.parts or []
    assert (part["part"], part["asked"], part["pages"], part["rows"]) == ("accounts", "GET /accounts?page=0", 2, 4)
    assert (part["said"], part["said_after"], part["ended"]) == (4, 4, True)
    assert part["first_at"] == part["last_at"] == staffed.world.now.isoformat()
    assert entry.body["streams"]["accounts"]["distinct"] == 3
    assert len(entry.body["streams"]["accounts"]["receipt_digest"]) == 64


def test_what_was_denied_leaves_a_receipt_without_a_clock(staffed: Connected) -> None:
    staffed.world.denied[Stream.CHANGES] = "View Setup"
    number = staffed.read()
    with staffed.database.reading() as session:
        row = session.get_one(StreamRow, (number, "changes"))
    assert (row.skew_seconds, row.server_at, row.parts, row.distinct, row.missing) == (
        None,
        None,
        [],
        0,
        ["View Setup"],
    )
    assert spooling.skew(make.NOW, None) is None
