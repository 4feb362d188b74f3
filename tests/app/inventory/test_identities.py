"""People out of the roster, and the accounts that are theirs."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, select

from app.inventory import identities, persons, queries, sync, systems
from app.inventory.tables import AccountRow, IdentityEmailRow, IdentityRow, MoveRow, ReturnRow, StreamRow
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow, PersonalRow
from connectors.errors import Unreachable
from connectors.records import AccountKind, AccountRecord, PersonRecord, Stream
from tests import fake_connector, make
from tests.app.inventory.conftest import Connected, rows
from tests.fake_connector import FakeReader, World

BY: dict[str, Any] = {"by": make.ADMIN, "at": make.NOW}


@pytest.fixture
def staff(crm: Connected) -> Connected:
    """A second system, of people: Ada leads Bo and Cy; the robot is a program."""
    world = fake_connector.world("staff", key="hr", streams=(Stream.PEOPLE,))
    world.put(
        PersonRecord("p1", "Ada", ("ada@example.com", "a@example.com")),
        PersonRecord("p2", "Bo", ("bo@example.com",), manager_key="p1"),
        PersonRecord("p3", "Cy", ("cy@example.com",), manager_key="p1"),
        PersonRecord("r1", "Robot", ("robot@example.com",), kind=AccountKind.SERVICE),
    )
    with crm.database.transaction() as session:
        system = systems.add(
            session, name="Staff", kind="fake", config={"world": "staff"}, reader={}, keys=crm.keys, **BY
        )
    return Connected(crm.database, crm.keys, world, system.id, runs=iter(range(1000, 2000)))


def person(crm: Connected, key: str) -> IdentityRow:
    with crm.database.reading() as session:
        (row,) = rows(session, IdentityRow, key=key)
        return row


def emails(crm: Connected) -> dict[str, str]:
    with crm.database.reading() as session:
        told = session.execute(select(IdentityEmailRow.email, IdentityRow.key).join(IdentityRow))
        return {row.email: row.key for row in told}


def replace_people(world: World, *people: PersonRecord) -> None:
    world.records[Stream.PEOPLE] = list(people)


def matched(crm: Connected) -> dict[str, tuple[str | None, str | None]]:
    with crm.database.transaction() as session:
        identities.match(session, **BY)
    with crm.database.reading() as session:
        told = session.execute(
            select(AccountRow.key, IdentityRow.key, AccountRow.matched_by).outerjoin(
                IdentityRow, IdentityRow.id == AccountRow.identity_id
            )
        )
        return {key: (owner, by) for key, owner, by in told}


def test_people_become_identities_with_their_managers(staff: Connected) -> None:
    counts = staff.snapshot(staff.read()).counts
    assert counts["identities"] == {"began": 4}
    assert person(staff, "p2").manager_id == person(staff, "p1").id
    assert person(staff, "p1").manager_id is None
    assert person(staff, "r1").kind == "service"
    assert emails(staff)["a@example.com"] == "p1"
    assert staff.snapshot(staff.read()).counts == {}


def test_whoever_is_gone_from_a_complete_roster_has_ended_and_keeps_the_addresses(staff: Connected) -> None:
    staff.world.put(*[PersonRecord(f"x{n}", f"X{n}") for n in range(30)])
    staff.read()
    bo = staff.world.of(Stream.PEOPLE)[1]
    staff.world.remove(bo)
    snapshot = staff.snapshot(staff.read())
    assert snapshot.counts == {"identities": {"ended": 1}}
    assert person(staff, "p2").ended == snapshot.began_at
    assert emails(staff)["bo@example.com"] == "p2"
    staff.world.put(bo)
    assert staff.snapshot(staff.read()).counts == {"identities": {"returned": 1}}
    with staff.database.reading() as session:
        assert [row.kind for row in rows(session, ReturnRow)] == ["identity"]


def test_nobody_leaves_because_of_a_roster_that_was_not_read_whole(staff: Connected) -> None:
    staff.read()
    staff.world.fault(Stream.PEOPLE, 1, Unreachable("reset"))
    staff.read()
    assert person(staff, "p3").ended is None


def test_nobody_leaves_because_of_a_roster_that_shrank_without_approval(staff: Connected) -> None:
    staff.read()
    replace_people(staff.world, PersonRecord("p1", "Ada", ("ada@example.com",)))
    number = staff.read()
    assert person(staff, "p3").ended is None
    with staff.database.reading() as session:
        row = session.get_one(StreamRow, (number, "people"))
        assert row.verdict == "incomplete"
        assert "1 people where 4 were known" in row.because
        refusal = queries.why_not_trust_roster(session, staff.system_id, at=staff.at)
        assert refusal is not None
        assert refusal.code == "roster_shrunk"


def test_an_address_goes_with_whoever_the_roster_gives_it_to(staff: Connected) -> None:
    staff.read()
    _, _, cy, robot = staff.world.of(Stream.PEOPLE)
    replace_people(
        staff.world,
        PersonRecord("p1", "Ada", ("a@example.com",)),
        PersonRecord("p2", "Bo", ("BO@Example.com ", "ada@example.com")),
        cy,  # type: ignore[arg-type]
        robot,  # type: ignore[arg-type]
    )
    staff.read()
    told = emails(staff)
    assert told["ada@example.com"] == "p2"
    assert told["bo@example.com"] == "p2"
    assert told["a@example.com"] == "p1"


def test_whoever_was_erased_is_not_filled_in_again_by_the_roster(staff: Connected) -> None:
    staff.read()
    with staff.database.transaction() as session:
        (bo,) = rows(session, IdentityRow, key="p2")
        bo.name, bo.manager_id, bo.erased, bo.ended = "(erased)", None, make.NOW, make.NOW
        session.execute(delete(IdentityEmailRow).where(IdentityEmailRow.identity_id == bo.id))
    staff.read()
    bo = person(staff, "p2")
    assert (bo.name, bo.manager_id, bo.ended) == ("(erased)", None, make.NOW)
    assert "bo@example.com" not in emails(staff)


def test_a_manager_who_changes_changes(staff: Connected) -> None:
    staff.read()
    of = staff.world.of(Stream.PEOPLE)
    of[2] = PersonRecord("p3", "Cy", ("cy@example.com",), manager_key="p2")
    of[1] = PersonRecord("p2", "Bo", ("bo@example.com",), manager_key=None)
    assert staff.snapshot(staff.read()).counts == {"identities": {"changed": 2}}
    assert person(staff, "p3").manager_id == person(staff, "p2").id
    assert person(staff, "p2").manager_id is None


def test_a_second_roster_does_not_end_the_people_of_the_first(staff: Connected) -> None:
    staff.read()
    other = fake_connector.world("contractors", key="hr2", streams=(Stream.PEOPLE,))
    other.put(PersonRecord("c1", "Con"), PersonRecord("p2", "Somebody else"))
    with staff.database.transaction() as session:
        system = systems.add(
            session, name="Contractors", kind="fake", config={"world": "contractors"}, reader={}, keys=staff.keys, **BY
        )
    number = sync.run(
        staff.database, system.id, run="c", keys=staff.keys, clock=lambda: staff.at, by=make.ADMIN, reader=FakeReader(other)
    )  # fmt: skip
    assert staff.snapshot(number).counts["identities"] == {"began": 1}
    assert person(staff, "p1").ended is None
    assert person(staff, "p2").name == "Bo"
    with staff.database.reading() as session:
        assert session.get_one(StreamRow, (number, "people")).dropped == [
            "1 people belong to another roster and were left to it"
        ]


def test_accounts_are_matched_and_matching_again_changes_nothing(crm: Connected, staff: Connected) -> None:
    crm.world.put(
        AccountRecord("a", "ada@crm.example.com", email="ADA@example.com"),
        AccountRecord("b", "bo@example.com", email="sales@example.com"),
        AccountRecord("c", "x", employee_number="p3"),
        AccountRecord("d", "stranger@example.com"),
        AccountRecord("e", "x", email="ada@example.com", employee_number="p2"),
        AccountRecord("f", "sync", email="ada@example.com", kind=AccountKind.SERVICE),
        AccountRecord("g", "sync", email="robot@example.com", kind=AccountKind.SERVICE),
    )
    crm.read()
    staff.read()
    assert matched(crm) == {
        "a": ("p1", "email"),
        "b": ("p2", "username"),
        "c": ("p3", "roster_id"),
        "d": (None, None),
        "e": (None, None),
        "f": (None, None),
        "g": ("r1", "email"),
    }
    with crm.database.transaction() as session:
        again = identities.match(session, **BY)
        assert again == identities.Matched(0, {"email": 2, "roster_id": 1, "username": 1}, 3)
        told = {each.key: each.because for each in queries.unmatched(session)}
        assert told == {
            "d": "neither its employee number nor its e-mail nor its username is in the roster",
            "e": "its employee number, e-mail and username name different people",
            "f": "it belongs to a program and shares an address with a person",
        }
        assert rows(session, EntryRow, kind="identity.matched")[0].body == {
            "changed": 4, "by": {"email": 2, "roster_id": 1, "username": 1}, "nobodys": 3,
        }  # fmt: skip


def test_a_leavers_account_stays_theirs(crm: Connected, staff: Connected) -> None:
    staff.world.put(*[PersonRecord(f"x{n}", f"X{n}") for n in range(30)])
    crm.world.put(AccountRecord("b", "bo@example.com", email="bo@example.com"))
    crm.read()
    staff.read()
    staff.world.remove(staff.world.of(Stream.PEOPLE)[1])
    staff.read()
    assert matched(crm) == {"b": ("p2", "email")}
    with crm.database.reading() as session:
        (facts,) = queries.account_facts(session, crm.system_id)
        assert facts.person is not None
        assert not facts.person.in_roster


def test_what_a_person_matched_by_hand_no_machine_takes_back(crm: Connected, staff: Connected) -> None:
    crm.world.put(AccountRecord("b", "bo@example.com", email="bo@example.com"))
    crm.read()
    staff.read()
    matched(crm)
    with crm.database.transaction() as session:
        (account,) = rows(session, AccountRow)
        (ada,) = rows(session, IdentityRow, key="p1")
        identities.match_by_hand(session, account, ada, reason="Ada took Bo's desk", **BY)
    assert matched(crm) == {"b": ("p1", "hand")}
    with crm.database.transaction() as session:
        (account,) = rows(session, AccountRow)
        entry = rows(session, EntryRow, subject=f"account:{account.id}")[0]
        assert "desk" not in str(entry.body)
        assert [row.value for row in rows(session, PersonalRow)] == ["Ada took Bo's desk"]
        identities.match_by_hand(session, account, None, reason="no", **BY)
    assert matched(crm) == {"b": ("p2", "email")}


def test_an_account_that_is_gone_is_not_given_to_anybody(crm: Connected, staff: Connected) -> None:
    with crm.database.transaction() as session:
        system = make.system(session)
        gone = make.account(session, system, ended=make.NOW)
        erased = make.identity(session, "E", erased=make.NOW)
        with pytest.raises(Refused):
            identities.match_by_hand(session, gone, make.identity(session), reason="x", **BY)
        with pytest.raises(Refused):
            identities.match_by_hand(session, make.account(session, system), erased, reason="x", **BY)


def moves(crm: Connected) -> list[tuple[str, str, int]]:
    with crm.database.reading() as session:
        told = session.execute(
            select(IdentityRow.key, MoveRow.field, MoveRow.snapshot_id)
            .join(IdentityRow, IdentityRow.id == MoveRow.identity_id)
            .order_by(MoveRow.id)
        )
        return [(key, field, number) for key, field, number in told]


def sellers(staff: Connected, **given: Any) -> None:
    """The roster with Bo and Cy as sellers under Ada, and Di; what is given is Bo's instead."""
    bo = {"department": "Sales", "title": "Rep", "manager_key": "p1"} | given
    replace_people(
        staff.world,
        PersonRecord("p1", "Ada"),
        PersonRecord("p2", "Bo", **bo),
        PersonRecord("p3", "Cy", department="Sales", title="Rep", manager_key="p1"),
        PersonRecord("p4", "Di"),
    )


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({}, []),
        ({"department": "Legal"}, ["department"]),
        ({"title": "Lead", "manager_key": "p4"}, ["title", "manager"]),
        ({"department": None, "title": None, "manager_key": None}, []),  # the roster does not say it any more
        ({"manager_key": "nobody"}, []),
    ],
)
def test_who_moved_is_written_down_with_the_reading_that_showed_it(
    staff: Connected, changed: dict[str, Any], fields: list[str]
) -> None:
    sellers(staff)
    staff.read()
    sellers(staff, **changed)
    number = staff.read()
    assert moves(staff) == [("p2", field, number) for field in fields]
    staff.read()
    assert len(moves(staff)) == len(fields)


def test_what_a_roster_begins_to_say_is_no_move_and_neither_is_a_programs(staff: Connected) -> None:
    sellers(staff, department=None, title=None, manager_key=None)
    staff.read()
    sellers(staff)
    staff.read()
    assert moves(staff) == []
    sellers(staff, kind=AccountKind.SERVICE)
    staff.read()
    sellers(staff, kind=AccountKind.SERVICE, department="Legal", title="Robot", manager_key="p4")
    staff.read()
    assert moves(staff) == []


@pytest.mark.parametrize("listed", [False, True])
def test_a_new_manager_because_the_former_one_left_is_no_move(staff: Connected, listed: bool) -> None:
    others = [PersonRecord(f"x{n}", f"X{n}") for n in range(30)]
    sellers(staff)
    staff.world.put(*others)
    staff.read()
    sellers(staff, manager_key="p4")
    staff.world.put(*others).remove(PersonRecord("p1", "Ada"))
    if listed:
        staff.world.put(PersonRecord("p1", "Ada", end=staff.at.date()))
    staff.read()
    assert person(staff, "p2").manager_id == person(staff, "p4").id
    assert moves(staff) == []


def test_whose_move_it_was_is_told_to_them_and_goes_with_their_name(staff: Connected) -> None:
    sellers(staff)
    staff.read()
    sellers(staff, title="Lead")
    seen = staff.snapshot(staff.read()).began_at
    with staff.database.transaction() as session:
        (bo,) = rows(session, IdentityRow, key="p2")
        assert persons.export(session, bo)["moves"] == [{"what": "title", "seen": seen}]
        persons.erase(session, bo, reason="asked", **BY)
    assert moves(staff) == []
