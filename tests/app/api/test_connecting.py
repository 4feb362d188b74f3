"""Connecting systems over the API: credentials go in and never come out, and none is sent where it was not given for."""

from __future__ import annotations

from typing import Any

import pytest

from app.inventory.tables import SystemRow
from app.ledger.tables import EntryRow
from tests import fake_connector, make
from tests.app.api.house import KEYS, House

WORLD = "over the API"
TOKEN = {"token": "reader-token"}


@pytest.fixture
def crm() -> Any:
    fake_connector.register()
    return fake_connector.world(WORLD)


def _asked(crm: Any, **given: Any) -> dict[str, Any]:
    return {"name": "Acme", "kind": "fake", "config": {"world": WORLD}, "reader": TOKEN, **given}


def _added(house: House, crm: Any, **given: Any) -> dict[str, Any]:
    answer = house.client("admin").post("/api/v1/systems", json=_asked(crm, **given))
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_system_is_tried_and_pinned_before_it_is_kept(house: House, crm: Any) -> None:
    told = _added(house, crm)
    assert (told["name"], told["writing"], told["version"]) == ("Acme", [], 2)
    assert told["key"]
    assert "reader-token" not in str(told)
    shown = house.client("service").get(f"/api/v1/systems/{told['id']}")
    assert shown.json()["config"] is None
    assert house.client("admin").get(f"/api/v1/systems/{told['id']}").json()["config"] == {"world": WORLD}
    with house.database.reading() as session:
        row = session.get_one(SystemRow, told["id"])
        assert b"reader-token" not in (row.reader_secret or b"")
        assert KEYS.open_mapping(row.reader_secret or b"", where=f"system:{row.id}:reader") == TOKEN


def test_a_kind_that_there_is_no_connector_for_is_refused(house: House) -> None:
    answer = house.client("admin").post("/api/v1/systems", json={"name": "X", "kind": "nothing"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_kind")


def test_the_same_request_again_connects_nothing_again(house: House, crm: Any) -> None:
    """Also with a credential that is good for one use: who was answered already is not tried again."""
    crm.rotates = True
    answers = [
        house.client("admin", **{"Idempotency-Key": "k1"}).post("/api/v1/systems", json=_asked(crm)) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotency-Replayed"] == "true"


def test_a_stored_credential_is_never_sent_to_another_address(house: House, crm: Any) -> None:
    path = f"/api/v1/systems/{_added(house, crm)['id']}"
    elsewhere = house.client("admin").patch(path, json={"config": {"world": "the thief's"}})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "credential_again")
    named = house.client("admin").patch(path, json={"name": "Acme EU", "owner_key": "cy"})
    assert (named.json()["name"], named.json()["owner_key"]) == ("Acme EU", "cy")
    again = house.client("admin").patch(path, json={"config": {"world": WORLD, "page": "5"}, "reader": TOKEN})
    assert again.status_code == 200, again.text
    assert again.json()["config"] == {"world": WORLD, "page": "5"}


def test_whoever_comes_second_to_a_system_is_told_who_was_first(house: House, crm: Any) -> None:
    system = _added(house, crm)
    path, seen = f"/api/v1/systems/{system['id']}", {"If-Match": f'"{system["version"]}"'}
    assert house.client("boss", **seen).patch(path, json={"name": "First"}).status_code == 200
    late = house.client("admin", **seen).patch(path, json={"name": "Second"})
    assert (late.status_code, late.json()["facts"]["act"]) == (412, "system.changed")
    assert late.json()["facts"]["who"] == "Flo"


def test_a_new_credential_is_tried_first(house: House, crm: Any) -> None:
    path = f"/api/v1/systems/{_added(house, crm)['id']}"
    answer = house.client("admin").put(f"{path}/credentials/executor", json={"secret": {"token": "executor-token"}})
    assert answer.status_code == 200, answer.text
    same = house.client("admin").put(f"{path}/credentials/executor", json={"secret": TOKEN})
    assert (same.status_code, same.json()["code"]) == (422, "same_credential")
    on = house.client("admin").put(f"{path}/writing", json={"acts": ["remove_grant"]})
    assert (on.status_code, on.json()["writing"]) == (200, ["remove_grant"])
    strange = house.client("admin").put(f"{path}/writing", json={"acts": ["fly"]})
    assert (strange.status_code, strange.json()["code"]) == (422, "unknown_act")


def test_a_system_is_removed_and_its_credentials_forgotten(house: House, crm: Any) -> None:
    path = f"/api/v1/systems/{_added(house, crm)['id']}"
    assert house.client("admin").delete(path).status_code == 204
    assert house.client("admin").get(path).status_code == 404
    with house.database.reading() as session:
        row = session.query(SystemRow).filter_by(name="Acme").one()
        assert (row.reader_secret, row.executor_secret) == (None, None)
        assert session.query(EntryRow).filter_by(kind="system.removed").one().subject == f"system:{row.id}"


def test_a_system_that_a_review_or_a_removal_counts_on_stays(house: House) -> None:
    path = f"/api/v1/systems/{house.company.system.id}"
    answer = house.client("admin").delete(path)
    assert (answer.status_code, answer.json()["code"]) == (409, "needed")
    assert "Q4" in answer.json()["detail"]
    assert "1 removals" in answer.json()["detail"]


def test_this_installation_itself_cannot_be_taken_out_of_sight(house: House) -> None:
    with house.database.transaction() as session:
        system = make.system(session, kind="rolecall", name="Rolecall")
    answer = house.client("admin").delete(f"/api/v1/systems/{system.id}")
    assert (answer.status_code, answer.json()["code"]) == (403, "ourselves")
