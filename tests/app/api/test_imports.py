"""A review that was made elsewhere, handed in over the API."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from app.review import campaigns
from tests import make
from tests.app.api.house import House
from tests.app.review import cast

HEAD = "account,access,decision,decided_by,decided_on"


def hand_in(house: House, *rows: str, who: str = "boss") -> Any:
    content = base64.b64encode("\n".join([HEAD, *rows]).encode()).decode()
    path = f"/api/v1/systems/{house.company.system.id}/imports"
    return house.client(who).post(path, json={"name": "Q3", "file": "q3.csv", "content": content})


def test_it_is_taken_and_listed(house: House) -> None:
    answer = hand_in(house, "bo@corp,Sales rep,approved,Old Boss,2026-08-31", "bo@corp,,revoked,Old Boss,2026-08-30")
    assert answer.status_code == 201, answer.text
    listed = house.client("auditor").get(f"/api/v1/systems/{house.company.system.id}/imports").json()["imports"]
    assert listed == [answer.json()]
    assert (listed[0]["rows"], listed[0]["unknown"], listed[0]["decided_on"]) == (2, 0, "2026-08-31")


def test_what_a_review_closed_here_hides_says_so(house: House) -> None:
    row = "bo@corp,Sales rep,approved,Old Boss,2026-08-31"
    assert hand_in(house, row).json()["hidden_by"] is None
    with house.database.transaction() as session:
        last = cast.opened(session, name="Ours")
        campaigns.close(session, last.id, unanswered="remove", by=make.ADMIN, at=make.NOW)
    path = f"/api/v1/systems/{house.company.system.id}/imports"
    (listed,) = house.client("auditor").get(path).json()["imports"]
    assert listed["hidden_by"] == "Ours"


def test_a_bad_row_is_named_with_the_way_out_and_nothing_is_taken(house: House) -> None:
    answer = hand_in(house, "bo@corp,Sales rep,approved,Old Boss,2026-08-31", "bo@corp,,maybe,Old Boss,2026-08-30")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_rows")
    (row,) = answer.json()["facts"]["rows"]
    assert (row["line"], row["because"]) == (3, '"maybe" is no answer')
    assert house.client("boss").get(f"/api/v1/systems/{house.company.system.id}/imports").json() == {
        "imports": [],
        "next": None,
    }


@pytest.mark.parametrize("content", ["abc", "🔻🔻"])
def test_what_is_no_base64_is_refused_in_words(house: House, content: str) -> None:
    path = f"/api/v1/systems/{house.company.system.id}/imports"
    answer = house.client("boss").post(path, json={"name": "Q3", "file": "q3.csv", "content": content})
    assert (answer.status_code, answer.json()["code"]) == (422, "file_unreadable")
