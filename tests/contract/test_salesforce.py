"""What a Salesforce org promises, as far as we rely on it. Every line here is documented or asked of a real org."""

from __future__ import annotations

import re

import pytest

from tests.contract.conftest import Caller

DATA = "/services/data/v67.0"
CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def checksum(id: str) -> str:
    blocks = (id[start : start + 5] for start in (0, 5, 10))
    return "".join(CHECK[sum(1 << n for n, char in enumerate(block) if "A" <= char <= "Z")] for block in blocks)


def test_versions_are_listed_without_a_token_being_needed(org: Caller) -> None:
    versions = [each["version"] for each in org.get("/services/data").json()]
    assert "67.0" in versions


def test_every_answer_counts_the_calls_used_today(org: Caller) -> None:
    answer = org.get(f"{DATA}/limits")
    assert re.match(r"api-usage=\d+/\d+", answer.headers["Sforce-Limit-Info"])
    assert {"Max", "Remaining"} <= answer.json()["DailyApiRequests"].keys()


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_slash_at_the_end_changes_nothing(org: Caller, slash: str) -> None:
    assert org.get(f"{DATA}/limits{slash}").status_code == 200
    assert org.get(f"{DATA}/query{slash}", q="SELECT Id FROM User LIMIT 1").json()["totalSize"] == 1


def test_pages_lead_to_the_total(org: Caller) -> None:
    page = org.query("SELECT Id, PermissionSetId FROM PermissionSetAssignment ORDER BY Id", size=200).json()
    total, rows, pages = page["totalSize"], page["records"], 1
    while not page["done"]:
        assert page["nextRecordsUrl"].startswith(f"{DATA}/query/")
        page = org.get(page["nextRecordsUrl"]).json()
        rows, pages = [*rows, *page["records"]], pages + 1
    assert (pages > 1) == (total > 200)
    assert len(rows) == len({row["Id"] for row in rows}) == total


def test_a_count_has_a_total_and_no_records(org: Caller) -> None:
    page = org.query("SELECT COUNT() FROM User").json()
    assert (page["records"], page["done"]) == ([], True)
    assert page["totalSize"] > 0


def test_ids_have_eighteen_characters_and_a_checksum(org: Caller) -> None:
    for row in org.query("SELECT Id FROM User LIMIT 50").json()["records"]:
        assert len(row["Id"]) == 18
        assert row["Id"][15:] == checksum(row["Id"])


def test_moments_carry_an_offset_without_a_colon(org: Caller) -> None:
    row = org.query("SELECT CreatedDate FROM User LIMIT 1").json()["records"][0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", row["CreatedDate"])


def test_parents_are_objects_and_children_are_answers(org: Caller) -> None:
    said = "SELECT Profile.Name, (SELECT Id FROM PermissionSetAssignments) FROM User WHERE ProfileId != null LIMIT 1"
    row = org.query(said).json()["records"][0]
    assert (row["attributes"]["type"], row["Profile"]["attributes"]["type"]) == ("User", "Profile")
    assert row["attributes"]["url"].startswith(f"{DATA}/sobjects/User/005")
    assert {"totalSize", "done", "records"} <= row["PermissionSetAssignments"].keys()


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Nope FROM User", "INVALID_FIELD"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT Id FROM", "MALFORMED_QUERY"),
        ("SELECT Id FROM LoginHistory WHERE Status = 'Success'", "INVALID_FIELD"),
        ("SELECT Id FROM User ORDER BY Id LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
    ],
)
def test_what_is_wrong_with_a_query_has_a_code(org: Caller, soql: str, code: str) -> None:
    assert org.refused(soql) == (400, code)


def test_names_are_read_in_any_case(org: Caller) -> None:
    assert org.query("select id from user where isactive = TRUE limit 1").json()["totalSize"] == 1


def test_a_cursor_that_nobody_knows_is_refused_by_its_code(org: Caller) -> None:
    answer = org.get(f"{DATA}/query/01gD0000002HU6KIAW-2000")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_an_invalid_session_is_told_by_its_code(org: Caller) -> None:
    answer = org.get(f"{DATA}/limits", {"Authorization": "Bearer nonsense"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")


def test_a_token_has_no_id(org: Caller) -> None:
    assert {row["Id"] for row in org.query("SELECT Id, AppName FROM OauthToken LIMIT 20").json()["records"]} <= {None}


def test_an_active_account_holds_the_set_that_mirrors_its_profile(org: Caller) -> None:
    people = org.query("SELECT COUNT() FROM User WHERE IsActive = true AND UserType = 'Standard'").json()["totalSize"]
    mirrored = "FROM PermissionSetAssignment WHERE PermissionSet.IsOwnedByProfile = true AND Assignee.IsActive = true"
    assert org.query(f"SELECT COUNT() {mirrored} AND Assignee.UserType = 'Standard'").json()["totalSize"] == people


def test_a_describe_says_what_can_be_filtered(org: Caller) -> None:
    fields = {f["name"]: f for f in org.get(f"{DATA}/sobjects/LoginHistory/describe").json()["fields"]}
    assert fields["LoginTime"]["filterable"] is True
    assert fields["Status"]["filterable"] is False
