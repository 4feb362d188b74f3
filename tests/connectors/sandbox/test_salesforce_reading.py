"""What the pretend org tells to whom: signing in, pages, ceilings, rights, and the company it was made from."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from connectors.sandbox.salesforce import flags, ids
from connectors.sandbox.serve import Running
from tests.connectors.sandbox import visitors
from tests.connectors.sandbox.visitors import Org

BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def sign_in(running: Running, **changed: Any) -> httpx2.Response:
    known = running.credentials["reader"]
    claims = {"iss": known["client_id"], "sub": known["username"], "aud": "https://login.salesforce.com"}
    claims |= {"exp": int(time.time()) + 180} | changed
    key = RSAKey.import_key(running.credentials[str(changed.pop("signed_by", "reader"))]["private_key"])
    claims.pop("signed_by", None)
    assertion = jwt.encode({"alg": "RS256"}, claims, key)
    return httpx2.post(f"{running.url}/services/oauth2/token", data={"grant_type": BEARER, "assertion": assertion})


def test_a_signed_assertion_gives_a_token(read_salesforce: Running) -> None:
    answer = sign_in(read_salesforce)
    assert answer.status_code == 200
    assert set(answer.json()) >= {"access_token", "instance_url", "id", "token_type", "scope"}
    assert answer.json()["instance_url"] == read_salesforce.url


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"exp": 1}, "invalid_grant"),
        ({"aud": "https://elsewhere.example"}, "invalid_grant"),
        ({"sub": "somebody@else.example"}, "invalid_grant"),
        ({"iss": "unknown"}, "invalid_client_id"),
        ({"signed_by": "executor"}, "invalid_grant"),
        ({"exp": 4_000_000_000}, "invalid_assertion"),
    ],
)
def test_an_assertion_is_verified_in_every_claim(read_salesforce: Running, changed: dict[str, Any], error: str) -> None:
    answer = sign_in(read_salesforce, **changed)
    assert answer.status_code == 400
    assert answer.json()["error"] == error


def test_a_secret_is_taken_by_basic_and_by_body(read_salesforce: Running) -> None:
    known, url = read_salesforce.credentials["reader"], f"{read_salesforce.url}/services/oauth2/token"
    grant = {"grant_type": "client_credentials"}
    by_body = grant | {"client_id": known["client_id"], "client_secret": known["client_secret"]}
    basic = base64.b64encode(f"{known['client_id']}:{known['client_secret']}".encode()).decode()
    assert httpx2.post(url, data=by_body).status_code == 200
    assert httpx2.post(url, data=grant, headers={"Authorization": f"Basic {basic}"}).status_code == 200
    assert httpx2.post(url, data=by_body | {"client_secret": "x"}).json()["error"] == "invalid_client"
    assert httpx2.post(url, data={"grant_type": "implicit"}).json()["error"] == "unsupported_grant_type"


ENVELOPE = "<Envelope><Body><login/></Body></Envelope>"


@pytest.mark.parametrize("version", ["65.0", "67.0"])
def test_soap_login_is_refused_as_newer_versions_refuse_it(read_salesforce: Running, version: str) -> None:
    answer = httpx2.post(f"{read_salesforce.url}/services/Soap/u/{version}", content=ENVELOPE)
    assert answer.status_code == 500
    said = f"INVALID_OPERATION: The SOAP Login operation is not available in the API version specified ({version})"
    assert said in answer.text


def test_identity_says_who_is_signed_in(org: Org, read_salesforce: Running) -> None:
    said = org.ask("GET", "/services/oauth2/userinfo").json()
    assert said["preferred_username"] == read_salesforce.credentials["reader"]["username"]
    assert org.ask("GET", said["id"].removeprefix(read_salesforce.url)).json()["user_id"] == said["user_id"]


def test_versions_are_listed_and_retired_ones_are_gone(org: Org) -> None:
    listed = org.ask("GET", "/services/data/").json()
    assert {"label": "Summer '26", "url": "/services/data/v67.0", "version": "67.0"} in listed
    assert org.ask("GET", "/services/data/v29.0/limits").status_code == 410
    assert org.ask("GET", "/services/data/v99.0/limits").status_code == 404


def test_no_token_is_401_in_the_shape_clients_expect(org: Org) -> None:
    answer = org.http.get("/services/data/v67.0/limits")
    assert answer.status_code == 401
    assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_every_answer_counts_calls_with_and_without_trailing_slash(org: Org) -> None:
    for path, status in {"/limits/": 200, "/limits": 200, "/sobjects/User/describe/": 200, "/nowhere": 404}.items():
        answer = org.data("GET", path)
        assert answer.status_code == status
        assert answer.headers["Sforce-Limit-Info"].startswith("api-usage=")
    assert org.data("GET", "/nowhere").json()[0]["errorCode"] == "NOT_FOUND"
    assert org.data("DELETE", "/limits").status_code == 405


@pytest.mark.parametrize("batch", [200, 1000])
def test_pages_are_sometimes_short_and_together_hold_each_row_once(org: Org, batch: int) -> None:
    pages = list(org.pages("SELECT Id FROM LoginHistory ORDER BY Id", batch))
    found = [row["Id"] for page in pages for row in page["records"]]
    assert len(found) == len(set(found)) == pages[0]["totalSize"] == org.count("LoginHistory")
    sizes = {len(page["records"]) for page in pages[:-1]}
    assert max(sizes) == batch
    assert min(sizes) < batch


def test_an_unknown_cursor_is_refused(org: Org) -> None:
    answer = org.data("GET", "/query/01ggK000000zzzzQAA-2000")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_a_cursor_lives_two_days(reader: Org) -> None:
    page = next(reader.pages("SELECT Id FROM LoginHistory", 200))
    reader.admin("clock", {"now": "2026-11-18T10:00:00+00:00"})
    assert reader.ask("GET", page["nextRecordsUrl"]).json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_tokens_end_silently_at_2500_and_have_no_id(reader: Org) -> None:
    somebody = reader.truth()["categories"]["guests"][0]
    reader.admin("as-admin", {"act": "issue_tokens", "account": somebody, "count": 2600})
    pages = list(reader.pages("SELECT Id, UserId, AppName, LastUsedDate FROM OauthToken"))
    assert sum(len(page["records"]) for page in pages) == pages[0]["totalSize"] == 2500
    assert max(len(page["records"]) for page in pages) <= 500
    assert pages[-1]["done"]
    assert "nextRecordsUrl" not in pages[-1]
    assert reader.count("OauthToken") > 2600
    assert {row["Id"] for page in pages for row in page["records"]} == {None}


def test_sign_ins_older_than_180_days_are_not_served(org: Org) -> None:
    oldest = org.one("SELECT MIN(LoginTime) t FROM LoginHistory")["t"]
    assert "2026-05-20" <= oldest[:10] <= "2026-05-21"
    assert org.truth()["counts"]["LoginHistory"] > org.count("LoginHistory")


@pytest.mark.parametrize(
    ("right", "table"),
    [("CustomizeApplication", "OauthToken"), ("ViewAllUsers", "User")],
)
def test_without_a_right_only_ones_own_rows_are_seen_and_no_error(reader: Org, right: str, table: str) -> None:
    before = reader.count(table)
    reader.admin("rights", {"principal": "reader", "without": [right]})
    after = reader.count(table)
    assert after < before
    assert after <= 1
    reader.admin("rights", {"principal": "reader", "without": []})
    assert reader.count(table) == before


def test_sign_ins_of_others_need_one_of_two_rights(reader: Org) -> None:
    everybodys = reader.count("LoginHistory")
    reader.admin("rights", {"principal": "reader", "without": ["ManageUsers"]})
    assert reader.count("LoginHistory") == everybodys
    reader.admin("rights", {"principal": "reader", "without": ["ManageUsers", "MonitorLoginHistory"]})
    rows = reader.rows("SELECT UserId FROM LoginHistory")
    assert len({row["UserId"] for row in rows}) == 1


@pytest.mark.parametrize(
    ("right", "table"),
    [
        ("ManageUsers", "UserLogin"),
        ("ManageUsers", "AuthSession"),
        ("ManageTwoFactor", "TwoFactorMethodsInfo"),
        ("ViewRoles", "UserRole"),
        ("ViewSetup", "Group"),
        ("ViewSetup", "SetupAuditTrail"),
        ("ViewSetup", "PermissionSetGroup"),
        ("CustomizeApplication", "ConnectedApplication"),
        ("ExternalClientAppViewer", "ExternalClientApplication"),
    ],
)
def test_without_its_right_an_object_is_not_there(reader: Org, right: str, table: str) -> None:
    assert reader.count(table) > 0
    reader.admin("rights", {"principal": "reader", "without": [right]})
    assert reader.refused(f"SELECT Id FROM {table}") == "INVALID_TYPE"
    assert reader.data("GET", f"/sobjects/{table}/describe").status_code == 404
    assert table not in {o["name"] for o in reader.data("GET", "/sobjects").json()["sobjects"]}


def test_a_withheld_right_is_gone_from_ones_own_permissions_too(reader: Org) -> None:
    me = reader.ask("GET", "/services/oauth2/userinfo").json()["user_id"]
    mine = f"PermissionSetAssignment WHERE AssigneeId = '{me}' AND PermissionSet.PermissionsCustomizeApplication = true"
    assert reader.count(mine) == 1
    reader.admin("rights", {"principal": "reader", "without": ["CustomizeApplication"]})
    assert reader.count(mine) == 0


def test_without_api_access_nothing_answers(reader: Org) -> None:
    reader.admin("rights", {"principal": "reader", "without": ["ApiEnabled"]})
    answer = reader.data("GET", "/limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "API_DISABLED_FOR_ORG")


def test_describe_tells_what_may_be_filtered_and_changed(org: Org) -> None:
    fields = {f["name"]: f for f in org.data("GET", "/sobjects/LoginHistory/describe").json()["fields"]}
    assert not fields["Status"]["filterable"]
    assert fields["LoginTime"]["filterable"]
    said = org.data("GET", "/sobjects/User/describe").json()
    assert (said["deletable"], said["updateable"], said["keyPrefix"]) == (False, True, "005")
    fields = {f["name"]: f for f in said["fields"]}
    assert fields["IsActive"]["updateable"]
    assert not fields["LastLoginDate"]["updateable"]
    assert fields["ProfileId"]["referenceTo"] == ["Profile"]
    columns = {f["name"] for f in org.data("GET", "/sobjects/PermissionSet/describe").json()["fields"]}
    assert {f"Permissions{name}" for name in flags.NAMES} <= columns


def test_packages_are_found_by_tooling_with_their_relations(org: Org) -> None:
    soql = "SELECT Id, SubscriberPackage.Name, SubscriberPackageVersion.PublisherName FROM InstalledSubscriberPackage"
    rows = org.data("GET", "/tooling/query/", params={"q": soql}).json()["records"]
    assert {row["SubscriberPackage"]["Name"] for row in rows} >= {"RingUp Telephony"}


def test_each_account_has_the_assignment_that_mirrors_its_profile(org: Org) -> None:
    rows = org.rows(
        "SELECT AssigneeId, Assignee.ProfileId, PermissionSet.ProfileId FROM PermissionSetAssignment "
        "WHERE PermissionSet.IsOwnedByProfile = true"
    )
    assert all(row["Assignee"]["ProfileId"] == row["PermissionSet"]["ProfileId"] for row in rows)
    assert len({row["AssigneeId"] for row in rows}) == len(rows) == org.count("User WHERE ProfileId != null")


def test_a_group_of_sets_grants_what_its_members_grant_less_what_is_muted(org: Org) -> None:
    aggregate = org.one(
        "SELECT PermissionsCustomizeApplication, PermissionsAuthorApex FROM PermissionSet WHERE Name = 'Platform_Team'"
    )
    assert aggregate["PermissionsCustomizeApplication"] is True
    assert aggregate["PermissionsAuthorApex"] is False
    assert org.count("PermissionSetGroupComponent WHERE PermissionSetGroup.DeveloperName = 'Platform_Team'") == 4
    assert (
        org.one("SELECT Status FROM PermissionSetGroup WHERE DeveloperName = 'Finance_Close'")["Status"] == "Outdated"
    )


def test_messy_rows_are_there(org: Org) -> None:
    assert org.count("User") > org.count("UserLogin") + 1  # some accounts have no login row
    assert org.count("User WHERE UserType = null") == 1
    assert org.count("Group WHERE Name = null AND Type = 'Role'") > 0
    assert all(ids.normal(row["Id"]) == row["Id"] for row in org.rows("SELECT Id FROM GroupMember"))


def test_what_was_planted_can_be_found_by_query(org: Org) -> None:
    found = org.truth()["categories"]
    assert len(found["leavers_active"]) == 4
    inactive = "User WHERE IsActive = true AND UserType = 'Standard' AND LastLoginDate < 2026-08-18T09:00:00Z"
    assert set(found["inactive"]) <= {row["Id"] for row in org.rows(f"SELECT Id FROM {inactive}")}
    token = org.one(
        f"SELECT LastUsedDate, AppName, DeleteToken FROM OauthToken WHERE UserId = '{found['departed_admin'][0]}' LIMIT 1"
    )
    assert token["DeleteToken"] == found["departed_admin_tokens"][0]
    assert token["LastUsedDate"] > "2026-11-10"
    for category in (
        "never_used",
        "nobody",
        "shared_email",
        "away",
        "machines",
        "guests",
        "dormant_tokens",
        "privileged_without_reason",
    ):
        assert found[category], category


def test_single_records_are_read_by_id(org: Org) -> None:
    id = org.one("SELECT Id FROM User LIMIT 1")["Id"]
    assert org.data("GET", f"/sobjects/User/{id}", params={"fields": "Name,Email"}).json()["Email"]
    assert org.data("GET", f"/sobjects/User/{id}").json()["Id"] == id
    assert org.data("GET", f"/sobjects/User/{ids.make('005', 99999)}").status_code == 404
    assert org.data("GET", "/sobjects/User/00egK0000000001QAA").json()[0]["errorCode"] == "MALFORMED_ID"


def test_composite_answers_each_part_and_later_parts_refer_to_earlier(org: Org) -> None:
    base = "/services/data/v67.0"
    asks = [
        {"method": "GET", "url": f"{base}/query?q=SELECT+Id+FROM+User+LIMIT+1", "referenceId": "first"},
        {"method": "GET", "url": f"{base}/sobjects/User/@{{first.records.0.Id}}?fields=Name", "referenceId": "second"},
        {"method": "GET", "url": f"{base}/query?q=SELECT+Nope+FROM+User", "referenceId": "third"},
    ]
    parts = org.data("POST", "/composite", json={"compositeRequest": asks}).json()["compositeResponse"]
    assert [part["httpStatusCode"] for part in parts] == [200, 200, 400]
    assert parts[1]["body"]["Name"]
    assert parts[2]["body"][0]["errorCode"] == "INVALID_FIELD"
    asks = [{"method": "GET", "url": f"{base}/limits", "referenceId": f"ask{number}"} for number in range(26)]
    assert org.data("POST", "/composite", json={"compositeRequest": asks[:25]}).status_code == 200
    for too_many in (asks, [ask | {"url": f"{base}/query?q=SELECT+COUNT()+FROM+User"} for ask in asks[:6]]):
        answer = org.data("POST", "/composite", json={"compositeRequest": too_many})
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "LIMIT_EXCEEDED")


def test_both_sandboxes_tell_of_the_same_company(org: Org, portal: visitors.Portal) -> None:
    in_salesforce, in_hubspot = org.truth()["accounts_by_roster_id"], portal.truth()["accounts_by_roster_id"]
    both = set(in_salesforce) & set(in_hubspot)
    assert len(both) > 50
    some = sorted(key for key in both if key.startswith("P"))[:20]
    for key in some:
        email = org.one(f"SELECT Email FROM User WHERE Id = '{in_salesforce[key]}'")["Email"]
        answer = portal.get(f"/settings/v3/users/{in_hubspot[key]}")
        assert answer.status_code == 404 or answer.json()["email"] == email


def test_the_admin_routes_need_the_key(org: Org) -> None:
    assert org.http.get("/__sandbox__/truth").status_code == 401
    assert json.loads(org.http.get("/__sandbox__/truth").text)["error"]
