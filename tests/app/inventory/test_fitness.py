"""What the doctor concludes from what a system says and what its last reading left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from app.inventory import fitness, queries
from app.kit.db import Database
from connectors.connector import Allowance, Coverage, StreamCoverage
from connectors.records import Stream
from tests import make


@dataclass(frozen=True)
class Told:
    stream: str
    calls: int = 10
    verdict: str = "complete"
    because: str = "fine"
    missing: tuple[str, ...] = ()


def examine(*last: Told, read: Any = None, streams: Any = None, **given: Any) -> fitness.Fitness:
    """`read`: when the credential ends as a reading told it."""
    of = streams or {Stream.ACCOUNTS: StreamCoverage(True)}
    return fitness.examine(Coverage("org", "Org", "me", of, **given), last, ends=read, at=make.NOW)


def test_each_stream_says_what_it_lacks_now_and_lacked_last_time() -> None:
    found = examine(
        Told("accounts", 7, "incomplete", missing=("Manage Users", "View Setup")),
        Told("changes", 1, missing=("what it lacked once",)),
        streams={
            Stream.CHANGES: StreamCoverage(False, "an Enterprise plan"),
            Stream.ACCOUNTS: StreamCoverage(True, "View Setup"),
        },
    )
    accounts, changes = found.streams
    assert (accounts.readable, accounts.missing, accounts.calls) == (True, ("View Setup", "Manage Users"), 7)
    assert (changes.readable, changes.missing, changes.calls) == (False, ("an Enterprise plan",), 1)
    assert examine().streams[0].verdict is None


def test_a_reading_is_held_against_what_the_system_allows() -> None:
    found = examine(Told("accounts", 30), Told("grants", 20), allowance=Allowance(10, 1000, "day"))
    assert (found.calls, found.used, found.allowed, found.share, found.doubts) == (50, 10, 1000, 5.0, ())
    assert examine(Told("accounts", 30)).share is None  # it does not tell an allowance
    assert examine(allowance=Allowance(10, 1000, "day")).share is None  # never read: nobody knows what it takes


@pytest.mark.parametrize(
    ("given", "calls", "doubt"),
    [
        ({"allowance": Allowance(960, 1000, "day")}, 50, "only 40 are left"),
        ({"allowance": Allowance(950, 1000, "day")}, 50, None),
        ({"allowance": Allowance(0, 1000, "day")}, 201, "20.1 % of all calls"),
        ({"allowance": Allowance(0, 1000, "day")}, 200, None),
        ({"server_at": make.NOW - timedelta(seconds=121)}, 1, "121 seconds ahead of"),
        ({"server_at": make.NOW + timedelta(seconds=121)}, 1, "121 seconds behind"),
        ({"server_at": make.NOW - timedelta(seconds=120)}, 1, None),
        ({"ends": make.NOW + timedelta(days=29)}, 1, "ends on"),
        ({"ends": make.NOW - timedelta(days=1)}, 1, "ended on"),
        ({"ends": make.NOW + timedelta(days=31)}, 1, None),
    ],
)
def test_what_deserves_a_doubt_is_said(given: dict[str, Any], calls: int, doubt: str | None) -> None:
    found = examine(Told("accounts", calls), **given)
    if doubt is None:
        assert found.doubts == ()
    else:
        (said,) = found.doubts
        assert doubt in said


def test_where_the_check_does_not_say_when_the_credential_ends_a_reading_may(database: Database) -> None:
    soon, later = make.NOW + timedelta(days=5), make.NOW + timedelta(days=50)
    with database.transaction() as session:
        system = make.system(session)
        me, other = make.account(session, system, key="me"), make.account(session, system, key="other")
        make.credential(session, system, account_id=me.id, expires=later)
        make.credential(session, system, account_id=me.id, expires=make.NOW, active=False)
        make.credential(session, system, account_id=me.id, expires=make.NOW, ended=make.NOW)
        make.credential(session, system, account_id=me.id)
        make.credential(session, system, account_id=other.id, expires=soon)
        assert queries.ends_of(session, system.id, "me") == later
        assert queries.ends_of(session, system.id, None) is None
        assert queries.username_of(session, system.id, "me") == me.username
    assert examine(read=soon).ends == soon
    assert examine(read=soon, ends=later).ends == later  # the system itself knows better
