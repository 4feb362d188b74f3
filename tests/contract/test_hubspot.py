"""What a HubSpot portal promises, as far as we rely on it. Every line here is documented or asked of a real portal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.conftest import Caller

FAMILIES = ("/settings/v3/users", "/settings/v3/users/", "/settings/users/2026-03")


def everything(portal: Caller, path: str, limit: int) -> list[dict[str, Any]]:
    found, after = [], {}
    while True:
        page = portal.get(path, limit=limit, **after).json()
        found += page["results"]
        if "paging" not in page:
            return found
        after = {"after": page["paging"]["next"]["after"]}


def test_pages_end_without_paging_and_repeat_nobody(portal: Caller) -> None:
    accounts = everything(portal, "/settings/users/2026-03", 10)
    assert len(accounts) == len({each["id"] for each in accounts}) > 0
    assert all({"id", "email", "roleIds", "superAdmin"} <= each.keys() for each in accounts)


def test_both_families_of_paths_tell_of_the_same_accounts(portal: Caller) -> None:
    told = [{each["id"] for each in everything(portal, path, 100)} for path in FAMILIES]
    assert told[0] == told[1] == told[2]


def test_an_account_is_found_by_id_and_by_mailbox(portal: Caller) -> None:
    one = portal.get("/settings/users/2026-03", limit=1).json()["results"][0]
    by_id = portal.get(f"/settings/users/2026-03/{one['id']}").json()
    by_mail = portal.get(f"/settings/users/2026-03/{one['email']}", idProperty="EMAIL").json()
    assert by_id["id"] == by_mail["id"] == one["id"]


def test_only_404_proves_that_nobody_is_there(portal: Caller) -> None:
    answer = portal.get("/settings/users/2026-03/999999999999")
    assert (answer.status_code, answer.json()["category"]) == (404, "OBJECT_NOT_FOUND")


def test_a_wrong_token_is_401_in_the_envelope(portal: Caller) -> None:
    answer = portal.get("/settings/users/2026-03", {"Authorization": "Bearer pat-na1-nonsense"})
    assert answer.status_code == 401
    assert {"status", "message", "correlationId"} <= answer.json().keys()


def test_roles_are_told_or_the_plan_has_none(portal: Caller) -> None:
    answer = portal.get("/settings/users/2026-03/roles")
    said = answer.json()
    assert (answer.status_code == 200 and all({"id", "name"} <= r.keys() for r in said["results"])) or (
        answer.status_code == 400 and said["category"] == "VALIDATION_ERROR"
    )


def test_records_of_people_cannot_be_listed_when_archived(portal: Caller) -> None:
    answer = portal.get("/crm/v3/objects/users", archived="true")
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_former_owners_come_only_when_asked_for(portal: Caller) -> None:
    now = portal.get("/crm/v3/owners", limit=100).json()["results"]
    former = portal.get("/crm/v3/owners", limit=100, archived="true").json()["results"]
    assert {each["archived"] for each in now} == {False}  # whoever made the token is one
    assert {each["archived"] for each in former} <= {True}
    assert [each["id"] for each in former if each.get("userId")] == []


@pytest.mark.parametrize("version", ["v3", "2026-03"])
def test_sign_ins_are_paged_by_two_hundred_at_most(portal: Caller, version: str) -> None:
    answer = portal.get(f"/account-info/{version}/activity/login", limit=200)
    if answer.status_code == 403:  # not on every plan
        return
    assert len(answer.json()["results"]) <= 200
    assert all({"id", "loginAt", "loginSucceeded"} <= each.keys() for each in answer.json()["results"])


def test_a_static_token_says_whose_it_is(portal: Caller) -> None:
    token = portal.http.headers["authorization"].removeprefix("Bearer ")
    said = portal.http.post("/oauth/v2/private-apps/get/access-token-info", json={"tokenKey": token}).json()
    assert {"userId", "hubId", "appId", "scopes"} <= said.keys()
    assert portal.get("/account-info/v3/details").json()["portalId"] == said["hubId"]


def test_the_rolling_limit_is_told_with_each_answer(portal: Caller) -> None:
    headers = portal.get("/settings/users/2026-03", limit=1).headers
    assert int(headers["X-HubSpot-RateLimit-Max"]) >= int(headers["X-HubSpot-RateLimit-Remaining"])
