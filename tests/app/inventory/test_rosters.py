"""Roster files: handed in by one, vouched for by another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.inventory import queries, rosters, sync, systems
from app.inventory.tables import IdentityRow, RosterUploadRow, StreamRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.kit.secrets import Keys
from app.ledger.tables import EntryRow
from tests import make
from tests.app.inventory.conftest import rows

NOW = make.NOW
HEADER = "id,emails,name,manager,start,end\n"
BO = make.actor(name="Bo")


def csv(people: int) -> bytes:
    return (HEADER + "".join(f"p{n},p{n}@example.com,P{n},,,\n" for n in range(people))).encode()


@pytest.fixture
def roster(database: Database, keys: Keys) -> int:
    with database.transaction() as session:
        system = systems.add(
            session, name="Staff", kind="roster", config={}, reader={}, keys=keys, by=make.ADMIN, at=NOW
        )
        return system.id


def hand_in(database: Database, roster: int, people: int, *, days: float = 0, at: Any = NOW) -> RosterUploadRow:
    with database.transaction() as session:
        return rosters.upload(
            session, queries.system(session, roster), csv(people), source="HR", extracted_at=at - timedelta(days=days),
            by=make.ADMIN, at=at,
        )  # fmt: skip


def read(database: Database, roster: int, keys: Keys, run: str, at: Any = NOW) -> int:
    return sync.run(database, roster, run=run, keys=keys, clock=lambda: at, by=make.ADMIN)


def trouble(database: Database, roster: int, at: Any = NOW) -> str | None:
    with database.reading() as session:
        refusal = queries.why_not_trust_roster(session, roster, at=at)
        return refusal.code if refusal else None


def live_people(database: Database) -> int:
    with database.reading() as session:
        return len(rows(session, IdentityRow, ended=None))


def test_a_roster_is_read_from_the_latest_upload_and_trusted(database: Database, roster: int, keys: Keys) -> None:
    assert trouble(database, roster) == "roster_missing"
    hand_in(database, roster, 3)
    number = read(database, roster, keys, "a")
    assert live_people(database) == 3
    assert trouble(database, roster) is None
    with database.reading() as session:
        row = session.get_one(StreamRow, (number, "people"))
        assert row.verdict == "complete"
        assert "source: HR" in row.asked[0]
        assert f"uploaded by: {make.ADMIN.id}" in row.asked[0]


def test_a_roster_grows_stale(database: Database, roster: int, keys: Keys) -> None:
    hand_in(database, roster, 3, days=2)
    read(database, roster, keys, "a")
    assert trouble(database, roster, NOW + timedelta(days=5)) is None
    assert trouble(database, roster, NOW + timedelta(days=5.1)) == "roster_stale"


def test_a_roster_that_shrank_blocks_until_a_second_person_approves_and_it_is_read_again(
    database: Database, roster: int, keys: Keys
) -> None:
    hand_in(database, roster, 100)
    read(database, roster, keys, "a")
    short = hand_in(database, roster, 90, at=NOW + timedelta(hours=1))
    read(database, roster, keys, "b", NOW + timedelta(hours=1))
    assert live_people(database) == 100
    assert trouble(database, roster) == "roster_shrunk"
    with database.transaction() as session:
        upload = session.get_one(RosterUploadRow, short.id)
        rosters.approve(session, upload, by=BO, at=NOW + timedelta(hours=2))
    read(database, roster, keys, "c", NOW + timedelta(hours=3))
    assert live_people(database) == 90
    assert trouble(database, roster) is None


def test_losing_one_in_twenty_is_ordinary(database: Database, roster: int, keys: Keys) -> None:
    hand_in(database, roster, 100)
    read(database, roster, keys, "a")
    hand_in(database, roster, 95, at=NOW + timedelta(hours=1))
    read(database, roster, keys, "b", NOW + timedelta(hours=1))
    assert live_people(database) == 95
    assert trouble(database, roster) is None


def test_whoever_handed_it_in_cannot_approve_it(database: Database, roster: int) -> None:
    short = hand_in(database, roster, 3)
    with database.transaction() as session:
        upload = session.get_one(RosterUploadRow, short.id)
        with pytest.raises(Refused) as refused:
            rosters.approve(session, upload, by=make.ADMIN, at=NOW)
        assert refused.value.refusal.code == "own_upload"
        rosters.approve(session, upload, by=BO, at=NOW)
        assert (upload.approved_by, upload.approved_at) == (BO.id, NOW)
        with pytest.raises(Refused) as refused:
            rosters.approve(session, upload, by=make.actor(name="Cy"), at=NOW)
        assert refused.value.refusal.code == "approved_already"
        kinds = [row.kind for row in rows(session, EntryRow)]
        assert kinds == ["system.added", "roster.uploaded", "roster.approved"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "roster_unreadable"),
        (b"name\nBo\n", "roster_unreadable"),
        (HEADER.encode() + b'p1,"bo', "roster_unreadable"),
        (b"\xff\xfe", "roster_unreadable"),
    ],
)
def test_a_file_that_is_no_roster_is_refused_at_the_door(
    database: Database, roster: int, content: bytes, code: str
) -> None:
    with database.transaction() as session:
        system = queries.system(session, roster)
        with pytest.raises(Refused) as refused:
            rosters.upload(session, system, content, source="HR", extracted_at=NOW, by=make.ADMIN, at=NOW)
    assert refused.value.refusal.code == code


def test_only_rosters_take_files_and_none_from_the_future(database: Database, roster: int) -> None:
    with database.transaction() as session:
        with pytest.raises(Refused) as refused:
            rosters.upload(session, make.system(session), csv(1), source="HR", extracted_at=NOW, by=make.ADMIN, at=NOW)
        assert refused.value.refusal.code == "no_roster"
        with pytest.raises(Refused) as refused:
            rosters.upload(
                session, queries.system(session, roster), csv(1), source="HR",
                extracted_at=NOW + timedelta(hours=1), by=make.ADMIN, at=NOW,
            )  # fmt: skip
        assert refused.value.refusal.code == "from_the_future"


def test_a_file_handed_in_during_a_reading_is_left_to_the_next_one(database: Database, roster: int, keys: Keys) -> None:
    hand_in(database, roster, 3)
    told: list[int] = []

    def another(_stream: str, _page: int, people: int) -> None:
        told.append(people)
        hand_in(database, roster, 2, at=NOW + timedelta(hours=1))
        raise RuntimeError("the process dies here")

    with pytest.raises(RuntimeError):
        sync.run(database, roster, run="a", keys=keys, clock=lambda: NOW, by=make.ADMIN, on_page=another)
    read(database, roster, keys, "a")
    assert live_people(database) == 3
