"""Rows of a roster become people, or are refused with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.delimited import Row
from connectors.errors import Misread
from connectors.records import AccountKind, PersonRecord
from connectors.roster import people

BO = {"id": "7", "emails": "bo@example.com", "name": "Bo Reed"}


def read(*rows: dict[str, str]) -> people.Roster:
    header = people.header_of(people.COLUMNS)
    lines = [Row(at, tuple(row.get(column, "") for column in people.COLUMNS)) for at, row in enumerate(rows, start=2)]
    return people.translate(header, lines)


def only(roster: people.Roster) -> PersonRecord:
    assert roster.dropped == ()
    (person,) = roster.people
    return person


def test_a_whole_row_becomes_a_person() -> None:
    row = BO | {
        "emails": "bo@example.com; B.Reed@example.com;bo@example.com",
        "department": "Sales",
        "title": "Seller",
        "start": "2020-02-29",
        "end": "2026-12-31",
        "away_from": "2026-05-01",
        "kind": "Contractor",
    }
    assert only(read(row)) == PersonRecord(
        key="7",
        name="Bo Reed",
        emails=("bo@example.com", "b.reed@example.com"),
        engagement="contractor",
        department="Sales",
        title="Seller",
        start=date(2020, 2, 29),
        end=date(2026, 12, 31),
        away_from=date(2026, 5, 1),
    )


def test_what_the_file_does_not_say_is_none() -> None:
    person = only(read(BO))
    assert (person.engagement, person.end, person.manager_key, person.title) == (None, None, None, None)
    assert person.kind is AccountKind.PERSON
    assert only(read(BO | {"kind": "service"})).kind is AccountKind.SERVICE


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"id": ""}, "no id"),
        ({"start": "2026-02-30"}, "start '2026-02-30' is no date"),
        ({"end": "03/04/2026"}, "end '03/04/2026' is no date"),
        ({"end": "20260304"}, "is no date"),
        ({"start": "2026-03-04", "end": "2026-03-03"}, "end 2026-03-03 is before start 2026-03-04"),
        ({"away_from": "2026-03-04", "away_until": "2026-03-01"}, "away_until 2026-03-01 is before away_from"),
        ({"kind": "robot"}, "kind 'robot' is none of"),
    ],
)
def test_a_row_that_cannot_be_trusted_is_refused_with_its_line(change: dict[str, str], why: str) -> None:
    roster = read(BO | {"id": "1", "emails": "ada@example.com"}, BO | change)
    assert [person.key for person in roster.people] == ["1"]
    (said,) = roster.dropped
    assert said.startswith("line 3: refused: ")
    assert why in said


def test_an_id_given_twice_takes_neither_row() -> None:
    roster = read(BO, BO | {"name": "Bo Other", "emails": "other@example.com"})
    assert roster.people == ()
    assert roster.dropped == tuple(
        f"line {line}: refused: id 7 stands 2 times; none of these rows is taken" for line in (2, 3)
    )


def test_an_address_claimed_by_two_people_is_taken_from_both() -> None:
    roster = read(BO, {"id": "8", "name": "Eve", "emails": "eve@example.com;BO@example.com"})
    assert [person.emails for person in roster.people] == [(), ("eve@example.com",)]
    assert [said.split(":")[0] for said in roster.dropped] == ["line 2", "line 3"]
    assert "lines 2, 3 all claim it" in roster.dropped[0]


def test_a_broken_address_is_left_out_and_said() -> None:
    roster = read(BO | {"emails": "bo@example.com;bo at home"})
    assert roster.people[0].emails == ("bo@example.com",)
    assert roster.dropped == ("line 2: kept without what is no e-mail address: bo at home",)


def test_an_unknown_manager_is_said_and_the_person_kept() -> None:
    roster = read(BO | {"manager": "99"})
    assert roster.people[0].manager_key is None
    assert roster.dropped == ("line 2: kept without a manager: 99 is nobody in this file",)


def test_a_circle_of_managers_is_cut_only_where_it_is_a_circle() -> None:
    def one(key: str, manager: str) -> dict[str, str]:
        return {"id": key, "name": key, "emails": f"{key}@example.com", "manager": manager}

    roster = read(one("a", "b"), one("b", "c"), one("c", "b"), one("d", "d"), one("e", ""))
    assert {person.key: person.manager_key for person in roster.people} == {
        "a": "b",
        "b": None,
        "c": None,
        "d": None,
        "e": None,
    }
    assert [said.split(":")[0] for said in roster.dropped] == ["line 3", "line 4", "line 5"]


@given(st.lists(st.integers(0, 30), max_size=30))
def test_however_managers_are_linked_everybody_is_kept_and_no_circle_is_left(links: Sequence[int]) -> None:
    rows = [{"id": str(at), "name": "x", "manager": str(link)} for at, link in enumerate(links)]
    roster = read(*rows)
    assert len(roster.people) == len(rows)
    manager = {person.key: person.manager_key for person in roster.people}
    for begin in manager:
        seen = {begin}
        here = manager[begin]
        while here is not None:
            assert here not in seen
            seen.add(here)
            here = manager[here]


def test_columns_are_found_in_any_order_and_case_and_the_rest_is_named() -> None:
    header = people.header_of(["Shoe size", "END", "start", "Manager", "NAME", "emails", " Id "])
    assert header.place["id"] == 6
    assert header.ignored == ("Shoe size",)
    assert header.absent == ("department", "title", "away_from", "away_until", "kind")


def test_a_header_without_the_needed_columns_is_refused_and_the_wanted_one_shown() -> None:
    with pytest.raises(Misread, match=r"missing columns: id, manager, end") as caught:
        people.header_of(["emails", "name", "start"])
    assert people.HEADER in str(caught.value)
    with pytest.raises(Misread, match="columns given twice: name"):
        people.header_of([*people.COLUMNS, "Name"])
