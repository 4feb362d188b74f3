"""Reads of what we saw."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.inventory import queries
from app.kit.db import Database
from app.kit.refusal import Refused
from connectors.receipt import Verdict
from connectors.records import Stream
from tests import make

NOW = make.NOW
DAY = timedelta(days=1)


def test_every_stream_has_a_verdict_and_what_was_not_touched_was_not_collected(database: Database) -> None:
    with database.transaction() as session:
        snapshot = make.snapshot(session, make.system(session), streams={"accounts": "explained", "grants": "complete"})
        told = queries.stream_verdicts(session, snapshot.id)
        assert told[Stream.ACCOUNTS] is Verdict.EXPLAINED
        assert told[Stream.ENTITLEMENTS] is Verdict.NOT_COLLECTED
        assert set(told) == set(Stream)
        assert queries.trusted(session, snapshot.id) == {Stream.ACCOUNTS}


def test_the_latest_sealed_reading_is_the_one_that_began_last(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session)
        assert queries.latest_sealed(session, system.id) is None
        later = make.snapshot(session, system, at=NOW)
        make.snapshot(session, system, at=NOW - DAY)
        make.snapshot(session, system, at=NOW + DAY, status="failed")
        make.snapshot(session, make.system(session), at=NOW + DAY)
        found = queries.latest_sealed(session, system.id)
        assert found is not None
        assert found.id == later.id
        blind = make.snapshot(session, system, at=NOW + 2 * DAY, streams={"accounts": "incomplete"})
        newest, known = (
            queries.latest_sealed(session, system.id),
            queries.latest_trusted(session, system.id, Stream.ACCOUNTS),
        )
        assert newest is not None
        assert newest.id == blind.id
        assert known is not None
        assert known.id == later.id


def test_only_who_surely_can_administer_is_counted(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session)
        entitlement = make.entitlement(session, system)
        expected = []
        for active, frozen, ended, counted in [
            (True, False, None, True),
            (True, None, None, True),
            (None, False, None, False),
            (False, False, None, False),
            (True, True, None, False),
            (True, False, NOW, False),
        ]:
            row = make.account(session, system, active=active, frozen=frozen, ended=ended)
            make.privilege(session, row, entitlement, "administer")
            if counted:
                expected.append(row.id)
        make.account(session, system)
        session.flush()
        assert [row.id for row in queries.administrators(session, system.id)] == expected


def test_systems_are_found_by_name_or_number_and_the_removed_ones_are_not(database: Database) -> None:
    with database.transaction() as session:
        acme = make.system(session, name="Acme")
        gone = make.system(session, name="Gone", removed=NOW)
        assert [row.name for row in queries.systems(session)] == ["Acme"]
        assert queries.find_system(session, "Acme") is not None
        assert queries.find_system(session, str(acme.id)) is not None
        assert queries.find_system(session, "Gone") is None
        assert queries.find_system(session, str(gone.id)) is None
        with pytest.raises(Refused) as refused:
            queries.system(session, gone.id)
        assert refused.value.refusal.status == 404


def test_a_whole_name_means_somebody_if_only_one_has_it(database: Database) -> None:
    with database.transaction() as session:
        bo = make.identity(session, "Bo Berg", key="p7", emails=("bo@example.com",))
        make.identity(session, "Bo Berg", key="p8", erased=NOW)
        for written in ("bo berg ", "p7", "Bo@example.com"):
            assert queries.whom(session, written).id == bo.id
        make.identity(session, "Bo Berg", key="p9", department="Sales")
        for written, told in (
            ("Bo Berg", r"Several people .*Bo Berg \(p7\); Bo Berg \(p9\), Sales"),
            ("Bo", "Nobody in the roster"),
            (" ", "Nobody was named"),
        ):
            with pytest.raises(Refused, match=told):
                queries.whom(session, written)


def test_people_are_found_by_roster_id_or_address(database: Database) -> None:
    with database.transaction() as session:
        bo = make.identity(session, "Bo", key="p7", emails=("bo@example.com",))
        make.identity(session, "Ex", key="p8", emails=("ex@example.com",), erased=NOW)
        for who in ("p7", " BO@example.com"):
            found = queries.find_identity(session, who)
            assert found is not None
            assert found.id == bo.id
        assert queries.find_identity(session, "p8") is None
        assert queries.find_identity(session, "ex@example.com") is None
        assert queries.find_identity(session, "nobody") is None
