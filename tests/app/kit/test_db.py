"""One way to talk to SQLite and to PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from app.kit.db import Database, room_to_join
from app.kit.engine.tables import JobRow, StepRow
from app.ledger.tables import PendingRow


def job(key: str) -> JobRow:
    return JobRow(key=key, owner=None, starts=14, attempt=1, wake=None)


def count(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(JobRow)) or 0


def test_a_transaction_that_ends_well_is_kept(database: Database) -> None:
    with database.transaction() as session:
        session.add(job("a"))
    assert count(database) == 1


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.transaction() as session:
            session.add(job("a"))
            session.flush()
            raise RuntimeError("planted")

    with pytest.raises(RuntimeError):
        fail()
    assert count(database) == 0


def test_what_is_written_while_reading_is_not_kept(database: Database) -> None:
    with database.reading() as session:
        session.add(job("a"))
        session.flush()
    assert count(database) == 0


def test_rows_stay_readable_after_the_session_closed(database: Database) -> None:
    with database.transaction() as session:
        made = job("a")
        session.add(made)
    assert made.key == "a"
    with database.reading() as session:
        read = session.scalars(select(JobRow)).one()
    assert read.starts == 14


def test_a_reader_inside_a_writers_thread_does_not_lock_itself_out(database: Database) -> None:
    with database.transaction() as session:
        session.add(job("a"))
        session.flush()
        assert count(database) == 0  # and it sees only what was committed


def test_frozen_sees_one_moment_from_beginning_to_end(database: Database) -> None:
    with database.frozen() as session:
        many = select(func.count()).select_from(JobRow)
        before = session.scalar(many)
        with database.transaction() as writer:
            writer.add(job("a"))
        assert session.scalar(many) == before == 0


def test_foreign_keys_are_enforced(database: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"), database.transaction() as session:
        session.add(PendingRow(entry_id=uuid.uuid4(), kind="x"))


def test_writers_that_meet_wait_for_each_other_and_lose_nothing(database: Database) -> None:
    with database.transaction() as session:
        session.add(job("a"))

    def bump(_: int) -> None:
        for _ in range(10):
            with database.transaction() as session:
                session.execute(text("UPDATE engine_jobs SET starts = starts + 1"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(bump, range(4)))
    with database.reading() as session:
        assert session.scalars(select(JobRow.starts)).one() == 14 + 40


def test_a_moment_comes_back_aware_and_in_utc(database: Database) -> None:
    in_berlin = datetime(2026, 7, 1, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    with database.transaction() as session:
        session.add(JobRow(key="a", owner=None, starts=0, attempt=1, wake=in_berlin))
        session.add(job("b"))
    with database.reading() as session:
        moments = {row.key: row.wake for row in session.scalars(select(JobRow))}
    assert moments == {"a": in_berlin, "b": None}
    assert moments["a"] is not None
    assert moments["a"].utcoffset() == timedelta(0)


def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="no time zone"), database.transaction() as session:
        session.add(JobRow(key="a", owner=None, starts=0, attempt=1, wake=datetime(2026, 7, 1)))


def test_json_comes_back_as_it_was(database: Database) -> None:
    given = {"list": [1, None, True], "text": "ü"}
    with database.transaction() as session:
        session.add(StepRow(key="a", name="b", number=1, gave=given))
    with database.reading() as session:
        assert session.scalars(select(StepRow.gave)).one() == given


def test_an_error_does_not_show_what_was_being_written(database: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)unique") as caught, database.transaction() as session:
        session.execute(insert(StepRow), [{"key": "a", "name": "b", "number": 1, "gave": "hunter2"}] * 2)
    assert "hunter2" not in str(caught.value)


def test_every_sqlite_connection_has_the_settings_that_durability_rests_on(make_database: Callable[[str], str]) -> None:
    database = Database(make_database("sqlite"))
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1}
    for engine in (database.writer, database.reader):
        with engine.connect() as connection:
            assert {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted} == wanted
    database.close()


def test_only_a_hasty_transaction_does_not_wait_for_the_disk(make_database: Callable[[str], str]) -> None:
    database = Database(make_database("sqlite"))
    for opened, waits in ((database.transaction, 2), (database.hasty, 1), (database.transaction, 2)):
        with opened() as session:
            assert session.scalar(text("PRAGMA synchronous")) == waits
    database.close()
    database = Database(make_database("postgresql"), pool_size=1)
    with database.transaction() as session:
        session.execute(text("SET synchronous_commit = on"))  # for the one connection there is, until it closes
    for opened, waiting in ((database.hasty, "off"), (database.transaction, "on")):
        with opened() as session:
            assert session.scalar(text("SHOW synchronous_commit")) == waiting
    database.close()


def test_what_was_written_in_haste_is_there_for_all(database: Database) -> None:
    with database.hasty() as session:
        session.add(job("a"))
    assert count(database) == 1


def test_postgresql_runs_read_committed_whatever_the_server_defaults_to(make_database: Callable[[str], str]) -> None:
    database = Database(make_database("postgresql"))
    with database.transaction() as session:
        assert session.scalar(text("SHOW transaction_isolation")) == "read committed"
    with database.frozen() as session:
        assert session.scalar(text("SHOW transaction_isolation")) == "repeatable read"
    database.close()


@pytest.mark.parametrize(("set_to", "then"), [("4MB", "64MB"), ("64kB", "64MB"), ("64MB", "64MB"), ("1GB", "1GB")])
def test_joins_have_room_until_the_transaction_ends_and_no_less_than_was_given(
    database: Database, set_to: str, then: str
) -> None:
    if database.sqlite:
        with database.transaction() as session:
            room_to_join(session)  # nothing there is called so
        return
    show, given = text("SHOW work_mem"), text(f"SET work_mem = '{set_to}'")
    with database.writer.connect() as connection, Session(connection) as session:
        try:
            session.execute(given)
            session.commit()
            room_to_join(session)
            assert session.scalar(show) == then
            session.rollback()
            assert session.scalar(show) == set_to
        finally:
            session.rollback()
            session.execute(text("RESET work_mem"))
            session.commit()
