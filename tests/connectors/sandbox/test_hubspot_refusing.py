"""What the pretend portal refuses: each wrong wish by itself, everything else about it being right."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.sandbox.serve import Running
from tests.connectors.sandbox import visitors
from tests.connectors.sandbox.test_hubspot import ACCOUNTS, category, someone
from tests.connectors.sandbox.visitors import Portal

RECORDS, OWNERS = "/crm/v3/objects/users", "/crm/owners/2026-03"


@pytest.fixture(scope="module")
def portal_module(_one_set_of_keys: None, read_hubspot: Running) -> Portal:
    """The executor of the portal that is only read: nothing here succeeds in changing it."""
    return visitors.portal(read_hubspot, "executor")


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "no address"},
        {"email": "new@example.com", "sendWelcomeEmail": None},
        {"email": "new@example.com", "sendWelcomeEmail": False, "roleId": "999999"},
        {"email": "new@example.com", "sendWelcomeEmail": False, "primaryTeamId": "999999"},
    ],
    ids=["no address", "nothing of a welcome", "no such role", "no such team"],
)
def test_nobody_is_invited_by_a_wish_that_is_not_right(portal_module: Portal, wrong: dict[str, Any]) -> None:
    wish = {name: value for name, value in ({"sendWelcomeEmail": False} | wrong).items() if value is not None}
    assert category(portal_module.ask("POST", ACCOUNTS, json=wish), 400) == "VALIDATION_ERROR"
    assert portal_module.get(f"{ACCOUNTS}/{wrong['email']}", idProperty="EMAIL").status_code == 404


def test_ids_are_of_the_kinds_that_there_are(portal_module: Portal) -> None:
    who = someone(portal_module)
    assert category(portal_module.get(f"{ACCOUNTS}/{who['id']}", idProperty="NAME"), 400) == "VALIDATION_ERROR"
    owner = portal_module.get(OWNERS, limit=1).json()["results"][0]["id"]
    assert portal_module.get(f"{OWNERS}/{owner}", idProperty="id").status_code == 200
    assert category(portal_module.get(f"{OWNERS}/{owner}", idProperty="email"), 400) == "VALIDATION_ERROR"


def test_a_record_keeps_what_people_may_not_change_themselves(portal_module: Portal) -> None:
    record = portal_module.get(RECORDS, limit=1, properties="hs_email").json()["results"][0]
    answer = portal_module.ask("PATCH", f"{RECORDS}/{record['id']}", json={"properties": {"hs_email": "x@example.com"}})
    assert answer.json()["subCategory"] == "READ_ONLY_VALUE"
    after = portal_module.get(f"{RECORDS}/{record['id']}", properties="hs_email").json()
    assert after["properties"]["hs_email"] == record["properties"]["hs_email"]


@pytest.mark.parametrize(
    "wish",
    [
        {"limit": 100, "after": "9901"},
        {"filterGroups": [{"filters": [{"propertyName": "hs_email", "operator": "SOUNDS_LIKE", "value": "a"}]}]},
    ],
    ids=["beyond ten thousand", "no such operator"],
)
def test_a_search_ends_where_documents_say_so(portal_module: Portal, wish: dict[str, Any]) -> None:
    answer = portal_module.ask("POST", f"{RECORDS}/search", json=wish)
    assert category(answer, 400) == "VALIDATION_ERROR"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_id": "another"}, "invalid_client"),
        ({"client_secret": "another"}, "invalid_client"),
        ({"refresh_token": "another"}, "invalid_grant"),
    ],
)
def test_no_access_token_is_given_for_a_wrong_part(portal_module: Portal, changed: dict[str, str], error: str) -> None:
    form = {"grant_type": "refresh_token"} | portal_module.running.credentials["oauth"] | changed
    answer = portal_module.http.post("/oauth/2026-03/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_only_its_own_client_learns_what_a_token_is(portal_module: Portal) -> None:
    known = portal_module.running.credentials["oauth"]
    for wrong in ({"client_id": "another"}, {"client_secret": "another"}):
        form = known | {"token": known["refresh_token"]} | wrong
        assert portal_module.http.post("/oauth/2026-03/token/introspect", data=form).status_code == 401


def test_the_door_of_static_tokens_tells_nothing_of_others(portal_module: Portal) -> None:
    known = portal_module.running.credentials["oauth"]
    fresh = portal_module.http.post("/oauth/v1/token", data={"grant_type": "refresh_token"} | known).json()
    for token in (fresh["access_token"], "pat-na1-never-made"):
        answer = portal_module.http.post("/oauth/v2/private-apps/get/access-token-info", json={"tokenKey": token})
        assert answer.status_code == 401
