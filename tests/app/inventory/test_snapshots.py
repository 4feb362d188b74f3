"""What a reading does to history."""

from __future__ import annotations

from app.inventory import queries
from app.inventory.tables import AccountRow, GrantRow
from connectors.records import GrantRecord
from tests.app.inventory.conftest import Connected, rows


def test_a_first_reading_begins_everything(staffed: Connected) -> None:
    number = staffed.read()
    snapshot = staffed.snapshot(number)
    assert snapshot.status == "sealed"
    assert snapshot.counts["accounts"] == {"began": 3}
    assert snapshot.counts["grants"] == {"began": 5}
    with staffed.database.reading() as session:
        assert {each.ended for each in rows(session, GrantRow)} == {None}
        assert {each.began for each in rows(session, AccountRow)} == {snapshot.began_at}


def test_reading_the_same_again_writes_no_row(staffed: Connected) -> None:
    staffed.read()
    assert staffed.snapshot(staffed.read()).counts == {}


def test_a_grant_that_is_gone_from_a_complete_reading_ended(staffed: Connected) -> None:
    staffed.read()
    staffed.world.remove(GrantRecord("bo", "export"))
    snapshot = staffed.snapshot(staffed.read())
    assert snapshot.counts["grants"] == {"ended": 1}
    with staffed.database.reading() as session:
        (ended,) = [each for each in rows(session, GrantRow) if each.ended]
        assert ended.ended == snapshot.began_at
        assert len(list(queries.account_facts(session, staffed.system_id))) == 3
