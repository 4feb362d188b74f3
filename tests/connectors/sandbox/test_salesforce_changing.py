"""What the pretend org lets be changed, what it refuses, what a change brings along, and that it is written down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from connectors.sandbox.salesforce.furniture import FOUNDER
from connectors.sandbox.serve import Running
from tests.connectors.sandbox import visitors
from tests.connectors.sandbox.visitors import NOW, Org


def code(answer: httpx2.Response, status: int = 400) -> str:
    assert answer.status_code == status, answer.text
    found: str = answer.json()[0]["errorCode"]
    return found


def leaver(org: Org, n: int = 1) -> str:
    """A leaver whom nothing keeps from being deactivated."""
    found = org.truth()["categories"]
    id: str = [i for i in found["leavers_active"] if i not in found["cannot_be_deactivated"]][n]
    return id


def actions(org: Org) -> list[str]:
    return [row["Action"] for row in org.rows("SELECT Action FROM SetupAuditTrail ORDER BY Id")]


def test_freezing_goes_by_the_login_row_and_ends_nothing_else(executor: Org) -> None:
    who = executor.truth()["categories"]["departed_admin"][0]
    row = executor.one(f"SELECT Id FROM UserLogin WHERE UserId = '{who}'")["Id"]
    sessions = executor.count(f"AuthSession WHERE UsersId = '{who}'")
    assert code(executor.data("PATCH", f"/sobjects/UserLogin/{who}", json={"IsFrozen": True})) == "MALFORMED_ID"
    for _ in range(2):
        assert executor.data("PATCH", f"/sobjects/UserLogin/{row}", json={"IsFrozen": True}).status_code == 204
    assert executor.one(f"SELECT IsFrozen FROM UserLogin WHERE Id = '{row}'")["IsFrozen"] is True
    assert executor.count(f"AuthSession WHERE UsersId = '{who}'") == sessions > 0
    assert actions(executor).count("frozeuser") == 1


def test_nobody_freezes_or_deactivates_themselves(executor: Org) -> None:
    me = executor.ask("GET", "/services/oauth2/userinfo").json()["user_id"]
    row = executor.one(f"SELECT Id FROM UserLogin WHERE UserId = '{me}'")["Id"]
    assert code(executor.data("PATCH", f"/sobjects/UserLogin/{row}", json={"IsFrozen": True})).startswith(
        "INSUFFICIENT"
    )
    assert code(executor.data("PATCH", f"/sobjects/User/{me}", json={"IsActive": False})).startswith("INSUFFICIENT")


def test_deactivation_keeps_assignments_and_memberships_and_frees_the_licence(executor: Org) -> None:
    who = leaver(executor)
    held = executor.count(f"PermissionSetAssignment WHERE AssigneeId = '{who}'")
    used = executor.one("SELECT UsedLicenses FROM UserLicense WHERE Name = 'Salesforce'")["UsedLicenses"]
    for _ in range(2):
        assert executor.data("PATCH", f"/sobjects/User/{who}", json={"IsActive": False}).status_code == 204
    assert executor.one(f"SELECT IsActive FROM User WHERE Id = '{who}'")["IsActive"] is False
    assert executor.count(f"PermissionSetAssignment WHERE AssigneeId = '{who}'") == held > 0
    assert executor.one("SELECT UsedLicenses FROM UserLicense WHERE Name = 'Salesforce'")["UsedLicenses"] == used - 1
    assert actions(executor).count("deactivateduser") == 1
    assert who not in executor.truth()["categories"]["leavers_active"]


@pytest.mark.parametrize(
    ("blocker", "said"),
    [
        ("web_to_lead_creator", "You cannot disable the Web to Lead Default Creator"),
        ("case_default_owner", "You cannot deactivate a user who is the default owner of cases"),
        ("default_workflow", "You cannot deactivate the Default Workflow User"),
        ("hierarchy_field", "Cannot inactivate user that is the value of a hierarchy field:Deputy__c"),
        ("approver", "You cannot deactivate a user who is an approver in an approval process"),
    ],
)
def test_an_org_may_refuse_to_deactivate_somebody(executor: Org, blocker: str, said: str) -> None:
    who = leaver(executor)
    executor.admin("as-admin", {"act": "set_blocker", "account": who, "blocker": blocker})
    answer = executor.data("PATCH", f"/sobjects/User/{who}", json={"IsActive": False})
    assert answer.status_code == 400
    assert answer.json()[0]["message"] == said
    assert executor.one(f"SELECT IsActive FROM User WHERE Id = '{who}'")["IsActive"] is True
    executor.admin("as-admin", {"act": "set_blocker", "account": who, "blocker": None})
    assert executor.data("PATCH", f"/sobjects/User/{who}", json={"IsActive": False}).status_code == 204


def test_one_leaver_is_the_web_to_lead_creator_from_the_start(executor: Org) -> None:
    stuck = executor.truth()["categories"]["cannot_be_deactivated"][0]
    assert executor.one("SELECT WebToLeadDefaultCreatorId FROM Organization")["WebToLeadDefaultCreatorId"] == stuck
    assert executor.data("PATCH", f"/sobjects/User/{stuck}", json={"IsActive": False}).status_code == 400


def test_the_last_administrator_stays(executor: Org) -> None:
    admins = executor.rows(
        "SELECT Id FROM User WHERE IsActive = true AND Profile.Name = 'System Administrator' AND Id != '"
        + FOUNDER
        + "'"
    )
    for row in admins:
        assert executor.data("PATCH", f"/sobjects/User/{row['Id']}", json={"IsActive": False}).status_code == 204
    assert (
        code(executor.data("PATCH", f"/sobjects/User/{FOUNDER}", json={"IsActive": False}))
        == "CANNOT_DISABLE_LAST_ADMIN"
    )
    least = executor.one("SELECT Id FROM Profile WHERE Name = 'Minimum Access - Salesforce'")["Id"]
    assert (
        code(executor.data("PATCH", f"/sobjects/User/{FOUNDER}", json={"ProfileId": least}))
        == "CANNOT_DISABLE_LAST_ADMIN"
    )


def test_an_assignment_is_deleted_for_good_and_the_second_time_is_gone(executor: Org) -> None:
    row = executor.one("SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.Name = 'Mass_Email' LIMIT 1")["Id"]
    path = f"/sobjects/PermissionSetAssignment/{row}"
    assert executor.data("DELETE", path).status_code == 204
    assert executor.count(f"PermissionSetAssignment WHERE Id = '{row}'") == 0
    assert code(executor.data("DELETE", path), 404) == "ENTITY_IS_DELETED"
    executor.admin("knobs", {"gone_is_cross_reference": True})
    assert code(executor.data("DELETE", path)) == "INVALID_CROSS_REFERENCE_KEY"
    assert actions(executor).count("PermSetUnassign") == 1


def test_an_assignment_that_mirrors_a_profile_refuses(executor: Org) -> None:
    row = executor.one("SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.IsOwnedByProfile = true LIMIT 1")[
        "Id"
    ]
    assert executor.data("DELETE", f"/sobjects/PermissionSetAssignment/{row}").status_code == 400
    later = {"ExpirationDate": (NOW + timedelta(days=9)).isoformat()}
    assert executor.data("PATCH", f"/sobjects/PermissionSetAssignment/{row}", json=later).status_code == 400


def test_a_time_boxed_assignment_ends_by_the_clock(executor: Org) -> None:
    row = executor.one("SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.Name = 'Export_Reports' LIMIT 1")[
        "Id"
    ]
    path = f"/sobjects/PermissionSetAssignment/{row}"
    assert (
        code(executor.data("PATCH", path, json={"ExpirationDate": "2020-01-01T00:00:00Z"}))
        == "FIELD_INTEGRITY_EXCEPTION"
    )
    assert executor.data("PATCH", path, json={"ExpirationDate": "2026-11-20T18:00:00Z"}).status_code == 204
    assert executor.one(f"SELECT IsActive FROM PermissionSetAssignment WHERE Id = '{row}'")["IsActive"] is True
    executor.admin("clock", {"now": "2026-11-21T09:00:00+00:00"})
    assert executor.one(f"SELECT IsActive FROM PermissionSetAssignment WHERE Id = '{row}'")["IsActive"] is False


def test_a_group_of_sets_is_assigned_once_by_its_own_id(executor: Org) -> None:
    who = leaver(executor)
    group = executor.one("SELECT Id FROM PermissionSetGroup WHERE DeveloperName = 'Platform_Team'")["Id"]
    wish = {"AssigneeId": who, "PermissionSetGroupId": group}
    answer = executor.data("POST", "/sobjects/PermissionSetAssignment/", json=wish)
    assert answer.status_code == 201
    assert (
        executor.one(f"SELECT PermissionSet.Type FROM PermissionSetAssignment WHERE Id = '{answer.json()['id']}'")[
            "PermissionSet"
        ]["Type"]
        == "Group"
    )
    assert code(executor.data("POST", "/sobjects/PermissionSetAssignment", json=wish)) == "DUPLICATE_VALUE"


def test_a_role_is_taken_by_null_and_a_profile_changes_its_mirror(executor: Org) -> None:
    who = leaver(executor)
    assert executor.data("PATCH", f"/sobjects/User/{who}", json={"UserRoleId": None}).status_code == 204
    assert executor.one(f"SELECT UserRole.Name FROM User WHERE Id = '{who}'")["UserRole"] is None
    least = executor.one("SELECT Id FROM Profile WHERE Name = 'Minimum Access - Salesforce'")["Id"]
    assert executor.data("PATCH", f"/sobjects/User/{who}", json={"ProfileId": least}).status_code == 204
    rows = executor.rows(
        "SELECT PermissionSet.ProfileId FROM PermissionSetAssignment "
        f"WHERE AssigneeId = '{who}' AND PermissionSet.IsOwnedByProfile = true"
    )
    assert [row["PermissionSet"]["ProfileId"] for row in rows] == [least]
    guests = executor.one("SELECT Id FROM Profile WHERE UserType = 'Guest'")["Id"]
    assert (
        code(executor.data("PATCH", f"/sobjects/User/{who}", json={"ProfileId": guests})) == "FIELD_INTEGRITY_EXCEPTION"
    )
    nowhere = "00egK00000000zzQAA"
    assert code(executor.data("PATCH", f"/sobjects/User/{who}", json={"ProfileId": nowhere})) in {
        "MALFORMED_ID",
        "INVALID_CROSS_REFERENCE_KEY",
    }


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("LastLoginDate", None, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ("IsFrozen", True, "INVALID_FIELD"),
        ("IsActive", "no", "JSON_PARSER_ERROR"),
    ],
)
def test_what_may_not_be_written_refuses_the_whole_change(executor: Org, field: str, value: Any, expected: str) -> None:
    who = leaver(executor)
    answer = executor.data("PATCH", f"/sobjects/User/{who}", json={"Title": "Changed", field: value})
    assert code(answer) == expected
    assert executor.one(f"SELECT Title FROM User WHERE Id = '{who}'")["Title"] != "Changed"


def test_accounts_cannot_be_deleted(executor: Org) -> None:
    assert code(executor.data("DELETE", f"/sobjects/User/{leaver(executor)}"), 405) == "METHOD_NOT_ALLOWED"


def test_ending_a_session_ends_what_hangs_on_it(executor: Org) -> None:
    rows = executor.rows("SELECT Id, ParentId FROM AuthSession")
    child = next(row for row in rows if row["ParentId"] != row["Id"])
    assert executor.data("DELETE", f"/sobjects/AuthSession/{child['ParentId']}").status_code == 204
    assert executor.count("AuthSession") == len(rows) - 2
    assert executor.data("DELETE", f"/sobjects/AuthSession/{child['Id']}").status_code == 404


def test_members_leave_groups_and_queues_by_their_own_row(executor: Org) -> None:
    row = executor.one("SELECT Id FROM GroupMember WHERE Group.Type = 'Queue' LIMIT 1")["Id"]
    assert executor.data("DELETE", f"/sobjects/GroupMember/{row}").status_code == 204
    assert executor.data("DELETE", f"/sobjects/GroupMember/{row}").status_code == 404
    assert "queueMembership" in actions(executor)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_is_revoked_by_its_delete_token_and_only_once(executor: Org, method: str) -> None:
    found = executor.truth()["categories"]
    secret, who = found["departed_admin_tokens"][0], found["departed_admin"][0]
    assert executor.count(f"OauthToken WHERE UserId = '{who}'") == 1
    how: dict[str, Any] = {"params": {"token": secret}} if method == "GET" else {"data": {"token": secret}}
    assert executor.http.request(method, "/services/oauth2/revoke", **how).status_code == 200
    assert executor.count(f"OauthToken WHERE UserId = '{who}'") == 0
    answer = executor.http.request(method, "/services/oauth2/revoke/", **how)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_token")


def test_an_access_token_can_be_revoked_as_well(salesforce: Running) -> None:
    org = visitors.org(salesforce)
    org.http.post("/services/oauth2/revoke", data={"token": org.headers["Authorization"].removeprefix("Bearer ")})
    assert org.data("GET", "/limits").status_code == 401


def test_rights_decide_who_may_change_what(salesforce: Running) -> None:
    reader, executor = visitors.org(salesforce), visitors.org(salesforce, "executor")
    row = executor.one("SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.Name = 'Mass_Email' LIMIT 1")["Id"]
    assert code(reader.data("DELETE", f"/sobjects/PermissionSetAssignment/{row}")) == "INSUFFICIENT_ACCESS"
    executor.admin("rights", {"principal": "executor", "without": ["AssignPermissionSets"]})
    assert code(executor.data("DELETE", f"/sobjects/PermissionSetAssignment/{row}")) == "INSUFFICIENT_ACCESS"
    executor.admin("rights", {"principal": "executor", "without": []})
    assert executor.data("DELETE", f"/sobjects/PermissionSetAssignment/{row}").status_code == 204


def test_a_deactivated_or_frozen_integration_user_cannot_sign_in(salesforce: Running) -> None:
    org = visitors.org(salesforce)
    me = org.ask("GET", "/services/oauth2/userinfo").json()["user_id"]
    known = salesforce.credentials["reader"]
    secret = {
        "grant_type": "client_credentials",
        "client_id": known["client_id"],
        "client_secret": known["client_secret"],
    }
    org.admin("as-admin", {"act": "freeze", "account": me})
    assert org.data("GET", "/limits").status_code == 200  # freezing stops signing in, not what is signed in
    assert org.http.post("/services/oauth2/token", data=secret).json()["error"] == "invalid_grant"
    org.admin("as-admin", {"act": "deactivate", "account": me})
    assert org.http.post("/services/oauth2/token", data=secret).json()["error"] == "inactive_user"
    assert org.data("GET", "/limits").status_code == 401


def test_what_is_done_in_the_pages_shows_at_once(reader: Org) -> None:
    who = leaver(reader)
    reader.admin("as-admin", {"act": "grant", "account": who, "permission_set": "Data_Migration"})
    assert who in reader.truth()["categories"]["privileged"]
    made = reader.admin(
        "as-admin", {"act": "create_account", "username": "new.one@northwind-sandbox.example", "last_name": "One"}
    )["id"]
    assert reader.one(f"SELECT Email, LastLoginDate FROM User WHERE Id = '{made}'") | {"attributes": 0} == {
        "attributes": 0,
        "Email": "new.one@northwind-sandbox.example",
        "LastLoginDate": None,
    }
    reader.admin("as-admin", {"act": "sign_in", "account": made})
    assert reader.one(f"SELECT LastLoginDate FROM User WHERE Id = '{made}'")["LastLoginDate"].startswith("2026-11-16")
    assert reader.count(f"LoginHistory WHERE UserId = '{made}'") == 1


def test_collections_answer_per_record_with_status_codes(executor: Org) -> None:
    rows = [row["Id"] for row in executor.rows("SELECT Id FROM GroupMember WHERE Group.Type = 'Regular' LIMIT 2")]
    answer = executor.data("DELETE", "/composite/sobjects", params={"ids": ",".join([*rows, rows[0]])}).json()
    assert [part["success"] for part in answer] == [True, True, False]
    assert answer[2]["errors"][0]["statusCode"] == "ENTITY_IS_DELETED"
    many = executor.data("DELETE", "/composite/sobjects", params={"ids": ",".join(rows * 101)})
    assert code(many) == "INVALID_NUMBER_OF_RECORDS"


def test_a_composite_request_that_is_all_or_none_leaves_nothing_of_what_failed(executor: Org) -> None:
    base = "/services/data/v67.0/sobjects/GroupMember"
    there = [row["Id"] for row in executor.rows("SELECT Id FROM GroupMember WHERE Group.Type = 'Regular' LIMIT 2")]
    asks = [
        {"method": "DELETE", "url": f"{base}/{id}", "referenceId": name}
        for name, id in (("one", there[0]), ("twice", there[0]), ("two", there[1]))
    ]
    sent = {"compositeRequest": asks, "allOrNone": True}
    parts = executor.data("POST", "/composite", json=sent).json()["compositeResponse"]
    assert [(part["referenceId"], part["body"][0]["errorCode"]) for part in parts] == [
        ("one", "PROCESSING_HALTED"),
        ("twice", "ENTITY_IS_DELETED"),
        ("two", "PROCESSING_HALTED"),
    ]
    listed = ", ".join(f"'{id}'" for id in there)
    assert executor.count(f"GroupMember WHERE Id IN ({listed})") == 2
    sent = {"compositeRequest": [asks[0], asks[2]], "allOrNone": True}
    parts = executor.data("POST", "/composite", json=sent).json()["compositeResponse"]
    assert [part["httpStatusCode"] for part in parts] == [204, 204]
    assert executor.count(f"GroupMember WHERE Id IN ({listed})") == 0


def test_a_collection_that_is_all_or_none_is_taken_back_as_a_whole(executor: Org) -> None:
    row = executor.one("SELECT Id FROM GroupMember WHERE Group.Type = 'Regular' LIMIT 1")["Id"]
    asked = {"ids": f"{row},{row}", "allOrNone": "true"}
    answer = executor.data("DELETE", "/composite/sobjects", params=asked).json()
    said = [part["errors"][0]["statusCode"] for part in answer]
    assert said == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "ENTITY_IS_DELETED"]
    assert executor.count(f"GroupMember WHERE Id = '{row}'") == 1
    asked = {"ids": row, "allOrNone": "true"}
    assert executor.data("DELETE", "/composite/sobjects", params=asked).json()[0]["success"]
    assert executor.count(f"GroupMember WHERE Id = '{row}'") == 0


def test_the_list_of_calls_holds_every_change_in_order_without_secrets(executor: Org) -> None:
    row = executor.one("SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.Name = 'Mass_Email' LIMIT 1")["Id"]
    executor.admin("calls", method="DELETE")
    executor.data("DELETE", f"/sobjects/PermissionSetAssignment/{row}")
    executor.http.post("/services/oauth2/revoke", data={"token": "a-very-secret-one"})
    told = executor.admin("calls", method="GET")
    assert [(c["method"], c["status"], c["principal"]) for c in told["mutating"]] == [
        ("DELETE", 204, "executor"),
        ("POST", 400, None),
    ]
    assert "a-very-secret-one" not in str(told)
