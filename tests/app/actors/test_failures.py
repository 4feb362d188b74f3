"""Failed tries to get in."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.actors import failures, policy
from app.actors.tables import FailedEntryRow
from app.kit.db import Database

KEY = b"k" * 32
HERE, THERE = failures.source(KEY, "api", "192.0.2.1"), failures.source(KEY, "api", "192.0.2.2")


def _waits(database: Database, at: datetime, source: bytes = HERE, subject: str | None = None) -> int | None:
    with database.reading() as session:
        refusal = failures.why_not_try(session, source, subject, limit=3, at=at)
    if refusal is None:
        return None
    assert refusal.headers == {"Retry-After": str(refusal.facts["retry_after"])}
    return int(refusal.headers["Retry-After"])


def _fail(database: Database, at: datetime, *presented: str, source: bytes = HERE, subject: str | None = None) -> None:
    for each in presented:
        with database.transaction() as session:
            failures.note(session, source, each, subject, at=at)


def test_who_presents_too_many_wrong_things_waits_until_the_first_is_long_enough_ago(
    database: Database, at: datetime
) -> None:
    _fail(database, at, "a")
    _fail(database, at + timedelta(minutes=5), "b")
    assert _waits(database, at + timedelta(minutes=5)) is None
    _fail(database, at + timedelta(minutes=6), "c")
    assert _waits(database, at + timedelta(minutes=6)) == 9 * 60
    assert _waits(database, at + timedelta(minutes=14, seconds=59)) == 1
    assert _waits(database, at + timedelta(minutes=15)) is None


def test_others_do_not_wait_with_them(database: Database, at: datetime) -> None:
    _fail(database, at, "a", "b", "c")
    assert _waits(database, at, THERE) is None


def test_the_same_old_thing_over_and_over_is_no_guessing(database: Database, at: datetime) -> None:
    for minute in range(10):
        _fail(database, at + timedelta(minutes=minute), "old token")
    assert _waits(database, at + timedelta(minutes=10)) is None
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(FailedEntryRow)) == 1


def test_guesses_at_one_secret_from_many_places_are_counted_together(database: Database, at: datetime) -> None:
    for n in range(3):
        _fail(database, at, f"guess {n}", source=failures.source(KEY, "api", f"192.0.2.{n}"), subject="link:1")
    assert _waits(database, at, THERE, "link:1") == 15 * 60
    assert _waits(database, at, THERE, "link:2") is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("testclient", "testclient", True),
        (None, "192.0.2.1", False),
    ],
)
def test_a_source_is_an_address_or_a_network_of_the_newer_kind(one: str, other: str, same: bool) -> None:
    assert (failures.source(KEY, "api", one) == failures.source(KEY, "api", other)) == same
    assert failures.source(KEY, "api", one) != failures.source(KEY, "console", one)
    assert failures.source(KEY, "api", one) != failures.source(b"x" * 32, "api", one)


def test_no_address_is_kept(database: Database, at: datetime) -> None:
    _fail(database, at, "secret")
    with database.reading() as session:
        row = session.scalars(select(FailedEntryRow)).one()
    assert b"192" not in row.source
    assert b"secret" not in row.presented
    with database.transaction() as session:
        failures.forget(session, before=at + timedelta(seconds=1))
        assert session.scalars(select(FailedEntryRow)).all() == []


@pytest.mark.parametrize(
    ("seconds", "told"), [(1, "a minute"), (60, "a minute"), (61, "2 minutes"), (889, "15 minutes")]
)
def test_who_has_to_wait_is_told_no_less_than_that(seconds: int, told: str) -> None:
    refusal = policy.too_many_tries(seconds)
    assert f"Wait {told}, then try once more." in refusal.way_out
