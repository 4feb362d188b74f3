"""What is staged while a system is read for the first time leads where staging it at sealing leads, or is left alone."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Column, String, event, func, select, text

from app.inventory import early, snapshots, sync
from app.inventory.early import Early, Staged
from app.inventory.merges import grants, logs, sealing
from app.inventory.tables import AccountRow, SnapshotRow, SpoolRow
from app.kit import bulk
from app.kit.beside import Beside
from app.kit.db import Database
from connectors.connector import Page
from connectors.errors import Misread, Unreachable
from connectors.records import AccountRecord, EntitlementRecord, GrantRecord, LoginRecord, Stream
from tests import make
from tests.app.inventory.conftest import Connected
from tests.app.inventory.test_beside import ODD, kept, twin
from tests.fake_connector import Crash, FakeReader


@pytest.fixture
def crowd(crm: Connected) -> Connected:
    """Thirty accounts with grants and sign-ins of all sorts, and nothing that would not fit."""
    for number in range(30):
        odd, key = ODD[number % len(ODD)], f"account {number}"
        at = make.NOW - timedelta(days=number, microseconds=number)
        last = None if number % 3 else at - timedelta(hours=5 - number)  # before or after the sign-ins that we are told
        crm.world.put(
            AccountRecord(key, f"{number}@example.com", name=odd, active=True, last_login=last, native={"Said": odd}),
            EntitlementRecord(f"set {number}", "set", odd or "none", privileges=()),
            GrantRecord(key, f"set {number}", key=odd or None, until=at if number % 2 else None, effective=None),
            GrantRecord(key, "set 0", source=f"team:{odd}"[:100], effective=number % 2 == 0),
            LoginRecord(f"{number} {odd}"[:200], None if number == 3 else key, at, None if number == 4 else number % 2 == 0,
                        odd or None, None),
            LoginRecord(f"{number} before", key, at - timedelta(days=1), number % 5 != 0, None, odd),
        )  # fmt: skip
    return crm


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int | None]]:
    """How much of each stream was taken as it had been staged; None: it was staged anew."""
    found, insert_early = list[tuple[str, int | None]](), sealing.insert_early

    def spied(of: sealing.Sealing, stream: Stream, *given: Any) -> int | None:
        found.append((str(stream), insert_early(of, stream, *given)))
        return found[-1][1]

    for merge in (grants, logs):
        monkeypatch.setattr(merge, "insert_early", spied)
    return found


def use(crm: Connected) -> dict[str, tuple[Any, ...]]:
    """Each account's use, whether a rule is to ask about it again, and what the snapshot counted."""
    with crm.database.reading() as session:
        columns = (AccountRow.key, AccountRow.first_login, AccountRow.last_login, AccountRow.touched)
        found = session.execute(select(*columns).where(AccountRow.system_id == crm.system_id))
        counts = session.scalars(
            select(SnapshotRow.counts).where(SnapshotRow.system_id == crm.system_id).order_by(SnapshotRow.id.desc())
        )
        return {key: tuple(values) for key, *values in found} | {"counts": (counts.first(),)}


def both(crm: Connected, monkeypatch: pytest.MonkeyPatch, read: Callable[[Connected], Any]) -> Connected:
    """The same read by two systems, by the second one with staging ahead, and found alike. Returns that one."""
    read(crm)
    without, used = kept(crm), use(crm)
    crm.world.served.clear()
    monkeypatch.setattr(early, "LARGE", 1)
    other = replace(crm, system_id=twin(crm))
    read(other)
    assert kept(other) == without
    assert use(other) == used
    return other


def test_what_was_staged_while_reading_is_what_would_have_been_staged(
    crowd: Connected, taken: list[tuple[str, int | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = both(crowd, monkeypatch, lambda crm: crm.read(run=f"first {crm.system_id}"))
    assert taken == [("grants", None), ("logins", None), ("grants", 60), ("logins", 60)]
    assert len(kept(other)["grants"]) == len(kept(other)["logins"]) == 60


def test_the_next_reading_is_compared_with_it(
    crowd: Connected, taken: list[tuple[str, int | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(early, "LARGE", 1)
    crowd.read(run="first")
    crowd.world.put(LoginRecord("new", "account 1", make.NOW, True, None, None))
    number = crowd.read(run="second")
    assert [many for _, many in taken] == [60, 60, None, None]
    with crowd.database.reading() as session:
        counts = session.get_one(SnapshotRow, number).counts
        pages = session.scalars(select(SpoolRow.stream).distinct()).all()
    assert counts == {"logins": {"began": 1}}
    assert sorted(pages) == ["grants", "logins"]


def test_sign_ins_are_used_where_accounts_are_too_few_to_be_staged_ahead(
    crowd: Connected, taken: list[tuple[str, int | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(early._KINDS, Stream.ACCOUNTS)
    both(crowd, monkeypatch, lambda crm: crm.read(run=f"first {crm.system_id}"))
    assert taken[3] == ("logins", 60)


def test_accounts_that_came_twice_are_told_by_the_parts_they_came_in(
    crowd: Connected, taken: list[tuple[str, int | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd.world.put(AccountRecord("account 3", "another@example.com", active=False))
    other = both(crowd, monkeypatch, lambda crm: crm.read(run=f"first {crm.system_id}"))
    assert "1 accounts came twice" in str(kept(other)["streams"])
    assert taken[2:] == [("grants", 60), ("logins", 60)]


def test_an_account_that_came_twice_is_told_by_its_own_part(
    crowd: Connected, taken: list[tuple[str, int | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three parts the CRM counted the second alone: what came twice there stands for somebody who is lacking."""
    page = FakeReader._page

    def parted(self: FakeReader, stream: Stream, records: list[Any], number: int, *, last: bool) -> Page:
        made = page(self, stream, records, number, last=last)
        if stream != Stream.ACCOUNTS:
            return made
        part, many = ("one", "two")[number] if number < 2 else "three", made.receipt.rows if number == 1 else None
        return replace(
            made, receipt=replace(made.receipt, part=part, said=many, said_after=many, last=last or number < 2)
        )

    monkeypatch.setattr(FakeReader, "_page", parted)
    crowd.world.page_size = 2
    crowd.world.put(AccountRecord("account 3", "another@example.com", active=False))
    crowd.world.records[Stream.ACCOUNTS].append(AccountRecord("account 3", "another@example.com", active=False))
    other = both(crowd, monkeypatch, lambda crm: crm.read(run=f"first {crm.system_id}"))
    assert "rows came twice (1 in two)" in str(kept(other)["streams"])
    assert taken[3] == ("logins", 60)


def test_pages_are_prepared_by_the_process_beside_where_the_database_is_another_too(
    crowd: Connected, taken: list[tuple[str, int | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, each = list[tuple[str, str]](), Beside.each

    def spied(self: Beside, function: Any, every: Any, *known: object, **how: Any) -> Iterator[Any]:
        assert self._able
        asked.append((threading.current_thread().name, str(function.args[0])))
        return each(self, function, every, *known, **how)

    monkeypatch.setattr(Beside, "each", spied)
    monkeypatch.setattr(sync, "Beside", lambda: Beside(able=True))
    crowd.world.put(LoginRecord("nobody's", None, make.NOW, True, None, None))
    both(crowd, monkeypatch, lambda crm: crm.read(run=f"first {crm.system_id}"))
    assert taken[2:] == [("grants", 60), ("logins", 61)]
    streams = {("staging", str(stream)) for stream in (Stream.ACCOUNTS, Stream.GRANTS, Stream.LOGINS)}
    assert set(asked) == (set() if crowd.database.sqlite else streams)


def test_the_use_that_sign_ins_tell_of_is_worked_out_as_soon_as_the_last_of_them_is_there(
    crowd: Connected, taken: list[tuple[str, int | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While others are still being read, and once: it takes as long as a few calls."""
    told, of = list[bool](), early._use

    def spied(*given: Any) -> Any:
        told.append(began[0]._over.is_set())
        return of(*given)

    began, came, until = list[Early](), Early.came, time.monotonic() + 10

    def waiting(self: Early, stream: str, rows: int) -> None:
        began[:] = [self]
        came(self, stream, rows)
        if stream == Stream.GRANTS and self._thread is not None:  # the last page of sign-ins was there before
            while not told and time.monotonic() < until:
                time.sleep(0.01)

    monkeypatch.setattr(early, "_use", spied)
    monkeypatch.setattr(Early, "came", waiting)
    monkeypatch.setattr(early, "LARGE", 1)
    crowd.read(run="first", streams=[Stream.ACCOUNTS, Stream.ENTITLEMENTS, Stream.LOGINS, Stream.GRANTS])
    assert told == [False]
    assert taken == [("grants", 60), ("logins", 60)]


@pytest.mark.parametrize(
    ("odd", "left"),
    [
        (GrantRecord("nobody", "set 1"), "grants"),
        (GrantRecord("account 1", "no such set"), "grants"),
        (GrantRecord("account 2", "set 2", key="once more"), "grants"),
        (GrantRecord("account 2" + "x" * 300, "set 2"), "grants"),
        (LoginRecord("5 before", "account 5", make.NOW, True, None, None), "logins"),
        (LoginRecord("of a stranger", "stranger", make.NOW, True, None, None), None),
    ],
)
def test_what_does_not_fit_is_told_as_ever(
    crowd: Connected,
    taken: list[tuple[str, int | None]],
    monkeypatch: pytest.MonkeyPatch,
    odd: GrantRecord | LoginRecord,
    left: str | None,
) -> None:
    crowd.world.put(odd)
    if len(getattr(odd, "account_key", None) or "") > 300:  # longer than what we keep, and cut
        crowd.world.put(AccountRecord(odd.account_key or "", "long@example.com", active=True))
    other = both(crowd, monkeypatch, lambda crm: crm.read(run=f"first {crm.system_id}"))
    assert [stream for stream, many in taken[2:] if many is None] == ([left] if left else [])
    with other.database.reading() as session:
        pages = session.scalars(select(SpoolRow.stream).where(SpoolRow.snapshot_id == 2).distinct()).all()
    lasting = {"grants", "logins"} - {left} - ({"logins"} if left is None else set())
    assert set(pages) == lasting  # whose pages the next reading may be compared with


def test_a_stream_that_was_begun_again_is_not_taken_from_its_first_pages(
    crowd: Connected, taken: list[tuple[str, int | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three of its pages were staged when its cursor was lost; afterwards those held other grants, as good."""
    came, listed = Early.came, crowd.world.of(Stream.GRANTS)
    anew = [*(GrantRecord(f"account {number}", "set 29") for number in range(6)), *listed[6:]]

    def waiting(self: Early, stream: str, rows: int) -> None:
        came(self, stream, rows)
        if (stream, rows) == ("grants", 6) and self._thread is not None:
            until = time.monotonic() + 10
            while self._staged.get(Stream.GRANTS, Staged(None)).last < 3 and time.monotonic() < until:  # type: ignore[arg-type]
                time.sleep(0.01)
            assert self._staged[Stream.GRANTS].last == 3
            crowd.world.records[Stream.GRANTS] = list(anew)

    def read(crm: Connected, grants: list[Any]) -> None:
        crm.world.records[Stream.GRANTS] = list(grants)
        crm.world.fault(Stream.GRANTS, 3, Misread("the cursor is gone", restart=True))
        crm.read(run=f"first {crm.system_id}")

    monkeypatch.setattr(Early, "came", waiting)
    read(crowd, anew)
    without = kept(crowd)
    monkeypatch.setattr(early, "LARGE", 1)
    other = replace(crowd, system_id=twin(crowd))
    read(other, listed)
    now = kept(other)
    assert {name: now[name] for name in ("accounts", "grants", "logins")} == {
        name: without[name] for name in ("accounts", "grants", "logins")
    }
    assert taken[2:] == [("grants", None), ("logins", 60)]


def test_sign_ins_whose_last_page_never_came_tell_of_use_as_well(
    crowd: Connected, taken: list[tuple[str, int | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(crm: Connected) -> None:
        crm.world.fault(Stream.LOGINS, 20, Unreachable("no answer"))
        crm.read(run=f"first {crm.system_id}")

    both(crowd, monkeypatch, read)
    assert taken[3] == ("logins", 40)


def test_a_reading_that_died_is_gone_on_with_and_staged_whole(
    crowd: Connected, taken: list[tuple[str, int | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(crm: Connected) -> None:
        crm.world.fault(Stream.GRANTS, 5, Crash())
        with pytest.raises(Crash):
            crm.read(run=f"first {crm.system_id}")
        crm.read(run=f"first {crm.system_id}")

    both(crowd, monkeypatch, read)
    assert ("grants", 60) in taken


def test_what_cannot_be_staged_ahead_costs_time_and_says_nobodys_name(
    crowd: Connected,
    taken: list[tuple[str, int | None]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    unpack = early.packing.unpack

    def failing(packed: bytes, **given: Any) -> Any:
        if threading.current_thread().name == "staging":
            raise ValueError("account 7")
        return unpack(packed, **given)

    monkeypatch.setattr(early.packing, "unpack", failing)
    with caplog.at_level(logging.DEBUG):
        both(crowd, monkeypatch, lambda crm: crm.read(run=f"first {crm.system_id}"))
    assert [many for _, many in taken] == [None] * 4
    assert "staged ahead (ValueError)" in caplog.text
    assert "account 7" not in caplog.text


def test_what_was_staged_is_left_alone_where_the_use_that_it_tells_of_could_not_be_worked_out(
    crowd: Connected, taken: list[tuple[str, int | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any) -> Any:
        raise ValueError("no room")

    monkeypatch.setattr(early, "_use", failing)
    both(crowd, monkeypatch, lambda crm: crm.read(run=f"first {crm.system_id}"))
    assert [many for _, many in taken] == [None] * 4


def test_nothing_of_it_is_left_and_a_small_reading_has_no_part_in_it(
    crowd: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = list[Early]()
    follow = Early._follow
    monkeypatch.setattr(Early, "_follow", lambda self: (began.append(self), follow(self)))
    crowd.read(run="first")
    assert began == []
    monkeypatch.setattr(early, "LARGE", 1)
    other = replace(crowd, system_id=twin(crowd))
    other.read(run="second")
    assert len(began) == 1
    assert began[0].connection is not None
    assert began[0].connection.closed
    assert not [each for each in threading.enumerate() if each.name == "staging"]
    other.read(run="third")  # was read before
    assert len(began) == 1


def test_a_connection_of_ones_own_keeps_no_writer_waiting_until_it_writes(database: Database) -> None:
    """What it stages lasts from transaction to transaction, and no longer than itself."""
    begun = list[str]()

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        if statement.startswith("BEGIN"):
            begun.append(statement)

    event.listen(database.writer, "before_cursor_execute", note)
    with database.own() as connection:
        alone = connection.connection.dbapi_connection
        with database.staging(connection) as session:
            staged = bulk.stage(session, "early_things", [Column("name", String)], lasting=True)
            bulk.fill(session, staged, [["a"], ["b"]])
            with database.transaction() as other:  # which SQLite would refuse beside a writer
                other.execute(text("UPDATE systems SET version = version"))
        with database.transaction(on=connection) as session:
            assert session.scalar(select(func.count()).select_from(staged)) == 2
            bulk.fill(session, staged, [["c"]])
    event.remove(database.writer, "before_cursor_execute", note)
    assert begun == (["BEGIN", "BEGIN IMMEDIATE", "BEGIN IMMEDIATE"] if database.sqlite else [])
    with pytest.raises((sqlite3.Error, psycopg.Error), match="closed"):  # and with it the tables
        alone.cursor().execute("SELECT 1")


def test_postgresql_does_not_take_what_was_just_written_for_empty(
    crowd: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it sought through all accounts for each grant: for a million, hours instead of seconds."""
    if crowd.database.sqlite:
        return
    seen, written = list[str](), bulk.written

    def spied(session: Any, statement: Any) -> int:
        if str(statement).startswith(("INSERT INTO grants", "INSERT INTO logins")):
            seen.append(session.scalar(text("SHOW enable_nestloop")))
        return written(session, statement)

    monkeypatch.setattr(bulk, "written", spied)
    monkeypatch.setattr(early, "LARGE", 1)
    derive = snapshots.privileges.derive
    monkeypatch.setattr(
        snapshots.privileges,
        "derive",
        lambda of: (seen.append(of.session.scalar(text("SHOW enable_nestloop"))), derive(of)),
    )
    crowd.read(run="first")
    assert seen == ["off", "off", "on"]
