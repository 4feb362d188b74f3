"""A roster that somebody handed in, vouched for by somebody else who looked at it."""

from __future__ import annotations

from typing import Any

import pytest

from app.actors.tables import TokenRow
from app.inventory.tables import RosterUploadRow
from tests import make
from tests.app.api.house import House


def handed_in(house: House, **given: Any) -> str:
    """A roster file in the system of people; its number."""
    with house.database.transaction() as session:
        return str(make.upload(session, house.company.roster, **given).id)


def path(house: House) -> str:
    return f"/api/v1/systems/{house.company.roster.id}/roster"


def test_the_roster_handed_in_last_is_told_without_its_content(house: House) -> None:
    handed_in(house, uploaded_at=make.LONG_AGO)
    latest = handed_in(house, source="HR", rows=6)
    told = house.client("auditor").get(path(house)).json()
    assert (told["id"], told["source"], told["rows"], told["approved_by"]) == (latest, "HR", 6, None)
    assert told["uploaded_by"] == make.ADMIN.id
    assert "content" not in told


def test_a_second_person_approves_it(house: House) -> None:
    latest = handed_in(house)
    answer = house.client("boss").put(path(house) + "/approval", json={"roster": latest})
    assert answer.status_code == 200, answer.text
    assert answer.json()["approved_by"].startswith("actor-")
    assert house.client("boss").get(path(house)).json() == answer.json()


def test_who_handed_it_in_does_not_approve_it(house: House) -> None:
    with house.database.reading() as session:
        boss = session.get_one(TokenRow, house.tokens["boss"].split("_")[1]).actor_id
    latest = handed_in(house, uploaded_by=boss)
    answer = house.client("boss").put(path(house) + "/approval", json={"roster": latest})
    assert (answer.status_code, answer.json()["code"]) == (403, "own_upload")


def test_nobody_vouches_for_a_file_that_came_after_they_looked(house: House) -> None:
    seen = handed_in(house, uploaded_at=make.LONG_AGO)
    latest = handed_in(house)
    answer = house.client("boss").put(path(house) + "/approval", json={"roster": seen})
    assert (answer.status_code, answer.json()["code"]) == (412, "other_roster")
    with house.database.reading() as session:
        assert {row.approved_by for row in session.query(RosterUploadRow)} == {None}
    assert house.client("boss").get(path(house)).json()["id"] == latest


@pytest.mark.parametrize("end", ["", "/approval"])
def test_without_a_roster_there_is_nothing_to_see_or_approve(house: House, end: str) -> None:
    body = {"roster": "00000000-0000-0000-0000-000000000000"} if end else None
    for number in (house.company.roster.id, 999):
        answer = house.client("boss").request(
            "PUT" if end else "GET", f"/api/v1/systems/{number}/roster{end}", json=body
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
