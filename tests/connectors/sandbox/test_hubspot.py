"""What the pretend portal tells and lets be changed: as probes and documents say, a knob where they are silent."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from connectors.sandbox.hubspot import front
from connectors.sandbox.serve import Running
from tests.connectors.sandbox import visitors
from tests.connectors.sandbox.visitors import Portal

LISTS = [
    "/settings/v3/users/",
    "/settings/v3/users",
    "/settings/users/v3",
    "/settings/users/2026-03",
    "/settings/users/2026-09-beta/",
]
ACCOUNTS = "/settings/users/2026-03"


def category(answer: httpx2.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    found: str = answer.json()["category"]
    return found


def someone(portal: Portal) -> Any:
    """A person with a role, no administrator and no machine."""
    rows = portal.all(ACCOUNTS)
    return next(r for r in rows if not r["superAdmin"] and r.get("roleId") and r["email"][:4] not in {"svc-", "role"})


@pytest.mark.parametrize("path", LISTS)
def test_every_family_of_paths_tells_the_same(portal: Portal, path: str) -> None:
    rows = portal.all(path, limit=40)
    assert [row["id"] for row in rows] == [row["id"] for row in portal.all(LISTS[0])]
    assert all({"id", "email", "roleIds", "superAdmin"} <= set(row) for row in rows)
    assert all(("seatNames" in row) == ("2026-03" not in path) for row in rows)


def test_the_last_page_has_no_paging_and_a_foreign_cursor_is_refused(portal: Portal) -> None:
    first = portal.get(ACCOUNTS, limit=100).json()
    last = portal.get(ACCOUNTS, limit=100, after=first["paging"]["next"]["after"]).json()
    assert "paging" not in last
    assert not {row["id"] for row in last["results"]} & {row["id"] for row in first["results"]}
    assert len(last["results"]) > 0
    assert category(portal.get("/crm/v3/owners", after=first["paging"]["next"]["after"]), 400) == "VALIDATION_ERROR"


def test_an_account_is_found_by_id_and_by_email(portal: Portal) -> None:
    who = portal.get(ACCOUNTS, limit=1).json()["results"][0]
    assert portal.get(f"{ACCOUNTS}/{who['id']}").json() == who
    assert portal.get(f"{ACCOUNTS}/{who['email'].replace('@', '%40')}", idProperty="EMAIL").json() == who
    assert category(portal.get(f"{ACCOUNTS}/1"), 404) == "OBJECT_NOT_FOUND"


def test_the_token_tells_its_owner_and_its_scopes(read_hubspot: Running) -> None:
    token = read_hubspot.credentials["executor"]["token"]
    said = httpx2.post(
        f"{read_hubspot.url}/oauth/v2/private-apps/get/access-token-info", json={"tokenKey": token}
    ).json()
    assert set(said) == {"userId", "hubId", "appId", "scopes"}
    assert "settings.users.write" in said["scopes"]
    assert (
        visitors.portal(read_hubspot)
        .get(f"{ACCOUNTS}/{said['userId']}")
        .json()["email"]
        .startswith("rolecall-executor")
    )


def test_a_refresh_token_gives_access_tokens_that_run_out(hubspot: Running) -> None:
    known = hubspot.credentials["oauth"]
    portal = visitors.portal(hubspot)
    said = portal.http.post("/oauth/v1/token", data={"grant_type": "refresh_token"} | known).json()
    assert said["expires_in"] == 1800
    portal.headers = {"Authorization": f"Bearer {said['access_token']}"}
    answer = portal.get(ACCOUNTS)
    assert answer.status_code == 200
    assert "X-HubSpot-RateLimit-Daily" not in answer.headers
    told = portal.http.post("/oauth/2026-03/token/introspect", data=known | {"token": said["access_token"]}).json()
    assert told["active"] is True
    portal.admin("knobs", {"token_seconds": 0})
    gone = portal.http.post("/oauth/2026-03/token", data={"grant_type": "refresh_token"} | known).json()
    portal.headers = {"Authorization": f"Bearer {gone['access_token']}"}
    assert category(portal.get(ACCOUNTS), 401) == "EXPIRED_AUTHENTICATION"
    for wrong, error in {"refresh_token": "invalid_grant", "client_secret": "invalid_client"}.items():
        form = {"grant_type": "refresh_token"} | known | {wrong: "nonsense"}
        assert portal.http.post("/oauth/2026-03/token", data=form).json()["error"] == error


def test_no_token_is_401_and_a_missing_scope_is_403_with_its_name(portal_reader: Portal) -> None:
    answer = portal_reader.http.get(ACCOUNTS)
    assert category(answer, 401) == "INVALID_AUTHENTICATION"
    portal_reader.admin("rights", {"principal": "reader", "without": ["account-info.security.read"]})
    answer = portal_reader.get("/account-info/v3/activity/login")
    assert category(answer, 403) == "MISSING_SCOPES"
    assert answer.json()["errors"][0]["context"]["requiredGranularScopes"] == ["account-info.security.read"]
    portal_reader.admin("rights", {"principal": "reader", "without": ["settings.users.read"]})
    assert portal_reader.get(ACCOUNTS).status_code == 200  # either of two scopes will do
    portal_reader.admin("rights", {"principal": "reader", "without": ["settings.users.read", "crm.objects.users.read"]})
    assert category(portal_reader.get(ACCOUNTS), 403) == "MISSING_SCOPES"


def test_a_reader_changes_nothing(portal_reader: Portal) -> None:
    who = someone(portal_reader)["id"]
    team = f"/settings/teams/2026-09-beta/1/members/{who}"
    asks = [("POST", ACCOUNTS), ("PUT", f"{ACCOUNTS}/{who}"), ("DELETE", f"{ACCOUNTS}/{who}")]
    for method, path in [*asks, ("PATCH", f"/crm/v3/objects/users/{who}"), ("DELETE", team)]:
        assert category(portal_reader.ask(method, path, json={}), 403) == "MISSING_SCOPES"


def test_removal_is_204_again_and_again_and_reads_say_404(portal_executor: Portal) -> None:
    who = someone(portal_executor)
    for path in LISTS[:3]:
        assert portal_executor.ask("DELETE", f"{path.rstrip('/')}/{who['id']}").status_code == 204
    assert portal_executor.get(f"{ACCOUNTS}/{who['id']}").status_code == 404
    assert portal_executor.get(f"{ACCOUNTS}/{who['email']}", idProperty="EMAIL").status_code == 404
    assert who["id"] not in {row["id"] for row in portal_executor.all(ACCOUNTS)}
    events = portal_executor.all("/account-info/v3/activity/security", userId=who["id"], limit=200)
    assert [e["type"] for e in events].count("REMOVE_USER") == 1
    assert events[0]["actingUser"].startswith("rolecall-executor")
    archived = {row["userIdIncludingInactive"]: row for row in portal_executor.all("/crm/v3/owners/", archived="true")}
    assert not {"email", "userId"} & set(archived[int(who["id"])])


def test_each_change_leaves_its_event_with_who_did_it(portal_executor: Portal) -> None:
    """What is done by the API and what is done in the pages alike."""
    who = someone(portal_executor)
    wish = {"email": "new.face@northwind-sandbox.example", "sendWelcomeEmail": False}
    made = portal_executor.ask("POST", ACCOUNTS, json=wish).json()["id"]
    portal_executor.admin("as-admin", {"act": "deactivate", "account": who["id"]})
    portal_executor.ask("DELETE", f"{ACCOUNTS}/{who['id']}")
    events = portal_executor.all("/account-info/2026-03/activity/security", limit=200)
    newest = [(event["type"], event["objectId"]) for event in events[:3]]
    assert newest == [("REMOVE_USER", who["id"]), ("DEACTIVATE_USER", who["id"]), ("ADD_USER", made)]
    assert [event["actingUser"].startswith("rolecall-executor") for event in events[:3]] == [True, False, True]
    audited = portal_executor.get("/account-info/2026-03/activity/audit-logs", limit=1).json()["results"][0]
    acted = portal_executor.get(f"{ACCOUNTS}/{audited['actingUser']['userId']}").json()
    assert (audited["action"], audited["targetObjectId"]) == ("REMOVE_USER", who["id"])
    assert acted["email"] == audited["actingUser"]["userEmail"] == events[0]["actingUser"], "the log names one person"
    portal_executor.admin("knobs", {"security_user": "actor"})
    newest = portal_executor.all("/account-info/2026-03/activity/security", userId=acted["id"], limit=200)[0]
    assert (str(newest["userId"]), newest["objectId"]) == (acted["id"], who["id"])
    portal_executor.admin("knobs", {"security_user": "subject"})
    other = someone(portal_executor)["id"]
    team = portal_executor.get(f"{ACCOUNTS}/teams").json()["results"][0]["id"]
    for change in ({"roleId": "300007"}, {"roleId": None}, {"primaryTeamId": team}, {"primaryTeamId": None}):
        portal_executor.ask("PUT", f"{ACCOUNTS}/{other}", json=change)
    events = portal_executor.get("/account-info/2026-03/activity/security", userId=other, limit=4).json()["results"]
    changed = ["TEAM_USER_DELETED", "TEAM_USER_ADDED", "REMOVE_ADMIN_PERMISSIONS", "ADD_ADMIN_PERMISSIONS"]
    assert [event["type"] for event in events] == changed


def test_pages_are_as_large_as_each_list_allows(portal: Portal) -> None:
    bounds = {"/account-info/v3/activity/login": 200, "/account-info/v3/activity/security": 200}
    for path, most in bounds.items():
        assert len(portal.get(path, limit=most).json()["results"]) <= most
        assert portal.get(path, limit=most + 1).status_code == 400
    assert len(portal.get("/crm/v3/owners", limit=500).json()["results"]) > 100
    assert portal.get("/crm/v3/owners", limit=501).status_code == 400
    assert len(portal.get("/crm/v3/objects/users", limit=100).json()["results"]) == 100
    assert portal.get("/crm/v3/objects/users", limit=101).status_code == 400
    assert len(portal.get(ACCOUNTS, limit=500).json()["results"]) == 100  # cut, not refused
    assert portal.ask("POST", "/crm/v3/objects/users/search", json={"limit": 200}).status_code == 200
    assert portal.ask("POST", "/crm/v3/objects/users/search", json={"limit": 201}).status_code == 400


def test_a_mail_token_is_found_by_its_id_and_listed_by_page(portal: Portal) -> None:
    path = "/marketing/v3/transactional/smtp-tokens"
    assert [row["id"] for row in portal.all(path, limit=1)] == ["smtp-1", "smtp-2"]
    assert portal.get(f"{path}/smtp-2").json()["id"] == "smtp-2"
    assert portal.get(f"{path}/smtp-3").status_code == 404


def test_a_seat_may_be_lacking(portal_executor: Portal) -> None:
    portal_executor.admin("knobs", {"no_seat": True})
    wish = {"email": "no.seat@northwind-sandbox.example", "sendWelcomeEmail": False, "roleId": "300001"}
    answer = portal_executor.ask("POST", ACCOUNTS, json=wish)
    assert "NO_SEAT_AVAILABLE_FOR_ROLE_COMBINATION" in answer.text
    assert category(answer, 400) == "VALIDATION_ERROR"


def test_the_list_may_lag_behind_a_removal(portal_executor: Portal) -> None:
    portal_executor.admin("knobs", {"list_lag_seconds": 30})
    who = someone(portal_executor)["id"]
    portal_executor.ask("DELETE", f"{ACCOUNTS}/{who}")
    assert who in {row["id"] for row in portal_executor.all(ACCOUNTS)}
    assert portal_executor.get(f"{ACCOUNTS}/{who}").status_code == 404


def test_whoever_comes_back_has_the_same_id(portal_executor: Portal) -> None:
    who = someone(portal_executor)
    wish = {"email": who["email"], "sendWelcomeEmail": True}
    assert portal_executor.ask("POST", ACCOUNTS, json=wish).status_code == 409
    portal_executor.ask("DELETE", f"{ACCOUNTS}/{who['id']}")
    answer = portal_executor.ask("POST", ACCOUNTS, json=wish)
    assert answer.status_code == 201
    assert answer.json()["id"] == who["id"]
    assert answer.json()["sendWelcomeEmail"] is True
    again = portal_executor.get(f"{ACCOUNTS}/{who['id']}").json()
    assert (again["sendWelcomeEmail"], again["superAdmin"]) == (False, False)
    named = portal_executor.ask("PUT", f"{ACCOUNTS}/{who['id']}", json={"firstName": "Bo"})
    assert category(named, 400) == "VALIDATION_ERROR"
    assert "USER_NOT_ON_ANY_HUBS" in named.text
    portal_executor.ask("DELETE", f"{ACCOUNTS}/{who['id']}")
    made = portal_executor.admin("as-admin", {"act": "create_account", "email": who["email"]})
    assert made == {"id": who["id"]}
    assert portal_executor.get(f"{ACCOUNTS}/{who['id']}").status_code == 200


@pytest.mark.parametrize(
    ("mode", "role_after", "team_after"),
    [("partial", "300007", "kept"), ("replace", "300007", "gone"), ("ignores-role", "kept", "kept")],
)
def test_what_an_omitted_field_means_is_a_knob(
    portal_executor: Portal, mode: str, role_after: str, team_after: str
) -> None:
    portal_executor.admin("knobs", {"put_mode": mode})
    who = someone(portal_executor)
    assert portal_executor.ask("PUT", f"{ACCOUNTS}/{who['id']}", json={"roleId": "300007"}).status_code == 200
    after = portal_executor.get(f"{ACCOUNTS}/{who['id']}").json()
    assert after["roleId"] == (who["roleId"] if role_after == "kept" else role_after)
    assert after.get("primaryTeamId") == (who["primaryTeamId"] if team_after == "kept" else None)


def test_super_admin_cannot_be_written(portal_executor: Portal) -> None:
    admin = portal_executor.truth()["categories"]["privileged"][0]
    answer = portal_executor.ask("PUT", f"{ACCOUNTS}/{admin}", json={"superAdmin": False})
    assert category(answer, 400) == "VALIDATION_ERROR"
    portal_executor.admin("knobs", {"refuse_super_admin_delete": True})
    assert portal_executor.ask("DELETE", f"{ACCOUNTS}/{admin}").status_code == 400
    assert portal_executor.get(f"{ACCOUNTS}/{admin}").json()["superAdmin"] is True
    portal_executor.admin("knobs", {"refuse_super_admin_delete": False})
    assert portal_executor.ask("DELETE", f"{ACCOUNTS}/{admin}").status_code == 204


def test_a_role_that_costs_money_needs_its_scope(portal_executor: Portal) -> None:
    who = someone(portal_executor)["id"]
    paid = next(
        r["id"] for r in portal_executor.get(f"{ACCOUNTS}/roles").json()["results"] if r["requiresBillingWrite"]
    )
    portal_executor.admin("rights", {"principal": "executor", "without": ["settings.billing.write"]})
    assert category(portal_executor.ask("PUT", f"{ACCOUNTS}/{who}", json={"roleId": paid}), 403) == "MISSING_SCOPES"
    portal_executor.admin("rights", {"principal": "executor", "without": []})
    assert portal_executor.ask("PUT", f"{ACCOUNTS}/{who}", json={"roleId": paid}).status_code == 200


def test_smaller_plans_lack_roles_teams_and_the_audit_log(portal_reader: Portal) -> None:
    portal_reader.admin("knobs", {"plan": "professional"})
    assert "Account doesn't have access to roles." in portal_reader.get(f"{ACCOUNTS}/roles").text
    assert portal_reader.get(f"{ACCOUNTS}/teams").status_code == 200
    assert portal_reader.get("/account-info/v3/activity/audit-logs").status_code == 403
    portal_reader.admin("knobs", {"plan": "free"})
    assert portal_reader.get(f"{ACCOUNTS}/teams").status_code == 403
    assert portal_reader.get("/account-info/v3/activity/login").status_code == 403


def test_teams_tell_their_members_and_let_them_go(portal_executor: Portal) -> None:
    who = someone(portal_executor)
    base = f"/settings/teams/2026-09-beta/{who['primaryTeamId']}/members"
    assert {"userId": who["id"], "type": "DEFAULT"} in portal_executor.all(base)
    assert portal_executor.ask("DELETE", f"{base}/{who['id']}", params={"type": "DEFAULT"}).status_code == 204
    assert who["id"] not in {m["userId"] for m in portal_executor.all(base)}
    assert "primaryTeamId" not in portal_executor.get(f"{ACCOUNTS}/{who['id']}").json()


def test_sign_ins_reach_back_ninety_days_newest_first(portal: Portal) -> None:
    rows = portal.all("/account-info/2026-03/activity/login", limit=200)
    times = [row["loginAt"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert times[-1] >= "2026-08-18"
    truth = portal.truth()["counts"]
    assert len(rows) == truth["login_served"] < truth["login"]
    assert any(not row["loginSucceeded"] for row in rows)
    assert any("ipAddress" not in row for row in rows)
    assert all(isinstance(row["userId"], int) for row in rows)
    assert portal.get("/account-info/v3/activity/login", limit=201).status_code == 400


def test_security_events_are_cut_by_milliseconds_and_by_account(portal: Portal) -> None:
    departed = portal.truth()["categories"]["departed_admin"][0]
    events = portal.all("/account-info/v3/activity/security", userId=departed, fromTimestamp=1790812800000)
    assert {e["type"] for e in events} == {"SERVICE_KEY_REVEAL", "CONTACT_DATA_EXPORT"}
    before = portal.all("/account-info/v3/activity/security", userId=departed, toTimestamp=1790812800000)
    ever = portal.all("/account-info/v3/activity/security", userId=departed)
    assert {e["id"] for e in ever} == {e["id"] for e in [*events, *before]} > {e["id"] for e in events}
    assert not {e["id"] for e in before} & {e["id"] for e in events}
    assert {e["userId"] for e in ever} == {int(departed)}
    assert portal.get("/account-info/v3/activity/security", fromTimestamp="yesterday").status_code == 400


def test_deactivation_happens_in_the_pages_and_shows_in_three_places(portal_reader: Portal) -> None:
    who = portal_reader.truth()["categories"]["leavers_active"][0]
    portal_reader.admin("as-admin", {"act": "deactivate", "account": who})
    assert portal_reader.get(f"{ACCOUNTS}/{who}").status_code == 200
    assert who in {row["id"] for row in portal_reader.all(ACCOUNTS)}
    wish = {"filterGroups": [{"filters": [{"propertyName": "hs_deactivated", "operator": "EQ", "value": "true"}]}]}
    found = portal_reader.ask(
        "POST", "/crm/v3/objects/users/search", json=wish | {"properties": ["hs_internal_user_id"], "limit": 200}
    ).json()
    assert who in {row["properties"]["hs_internal_user_id"] for row in found["results"]}
    assert (
        portal_reader.get("/account-info/v3/activity/security", userId=who).json()["results"][0]["type"]
        == "DEACTIVATE_USER"
    )
    assert int(who) in {
        row["userIdIncludingInactive"] for row in portal_reader.all("/crm/owners/2026-03", archived="true")
    }


def test_whoever_never_signed_in_has_no_record_until_they_do(portal_reader: Portal) -> None:
    invited = portal_reader.truth()["categories"]["invited"][0]
    path = f"/crm/v3/objects/users/{invited}?idProperty=hs_internal_user_id"
    assert portal_reader.ask("GET", path).status_code == 404
    portal_reader.admin("as-admin", {"act": "sign_in", "account": invited})
    assert portal_reader.ask("GET", path).status_code == 200


def test_records_page_refuse_the_archive_and_unknown_properties(portal: Portal) -> None:
    rows = portal.all("/crm/objects/2026-03/users", limit=100, properties="hs_email,hs_internal_user_id")
    assert len({row["id"] for row in rows}) == len(rows)
    assert category(portal.get("/crm/v3/objects/users", archived="true"), 400) == "VALIDATION_ERROR"
    wish = {"filterGroups": [{"filters": [{"propertyName": "nope", "operator": "EQ", "value": "1"}]}]}
    assert portal.ask("POST", "/crm/v3/objects/users/search", json=wish).status_code == 400
    assert portal.ask("POST", "/crm/v3/objects/users/search", json={"limit": 201}).status_code == 400
    assert portal.ask("DELETE", "/crm/v3/objects/users/1").status_code == 405


def test_details_usage_and_mail_tokens_are_told(portal: Portal) -> None:
    assert (
        portal.get("/account-info/v3/details").json()["portalId"]
        == portal.get("/account-info/2026-09/details").json()["portalId"]
    )
    assert (
        portal.get("/account-info/2026-03/api-usage/daily/private-apps").json()["results"][0]["fetchStatus"]
        == "SUCCESS"
    )
    assert len(portal.get("/marketing/v3/transactional/smtp-tokens").json()["results"]) == 2
    assert portal.get("/settings/users/2026-09-beta/seats").status_code == 403


def test_limits_are_counted_and_enforced_when_asked(portal_reader: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    search = "/crm/v3/objects/users/search"
    answer = portal_reader.get(ACCOUNTS)
    assert answer.headers["X-HubSpot-RateLimit-Max"] == "190"
    assert int(answer.headers["X-HubSpot-RateLimit-Remaining"]) < 190
    assert not [name for name in portal_reader.ask("POST", search, json={}).headers if "ratelimit" in name.lower()]
    portal_reader.admin("knobs", {"enforce_limits": True, "plan": "starter"})
    monkeypatch.setattr(front, "SEARCHES_PER_SECOND", 2)  # so few that a busy machine is over them in time
    monkeypatch.setitem(front.PER_TEN_SECONDS, "starter", 3)
    for method, path, policy in (("POST", search, "SECONDLY"), ("GET", ACCOUNTS, "TEN_SECONDLY_ROLLING")):
        answers = [portal_reader.ask(method, path, json={}) for _ in range(4)]
        assert [answers[0].status_code, answers[-1].status_code] == [200, 429]
        assert answers[-1].json()["policyName"] == policy
    monkeypatch.setitem(front.DAILY, "starter", 1)
    assert portal_reader.get(ACCOUNTS).json()["policyName"] == "DAILY"


def test_a_token_dies_with_the_account_that_made_it(hubspot: Running) -> None:
    reader, executor = visitors.portal(hubspot), visitors.portal(hubspot, "executor")
    executor.ask("DELETE", f"{ACCOUNTS}/{reader.truth()['owners_of_tokens']['reader']}")
    assert category(reader.get(ACCOUNTS), 403) == "USER_DOES_NOT_HAVE_PERMISSIONS"


def test_what_was_planted_is_there(portal: Portal) -> None:
    counts = portal.truth()["category_counts"]
    assert counts["leavers_active"] == 3
    for name in ("inactive", "never_used", "nobody", "privileged_without_reason", "deactivated", "removed", "machines"):
        assert counts[name], name
