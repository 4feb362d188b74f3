"""The invented company is believable, the same for the same seed, and holds what a reviewer ought to find."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from connectors.sandbox import attendance, company, names, roster
from tests.connectors.sandbox.visitors import NOW, SEED


@pytest.fixture(scope="module")
def made() -> company.Company:
    return company.make(SEED, NOW)


def test_the_same_seed_and_day_make_the_same_company(made: company.Company) -> None:
    assert roster.csv_text(made) == roster.csv_text(company.make(SEED, NOW))
    assert roster.csv_text(made) != roster.csv_text(company.make(SEED + 1, NOW))


def test_every_chain_of_managers_ends_at_the_one_chief(made: company.Company) -> None:
    tops = set()
    for person in made.people.values():
        seen = 0
        while person.manager:
            person, seen = made.people[person.manager], seen + 1
            assert seen < 10
        tops.add(person.key)
    assert tops == {"P00001"}


def test_the_roster_is_csv_with_the_agreed_header_and_plays_no_tricks(made: company.Company) -> None:
    lines = list(csv.DictReader(io.StringIO(roster.csv_text(made))))
    assert tuple(lines[0]) == roster.HEADER
    assert len(lines) == 300 + 4
    assert len({line["id"] for line in lines}) == len(lines)
    assert {line["kind"] for line in lines} == {"employee", "contractor", "service"}
    for line in lines:
        assert all(email.endswith(f"@{company.DOMAIN}") and email.isascii() for email in line["emails"].split(";"))
        assert not line["end"] or date.fromisoformat(line["end"])
    emails = [email for line in lines for email in line["emails"].split(";")]
    assert len(set(emails)) == len(emails)


def test_difficult_names_are_there(made: company.Company) -> None:
    people = {person.name for person in made.people.values()}
    assert {"Ng", " ".join(names.LONG), " ".join(names.RIGHT_TO_LEFT)} <= people
    assert sum(len(part) for part in names.LONG) == 60


def test_twelve_line_managers_work_in_both_crms(made: company.Company) -> None:
    managers = [made.people[key] for key in made.line_managers]
    assert len(managers) == 12
    assert all(manager.salesforce and manager.hubspot for manager in managers)


def test_whoever_is_away_does_not_sign_in(made: company.Company) -> None:
    on_leave = made.plays("away")[0]
    last = attendance.last_day(made, on_leave, "salesforce")
    assert on_leave.away_from
    assert on_leave.away_until
    assert last
    assert last < on_leave.away_from <= made.today < on_leave.away_until


def test_leavers_do_not_sign_in_after_their_last_day(made: company.Company) -> None:
    for part in ("departed_admin", "leavers_salesforce", "leavers_hubspot", "leavers_gone"):
        for person in made.plays(part):
            assert person.end
            assert person.end < made.today
            assert all(at.date() <= person.end for at in attendance.sign_ins(made, person, "salesforce"))


def test_owners_name_people_of_the_roster_and_one_machine_is_nobodys(made: company.Company) -> None:
    owners = roster.owners(made)
    assert set(owners.values()) <= set(made.people)
    assert f"svc-legacy-export@{company.DOMAIN}" not in owners


def test_fewer_people_than_parts_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 80"):
        company.make(SEED, NOW, 40)


def test_a_large_company_takes_time_in_proportion() -> None:
    large = company.make(SEED, NOW, 20_000)
    assert len(large.people) == 20_000
    assert len(large.parts["leavers_salesforce"]) == 200
