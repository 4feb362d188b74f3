"""Reading a system: resumed after a crash, honest about what it could not see."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.inventory import queries, sync, systems
from app.inventory.tables import AccountRow, GrantRow, PrivilegeRow, SnapshotRow, SpoolRow, StreamRow
from app.ledger.tables import EntryRow
from connectors.errors import Denied, Misread, Throttled, Unreachable
from connectors.records import AccountRecord, GrantRecord, Stream
from tests import make
from tests.app.inventory.conftest import READER, Connected, rows
from tests.fake_connector import Crash, FakeReader


def verdicts(crm: Connected, snapshot: int) -> dict[str, str]:
    with crm.database.reading() as session:
        return {row.stream: row.verdict for row in queries.receipts(session, snapshot)}


def history(crm: Connected) -> list[Any]:
    """All that a reading leaves behind, without numbers that depend on the order of writing."""
    with crm.database.reading() as session:
        accounts = session.execute(select(AccountRow.key, AccountRow.active, AccountRow.ended).order_by(AccountRow.key))
        grants = session.execute(
            select(AccountRow.key, GrantRow.entitlement_id, GrantRow.source, GrantRow.ended)
            .join(AccountRow, AccountRow.id == GrantRow.account_id)
            .order_by(AccountRow.key, GrantRow.entitlement_id, GrantRow.source)
        )
        privileges = session.execute(select(PrivilegeRow.privilege, PrivilegeRow.path).order_by(PrivilegeRow.path))
        receipts = session.execute(
            select(
                StreamRow.stream, StreamRow.verdict, StreamRow.rows, StreamRow.pages, StreamRow.said,
                StreamRow.pages_digest, StreamRow.rows_digest,
            ).order_by(StreamRow.stream)
        )  # fmt: skip
        digests = session.execute(select(SnapshotRow.digest))
        return [part.all() for part in (accounts, grants, privileges, receipts, digests)]


def test_a_reading_goes_on_behind_the_last_page_after_a_crash_at_any_page(staffed: Connected) -> None:
    """The process dies at every page of every stream in turn; nothing is read twice but the page in flight."""
    whole = sum(max(1, -(-len(staffed.world.of(stream)) // 2)) for stream in staffed.world.streams)
    crashes = 0
    for stream in staffed.world.streams:
        for page in range(max(1, -(-len(staffed.world.of(stream)) // 2))):
            staffed.world.fault(stream, page, Crash())
            crashes += 1
    for _ in range(crashes):
        with pytest.raises(Crash):
            staffed.read(run="nightly")
    number = staffed.read(run="nightly")
    assert len(staffed.world.served) == len(set(staffed.world.served)) == whole
    assert staffed.snapshot(number).status == "sealed"
    assert set(verdicts(staffed, number).values()) == {"complete"}


def test_an_interrupted_reading_equals_an_uninterrupted_one(staffed: Connected, make_database: Any) -> None:
    staffed.world.fault(Stream.GRANTS, 1, Crash())
    with pytest.raises(Crash):
        staffed.read(run="first")
    staffed.read(run="first")
    interrupted = history(staffed)
    with staffed.database.transaction() as session:  # the same world, read by another system without trouble
        other = systems.add(
            session, name="Other", kind="fake", config={"world": "acme"}, reader=READER, keys=staffed.keys,
            by=make.ADMIN, at=make.NOW,
        )  # fmt: skip
    staffed.system_id = other.id
    again = staffed.snapshot(staffed.read(run="second"))
    assert again.digest == interrupted[4][0].digest
    assert again.counts["grants"] == {"began": 5}
    assert again.counts["privileges"] == {"began": 3}


def test_a_reading_that_another_release_began_is_begun_again(staffed: Connected) -> None:
    staffed.world.fault(Stream.GRANTS, 1, Crash())
    with pytest.raises(Crash):
        staffed.read(run="first")
    with staffed.database.transaction() as session:
        session.execute(update(SpoolRow).where(SpoolRow.stream == "accounts").values(form="0.0.9"))
    served = list(staffed.world.served)
    number = staffed.read(run="first")
    again = staffed.world.served[len(served) :]
    assert set(served) < set(again)
    assert staffed.snapshot(number).counts["grants"] == {"began": 5}


def test_a_crash_between_the_last_page_and_the_sealing_reads_nothing_again(staffed: Connected) -> None:
    def die(stream: str, page: int, _rows: int) -> None:
        if (stream, page) == ("changes", 1):
            raise Crash

    with pytest.raises(Crash):
        sync.run(
            staffed.database, staffed.system_id, run="x", keys=staffed.keys, clock=lambda: make.NOW, by=make.ADMIN,
            on_page=die, reader=FakeReader(staffed.world),
        )  # fmt: skip
    before = list(staffed.world.served)
    number = staffed.read(run="x")
    assert staffed.world.served == before
    assert staffed.snapshot(number).status == "sealed"


def test_the_same_run_returns_the_same_snapshot(staffed: Connected) -> None:
    first = staffed.read(run="x")
    served = len(staffed.world.served)
    assert staffed.read(run="x") == first
    assert len(staffed.world.served) == served
    with staffed.database.reading() as session:
        sealed = select(func.count()).select_from(EntryRow).where(EntryRow.kind == "snapshot.sealed")
        assert session.scalar(sealed) == 1


def test_the_spool_is_gone_once_it_is_history_but_for_what_the_next_reading_is_compared_with(
    staffed: Connected,
) -> None:
    for number in (staffed.read() for _ in range(2)):
        with staffed.database.reading() as session:
            kept = session.execute(select(SpoolRow.snapshot_id, SpoolRow.stream).distinct()).all()
            assert sorted(map(tuple, kept)) == [(number, "grants"), (number, "logins")]


def test_a_stream_whose_place_is_gone_is_begun_again_once(staffed: Connected) -> None:
    staffed.world.fault(Stream.GRANTS, 2, Misread("the cursor expired", restart=True))
    number = staffed.read()
    assert [each for each in staffed.world.pulled if each[0] == "grants"] == [("grants", None), ("grants", None)]
    assert verdicts(staffed, number)["grants"] == "complete"
    assert staffed.snapshot(number).counts["grants"] == {"began": 5}


def test_a_stream_that_loses_its_place_again_is_incomplete(staffed: Connected) -> None:
    staffed.world.fault(Stream.GRANTS, 2, *[Misread("the cursor expired", restart=True)] * 2)
    number = staffed.read()
    assert verdicts(staffed, number)["grants"] == "incomplete"
    with staffed.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(GrantRow)) == 4  # what was seen is there


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (Unreachable("the connection was reset"), "incomplete"),
        (Throttled("the daily limit is used up"), "incomplete"),
        (Misread("page 2 is no JSON"), "incomplete"),
        (Denied("GET /grants: 403", missing="View Setup"), "not_collected"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_one_streams_trouble_does_not_stop_the_others(staffed: Connected, error: Exception, verdict: str) -> None:
    staffed.world.fault(Stream.GRANTS, 0, error)
    number = staffed.read()
    told = verdicts(staffed, number)
    assert told.pop("grants") == verdict
    assert set(told.values()) == {"complete"}
    with staffed.database.reading() as session:
        row = session.get_one(StreamRow, (number, "grants"))
        assert row.because == str(error)
        if isinstance(error, Denied):
            assert row.missing == ["View Setup"]


def test_a_stream_that_was_concluded_is_not_tried_again_by_the_same_run(staffed: Connected) -> None:
    staffed.world.fault(Stream.GRANTS, 0, Unreachable("reset"))
    staffed.world.fault(Stream.LOGINS, 0, Crash())
    with pytest.raises(Crash):
        staffed.read(run="x")
    number = staffed.read(run="x")
    assert [stream for stream, _ in staffed.world.pulled].count("grants") == 1
    assert verdicts(staffed, number)["grants"] == "incomplete"


def test_what_may_not_be_read_is_not_asked_for(staffed: Connected) -> None:
    staffed.world.unreadable[Stream.LOGINS] = "Manage Users"
    number = staffed.read()
    assert "logins" not in {stream for stream, _ in staffed.world.pulled}
    with staffed.database.reading() as session:
        row = session.get_one(StreamRow, (number, "logins"))
        assert (row.verdict, row.missing) == ("not_collected", ["Manage Users"])
        told = session.get_one(SnapshotRow, number).coverage["streams"]["logins"]
        assert told == {"readable": False, "missing": "Manage Users", "note": None}


def test_a_lost_page_is_noticed_by_the_servers_count(staffed: Connected) -> None:
    staffed.world.lost_pages[Stream.GRANTS] = {1}
    assert verdicts(staffed, staffed.read())["grants"] == "incomplete"


def test_a_lost_last_page_is_noticed_without_any_count(staffed: Connected) -> None:
    staffed.world.counts = False
    staffed.world.lost_pages[Stream.GRANTS] = {2}
    assert verdicts(staffed, staffed.read())["grants"] == "incomplete"


def test_if_nothing_can_be_read_the_reading_failed_and_nothing_ended(staffed: Connected) -> None:
    staffed.read()
    staffed.world.check_fault = Unreachable("acme.example: no answer")
    failed = staffed.snapshot(staffed.read())
    assert (failed.status, failed.because) == ("failed", "acme.example: no answer")
    with staffed.database.reading() as session:
        assert queries.live_counts(session)["grants"] == 5
        assert session.scalar(select(func.count()).select_from(EntryRow).where(EntryRow.kind == "snapshot.failed")) == 1
        latest = queries.latest_sealed(session, staffed.system_id)
        assert latest is not None
        assert latest.id != failed.id


def test_a_reading_without_accounts_is_sealed_honestly_and_ends_nothing(staffed: Connected) -> None:
    staffed.read()
    staffed.world.denied[Stream.ACCOUNTS] = "View All Users"
    staffed.world.remove(GrantRecord("bo", "export"))
    number = staffed.read()
    assert staffed.snapshot(number).status == "sealed"
    with staffed.database.reading() as session:
        assert queries.live_counts(session)["accounts"] == 3
        assert queries.live_counts(session)["grants"] == 5
        assert Stream.GRANTS not in queries.trusted(session, number)


def test_a_failed_run_stays_failed_and_the_next_one_reads(staffed: Connected) -> None:
    staffed.world.check_fault = Unreachable("no answer")
    first = staffed.read(run="x")
    staffed.world.check_fault = None
    assert staffed.read(run="x") == first
    assert staffed.snapshot(first).status == "failed"
    assert staffed.snapshot(staffed.read(run="y")).status == "sealed"


def test_another_orgs_credential_fails_the_reading(staffed: Connected) -> None:
    staffed.read()
    staffed.world.key = "org-2"
    failed = staffed.snapshot(staffed.read())
    assert failed.status == "failed"
    assert failed.because is not None
    assert "org-2" in failed.because


def test_a_system_that_goes_away_in_the_middle_is_sealed_as_far_as_it_was_seen(staffed: Connected) -> None:
    staffed.read()
    staffed.world.remove(GrantRecord("bo", "sales"))
    staffed.world.fault(Stream.GRANTS, 1, Crash())
    with pytest.raises(Crash):
        staffed.read(run="x")
    staffed.world.check_fault = Unreachable("no answer")
    snapshot = staffed.snapshot(staffed.read(run="x"))
    assert snapshot.status == "sealed"
    assert verdicts(staffed, snapshot.id)["grants"] == "incomplete"
    assert snapshot.counts == {}


def test_a_reading_that_was_overtaken_is_given_up(staffed: Connected) -> None:
    staffed.world.fault(Stream.GRANTS, 1, Crash())
    with pytest.raises(Crash):
        staffed.read(run="old")
    later = staffed.read()
    staffed.world.put(AccountRecord("eve", "eve@example.com"))
    old = staffed.snapshot(staffed.read(run="old"))
    assert (old.status, staffed.snapshot(later).status) == ("failed", "sealed")


def test_a_broken_setting_fails_the_reading_with_its_sentence(crm: Connected) -> None:
    with crm.database.transaction() as session:
        broken = systems.add(
            session, name="Staff", kind="roster", config={}, reader={}, keys=crm.keys, by=make.ADMIN, at=make.NOW
        )
    number = sync.run(crm.database, broken.id, run="x", keys=crm.keys, clock=lambda: make.NOW, by=make.ADMIN)
    failed = crm.snapshot(number)
    assert failed.status == "failed"
    assert "path" in str(failed.because)


def test_only_the_streams_asked_for_are_read_and_the_others_end_nothing(staffed: Connected) -> None:
    staffed.read()
    staffed.world.remove(GrantRecord("bo", "export"))
    staffed.world.pulled.clear()
    number = staffed.read(streams=[Stream.GRANTS])
    assert staffed.world.pulled == [("grants", None)]
    assert staffed.snapshot(number).counts == {}


def test_progress_is_told_page_by_page(staffed: Connected) -> None:
    staffed.read()
    assert [told for told in staffed.pages if told[0] == "grants"] == [
        ("grants", 1, 2),
        ("grants", 2, 4),
        ("grants", 3, 5),
    ]


def test_the_entry_holds_counts_and_digests_and_nobodys_values(staffed: Connected) -> None:
    number = staffed.read()
    with staffed.database.reading() as session:
        (entry,) = rows(session, EntryRow, kind="snapshot.sealed")
    assert entry.subject == f"snapshot:{number}"
    assert entry.body["system"] == staffed.system_id
    assert entry.body["snapshot"] == number
    assert entry.body["counts"]["grants"] == {"began": 5}
    assert entry.body["streams"]["grants"]["verdict"] == "complete"
    assert "example.com" not in str(entry.body)
