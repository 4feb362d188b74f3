"""Every documented way into the pretend org: SOAP, the Metadata API, codes and refresh tokens, records by value."""

from __future__ import annotations

import gzip
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from simple_salesforce.api import Salesforce

from connectors.sandbox.serve import Running
from tests.connectors.sandbox.test_clients import by_secret, led_to
from tests.connectors.sandbox.visitors import Org


def soap(running: Running, api: str, body: str, session: str = "") -> httpx2.Response:
    head = f"<Header><SessionHeader><sessionId>{session}</sessionId></SessionHeader></Header>"
    envelope = f"<Envelope>{head}<Body>{body}</Body></Envelope>"
    return httpx2.post(f"{running.url}/services/Soap/{api}", content=envelope)


def session_of(org: Org) -> str:
    return org.headers["Authorization"].removeprefix("Bearer ")


def test_simple_salesforce_signs_in_by_password_and_security_token(read_salesforce: Running) -> None:
    known = read_salesforce.credentials["reader"]
    wish = {"username": known["username"], "password": known["password"], "security_token": known["security_token"]}
    sf: Any = Salesforce(**wish, version="64.0", session=led_to(read_salesforce))
    assert sf.query("SELECT COUNT() FROM User")["totalSize"] > 100


def test_a_wrong_password_is_refused_by_soap(read_salesforce: Running) -> None:
    answer = soap(read_salesforce, "u/64.0", "<login><username>x</username><password>y</password></login>")
    assert (answer.status_code, "INVALID_LOGIN" in answer.text) == (500, True)


def test_a_document_type_is_refused_before_it_is_parsed(read_salesforce: Running) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "c">]><Envelope><Body><login/></Body></Envelope>'
    answer = httpx2.post(f"{read_salesforce.url}/services/Soap/u/64.0", content=bomb)
    assert (answer.status_code, "document type" in answer.text) == (500, True)


def test_simple_salesforce_reads_the_security_settings(read_salesforce: Running) -> None:
    sf = by_secret(read_salesforce)
    sf.mdapi._client.transport.session = led_to(read_salesforce)  # its SOAP client has a session of its own
    read = sf.mdapi.SecuritySettings.read(["Security"])
    assert read.passwordPolicies.minimumPasswordLength == "12"
    assert read.sessionSettings.sessionTimeout == "TwelveHours"
    query = sf.mdapi.ListMetadataQuery(type="DelegateGroup")
    assert [each["fullName"] for each in sf.mdapi.list_metadata([query])] == ["Help_Desk"]


def test_a_policy_of_a_deleted_profile_is_told_with_a_nil_profile(org: Org, read_salesforce: Running) -> None:
    body = "<readMetadata><type>ProfilePasswordPolicy</type><fullNames>*</fullNames></readMetadata>"
    answer = soap(read_salesforce, "m/67.0", body, session_of(org))
    assert answer.text.count("<records") == 4
    assert '<profile xsi:nil="true"/>' in answer.text


@pytest.mark.parametrize(
    ("names", "kind", "code"), [(11, "DelegateGroup", "LIMIT_EXCEEDED"), (1, "Nonsense", "INVALID_TYPE")]
)
def test_metadata_reads_ten_names_of_kinds_it_knows(
    org: Org, read_salesforce: Running, names: int, kind: str, code: str
) -> None:
    body = f"<readMetadata><type>{kind}</type>{'<fullNames>x</fullNames>' * names}</readMetadata>"
    answer = soap(read_salesforce, "m/67.0", body, session_of(org))
    assert (answer.status_code, f"sf:{code}" in answer.text) == (500, True)


def test_metadata_needs_a_session_and_a_right(reader: Org) -> None:
    body = "<readMetadata><type>SecuritySettings</type><fullNames>Security</fullNames></readMetadata>"
    assert "sf:INVALID_SESSION_ID" in soap(reader.running, "m/67.0", body, "x").text
    reader.admin("rights", {"principal": "reader", "without": ["ModifyMetadata"]})
    assert "sf:INSUFFICIENT_ACCESS" in soap(reader.running, "m/67.0", body, session_of(reader)).text


def test_a_code_brings_a_refresh_token_that_dies_when_it_is_revoked(reader: Org) -> None:
    known, back = reader.running.credentials["reader"], "http://localhost:1717/back"
    client = {"client_id": known["client_id"], "client_secret": known["client_secret"]}
    asked = {"response_type": "code", "client_id": known["client_id"], "redirect_uri": back, "state": "s"}
    away = reader.http.get("/services/oauth2/authorize", params=asked, follow_redirects=False)
    query = parse_qs(urlsplit(away.headers["location"]).query)
    assert query["state"] == ["s"]
    grant = client | {"grant_type": "authorization_code", "code": query["code"][0], "redirect_uri": back}
    made = reader.http.post("/services/oauth2/token", data=grant).json()
    assert reader.http.post("/services/oauth2/token", data=grant).json()["error"] == "invalid_grant"
    again = client | {"grant_type": "refresh_token", "refresh_token": made["refresh_token"]}
    fresh = reader.http.post("/services/oauth2/token", data=again).json()["access_token"]
    told = reader.http.post("/services/oauth2/introspect", data=client | {"token": fresh}).json()
    assert (told["active"], told["username"]) == (True, known["username"])
    assert reader.http.post("/services/oauth2/introspect", data=client | {"token": "x"}).json() == {"active": False}
    reader.http.post("/services/oauth2/revoke", data={"token": made["refresh_token"]})
    assert reader.http.post("/services/oauth2/token", data=again).json()["error"] == "invalid_grant"


def test_a_password_grant_is_let_in_only_where_it_is_allowed(reader: Org) -> None:
    known = reader.running.credentials["reader"]
    form = {"grant_type": "password", "client_id": known["client_id"], "client_secret": known["client_secret"]}
    form |= {"username": known["username"], "password": known["password"] + known["security_token"]}
    assert reader.http.post("/services/oauth2/token", data=form).json()["error"] == "invalid_grant"
    reader.admin("knobs", {"password_flow": True})
    assert reader.http.post("/services/oauth2/token", data=form).json()["access_token"]


def test_a_record_can_be_addressed_by_a_value_of_its_own(org: Org) -> None:
    one = org.one("SELECT Id, FederationIdentifier FROM User WHERE FederationIdentifier != null LIMIT 1")
    path = f"/sobjects/User/FederationIdentifier/{one['FederationIdentifier']}"
    assert org.data("GET", path).json()["Id"] == one["Id"]
    assert org.data("GET", "/sobjects/User/FederationIdentifier/nobody").status_code == 404
    assert org.data("GET", "/sobjects/User/Title/x").status_code == 404
    several = org.data("GET", "/sobjects/User/Email/frontdesk@northwind-sandbox.example")
    assert (several.status_code, len(several.json())) == (300, 3)


def test_an_upsert_changes_who_is_there(executor: Org) -> None:
    one = executor.one("SELECT Id, Username FROM User WHERE IsActive = true AND Title != null LIMIT 1")
    answer = executor.data("PATCH", f"/sobjects/User/Username/{one['Username']}", json={"Title": "Upserted"})
    assert (answer.status_code, answer.json()["created"]) == (200, False)
    assert executor.data("GET", f"/sobjects/User/{one['Id']}?fields=Title").json()["Title"] == "Upserted"


def test_the_replication_log_is_kept_for_some_objects_only(executor: Org) -> None:
    span = {"start": "2026-11-15T00:00:00+00:00", "end": "2026-11-17T00:00:00+00:00"}
    one = executor.one("SELECT Id FROM User WHERE IsActive = true AND Title != null LIMIT 1")
    executor.data("PATCH", f"/sobjects/User/{one['Id']}", json={"Title": "Changed"})
    assert one["Id"] in executor.data("GET", "/sobjects/User/updated", params=span).json()["ids"]
    assert executor.data("GET", "/sobjects/PermissionSetAssignment/deleted", params=span).status_code == 400
    early = span | {"start": "2026-01-01T00:00:00+00:00"}
    assert (
        executor.data("GET", "/sobjects/User/deleted", params=early).json()[0]["errorCode"]
        == "INVALID_REPLICATION_DATE"
    )


def test_many_records_come_with_one_call(org: Org) -> None:
    ids = [row["Id"] for row in org.rows("SELECT Id FROM User LIMIT 3")]
    found = org.data("GET", "/composite/sobjects/User", params={"ids": ",".join(ids), "fields": "Id,Name"}).json()
    assert [each["Id"] for each in found] == ids


def test_a_log_file_comes_as_csv(org: Org) -> None:
    one = org.one("SELECT Id, LogFileLength FROM EventLogFile LIMIT 1")
    answer = org.data("GET", f"/sobjects/EventLogFile/{one['Id']}/LogFile")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.startswith("EVENT_TYPE,")


def test_a_metadata_column_is_shown_for_one_row_only(org: Org) -> None:
    def ask(soql: str) -> httpx2.Response:
        return org.data("GET", "/tooling/query", params={"q": soql})

    assert ask("SELECT FullName FROM RemoteProxy").json()[0]["errorCode"] == "MALFORMED_QUERY"
    assert ask("SELECT FullName FROM RemoteProxy WHERE SiteName = 'Rates'").json()["totalSize"] == 1


def test_answers_are_packed_for_whoever_can_unpack_them(org: Org) -> None:
    packed = org.query("SELECT Id FROM User", headers={"Accept-Encoding": "gzip"})
    plain = org.query("SELECT Id FROM User", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()


def test_a_packed_request_is_unpacked(executor: Org) -> None:
    one = executor.one("SELECT Id FROM User WHERE IsActive = true AND Title != null LIMIT 1")
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    body = gzip.compress(json.dumps({"Title": "Packed"}).encode())
    assert executor.data("PATCH", f"/sobjects/User/{one['Id']}", content=body, headers=headers).status_code == 204


def test_a_wrong_method_is_told_the_right_ones_and_head_says_what_get_would(org: Org) -> None:
    wrong = org.data("DELETE", "/limits")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")
    assert wrong.json()[0]["errorCode"] == "METHOD_NOT_ALLOWED"
    head = org.data("HEAD", "/limits")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    ("object", "right"),
    [
        ("UserLogin", "ManageUsers"),
        ("AuthSession", "ManageUsers"),
        ("LoginGeo", "ManageUsers"),
        ("VerificationHistory", "ManageUsers"),
        ("TwoFactorMethodsInfo", "ManageTwoFactor"),
        ("TwoFactorInfo", "ManageTwoFactor"),
        ("ConnectedApplication", "CustomizeApplication"),
        ("AuthProvider", "CustomizeApplication"),
        ("AuthProvider", "ManageAuthProviders"),
        ("ObjectPermissions", "ViewSetup"),
        ("FieldPermissions", "ViewSetup"),
        ("SetupEntityAccess", "ViewSetup"),
        ("PermissionSetGroup", "ViewSetup"),
        ("Group", "ViewSetup"),
        ("NamedCredential", "ViewSetup"),
        ("CspTrustedSite", "ViewSetup"),
        ("CronTrigger", "ViewSetup"),
        ("SetupAuditTrail", "ViewSetup"),
        ("UserRole", "ViewRoles"),
        ("ExternalClientApplication", "ExternalClientAppViewer"),
        ("ExtlClntAppOauthPlcyCnfg", "ExternalClientAppViewer"),
        ("EventLogFile", "ViewEventLogFiles"),
    ],
)
def test_without_its_right_an_object_is_not_there(salesforce_module: Org, object: str, right: str) -> None:
    org = salesforce_module
    org.admin("rights", {"principal": "reader", "without": []})
    assert org.query(f"SELECT COUNT() FROM {object}").status_code == 200
    org.admin("rights", {"principal": "reader", "without": [right]})
    assert org.refused(f"SELECT COUNT() FROM {object}") == "INVALID_TYPE"
    assert org.data("GET", f"/sobjects/{object}/describe").status_code == 404


@pytest.mark.parametrize(
    ("object", "rights"),
    [
        ("LoginHistory", ["ManageUsers", "MonitorLoginHistory"]),
        ("OauthToken", ["CustomizeApplication"]),
        ("User", ["ViewAllUsers"]),
    ],
)
def test_without_its_right_only_own_rows_are_there_and_no_error_says_so(
    salesforce_module: Org, object: str, rights: list[str]
) -> None:
    org = salesforce_module
    org.admin("rights", {"principal": "reader", "without": []})
    every = org.count(object)
    org.admin("rights", {"principal": "reader", "without": rights})
    column = "Id" if object == "User" else "UserId"
    me = org.one(f"SELECT Id FROM User WHERE Username = '{org.running.credentials['reader']['username']}'")["Id"]
    rows = org.rows(f"SELECT {column} FROM {object}")
    assert {row[column] for row in rows} <= {me}
    assert org.count(object) == len(rows) < every


def test_records_of_the_business_need_a_right_on_them(salesforce_module: Org) -> None:
    assert salesforce_module.refused("SELECT COUNT() FROM Opportunity") == "INVALID_TYPE"
    grant = {"act": "grant", "account": "rolecall-reader", "permission_set": "View_Everything"}
    salesforce_module.admin("as-admin", grant)
    assert salesforce_module.count("Opportunity WHERE IsClosed = false") == 2


def test_what_a_feature_brings_goes_with_it(salesforce_module: Org) -> None:
    org = salesforce_module
    org.admin("rights", {"principal": "reader", "without": []})
    assert org.count("Territory2 WHERE Territory2Model.State = 'Active'") == 3
    org.admin("knobs", {"features": []})
    assert org.refused("SELECT Id FROM Territory2") == org.refused("SELECT Id FROM BotDefinition") == "INVALID_TYPE"
