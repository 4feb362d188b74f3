"""What the pretend org takes for SOQL, what it refuses, and that what it takes means what it says."""

from __future__ import annotations

import pytest

from connectors.sandbox.salesforce import grammar
from connectors.sandbox.salesforce.errors import Refusal
from tests.connectors.sandbox.visitors import Org

TAKEN = [
    "SELECT Id FROM User",
    "select id, profile.userlicense.name from user where isactive = TRUE order by name desc nulls last limit 5 offset 2",
    "SELECT Id FROM User WHERE (IsActive = true AND Department = 'Sales') OR Name LIKE 'A%'",
    "SELECT Id FROM User WHERE NOT (Department IN ('Sales', 'IT'))",
    "SELECT Id FROM User WHERE LastLoginDate < LAST_N_DAYS:90 AND CreatedDate > 2020-01-01T00:00:00Z",
    "SELECT Id FROM User WHERE LastLoginDate = null",
    "SELECT Id FROM User WHERE Id IN (SELECT AssigneeId FROM PermissionSetAssignment WHERE PermissionSet.Type = 'Group')",
    "SELECT Id FROM User WHERE Id NOT IN (SELECT UserId FROM UserLogin)",
    "SELECT ProfileId, COUNT(Id) c, MAX(LastLoginDate) FROM User GROUP BY ProfileId ORDER BY ProfileId",
    "SELECT COUNT_DISTINCT(ProfileId) FROM User",
    "SELECT COUNT() FROM Group WHERE Type = 'Queue'",
    "SELECT FIELDS(ALL) FROM Profile LIMIT 200",
    "SELECT FIELDS(STANDARD) FROM Organization",
    "SELECT Name, Related.Name FROM Group WHERE Type != 'Regular'",
    "SELECT User.Name FROM User",
    "SELECT Id FROM User WHERE Name = 'O\\'Brien'",
    "SELECT Id FROM LoginHistory WHERE LoginTime >= 2026-11-15T00:00:00+01:00 AND LoginTime < TODAY",
]
MALFORMED = [
    "",
    "SELECT",
    "SELECT Id",
    "SELECT * FROM User",
    "SELECT Id FROM User WHERE",
    "SELECT Id FROM User;",
    "SELECT Id, Name FROM User WHERE IsActive = true AND Name = 'a' OR Name = 'b'",
    'SELECT Id FROM User WHERE Name = "x"',
    "SELECT Id FROM User WHERE Name LIKE",
    "SELECT Id FROM User HAVING COUNT(Id) > 1",
    "SELECT Id FROM User WITH SECURITY_ENFORCED",
    "SELECT Id FROM User FOR UPDATE",
    "SELECT Id FROM User ALL ROWS",
    "SELECT Id FROM User USING SCOPE mine",
    "SELECT TYPEOF Owner WHEN User THEN Id END FROM Group",
    "SELECT toLabel(Name) FROM User",
    "SELECT Id FROM User WHERE LastLoginDate < LAST_N_DAYS",
    "SELECT Id FROM User WHERE LastLoginDate < LAST_N_FORTNIGHTS:2",
    "SELECT Id FROM User WHERE INCLUDES(Name, 'x')",
    "SELECT COUNT(), Id FROM User",
    "SELECT Id, Id FROM User",
    "SELECT Name FROM User GROUP BY ProfileId",
    "SELECT FIELDS(ALL) FROM User",
    "SELECT Id FROM User LIMIT -1",
    "SELECT Id FROM User WHERE Name = 'a\\qb'",
    "SELECT Id FROM User WHERE IsActive = true OR Id IN (SELECT UserId FROM UserLogin)",
    "SELECT Id FROM User WHERE Id IN (SELECT UserId FROM TwoFactorMethodsInfo)",
    "SELECT Id FROM User WHERE Name IN (SELECT UserId FROM UserLogin)",
]
REFUSED = [
    ("SELECT Id, IsFrozen FROM User", "INVALID_FIELD"),
    ("SELECT Id FROM User WHERE Nope = 1", "INVALID_FIELD"),
    ("SELECT Boss.Name FROM User", "INVALID_FIELD"),
    ("SELECT Id FROM User WHERE IsActive = 'true'", "INVALID_FIELD"),
    ("SELECT Id FROM User WHERE LastLoginDate > '2026-01-01T00:00:00Z'", "INVALID_FIELD"),
    ("SELECT Id FROM LoginHistory WHERE Status = 'Success'", "INVALID_FIELD"),
    ("SELECT Id FROM LoginHistory WHERE Application LIKE 'Data%'", "INVALID_FIELD"),
    ("SELECT Id FROM LoginHistory WHERE SourceIp = '198.51.100.1'", "INVALID_FIELD"),
    ("SELECT Id FROM Nothing", "INVALID_TYPE"),
    ("SELECT Id FROM InstalledSubscriberPackage", "INVALID_TYPE"),
    ("SELECT Id FROM User WHERE Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR"),
    ("SELECT Id FROM User WHERE Id LIKE '005%'", "INVALID_QUERY_FILTER_OPERATOR"),
    ("SELECT Id FROM User OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
]


@pytest.mark.parametrize("soql", TAKEN)
def test_documented_soql_is_taken(org: Org, soql: str) -> None:
    answer = org.query(soql)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("soql", MALFORMED)
def test_what_the_grammar_does_not_know_is_refused_and_no_clause_is_dropped(org: Org, soql: str) -> None:
    assert org.refused(soql) == "MALFORMED_QUERY"


@pytest.mark.parametrize(("soql", "code"), REFUSED)
def test_what_the_org_does_not_have_is_refused_by_its_own_code(org: Org, soql: str, code: str) -> None:
    assert org.refused(soql) == code


def test_a_refusal_points_at_the_place() -> None:
    with pytest.raises(Refusal, match=r"(?s)ERROR at Row:1:Column:21\nunexpected token: '5'"):
        grammar.parse("SELECT Id FROM User 5")


def test_conditions_and_their_negations_share_out_all_rows(org: Org) -> None:
    everybody = org.count("User")
    for test in (
        "Department = 'Sales'",
        "Department LIKE 'S%'",
        "LastLoginDate < LAST_N_DAYS:90",
        "LastLoginDate = TODAY",
        "UserRoleId IN (null)",
        "Id IN (SELECT UserId FROM UserLogin WHERE IsFrozen = true)",
        "Manager.IsActive = true",
        "IsActive = true AND (Department = 'IT' OR Name LIKE '%a%')",
    ):
        if "SELECT" in test:
            both = org.count(f"User WHERE {test}") + org.count(f"User WHERE {test.replace(' IN ', ' NOT IN ')}")
        else:
            both = org.count(f"User WHERE {test}") + org.count(f"User WHERE NOT ({test})")
        assert both == everybody, test


def test_what_is_not_there_differs_from_everything(org: Org) -> None:
    assert org.count("User WHERE Department = null") > 0
    different = org.count("User WHERE Department != 'Sales'")
    assert different == org.count("User") - org.count("User WHERE Department = 'Sales'")


def test_text_is_compared_without_case_also_beyond_ascii(org: Org) -> None:
    row = next(
        r for r in org.rows("SELECT Id, Name FROM User") if not r["Name"].isascii() and r["Name"].upper() != r["Name"]
    )
    found = [r["Id"] for r in org.rows(f"SELECT Id FROM User WHERE Name = '{row['Name'].upper()}'")]
    assert row["Id"] in found


def test_ids_are_taken_in_both_lengths_and_given_in_the_longer(org: Org) -> None:
    id = org.one("SELECT Id FROM User LIMIT 1")["Id"]
    assert len(id) == 18
    assert org.one(f"SELECT Id FROM User WHERE Id = '{id[:15]}'")["Id"] == id


def test_parents_are_objects_with_attributes_or_null(org: Org) -> None:
    row = org.one(
        "SELECT Name, Manager.Email, Profile.UserLicense.Name FROM User WHERE ManagerId = null AND IsActive = true LIMIT 1"
    )
    assert row["Manager"] is None
    assert row["Profile"]["attributes"]["type"] == "Profile"
    assert row["Profile"]["UserLicense"]["Name"]


def test_aggregates_name_their_columns_and_refuse_to_page(org: Org) -> None:
    rows = org.rows("SELECT ProfileId, COUNT(Id) many, MIN(CreatedDate) FROM User GROUP BY ProfileId")
    assert set(rows[0]) == {"attributes", "ProfileId", "many", "expr0"}
    assert rows[0]["attributes"] == {"type": "AggregateResult"}
    assert sum(row["many"] for row in rows) == org.count("User")
    assert org.refused("SELECT Id, COUNT(LoginTime) FROM LoginHistory GROUP BY Id") == "EXCEEDED_ID_LIMIT"


def test_moments_have_milliseconds_and_a_zone_without_colon(org: Org) -> None:
    row = org.one("SELECT LoginTime FROM LoginHistory LIMIT 1")
    assert row["LoginTime"].endswith("+0000")
    assert row["LoginTime"][19] == "."


def test_child_rows_come_within_their_parent(org: Org) -> None:
    rows = org.rows(
        "SELECT Id, (SELECT PermissionSet.Name FROM PermissionSetAssignments ORDER BY Id) FROM User LIMIT 40"
    )
    counted = {
        r["AssigneeId"]: r["n"]
        for r in org.rows("SELECT AssigneeId, COUNT(Id) n FROM PermissionSetAssignment GROUP BY AssigneeId")
    }
    for row in rows:
        below = row["PermissionSetAssignments"]
        assert (0 if below is None else below["totalSize"]) == counted.get(row["Id"], 0)
        assert below is None or below["records"][0]["PermissionSet"]["attributes"]["type"] == "PermissionSet"


def test_child_rows_may_be_filtered_and_cut_and_must_exist(org: Org) -> None:
    said = "SELECT Id, (SELECT Id FROM Assignments WHERE Assignee.IsActive = false LIMIT 1) FROM PermissionSet"
    assert all(r["Assignments"] is None or len(r["Assignments"]["records"]) == 1 for r in org.rows(said))
    assert org.refused("SELECT Id, (SELECT Id FROM Nothings) FROM User") == "INVALID_TYPE"


def test_groups_may_be_filtered_and_ordered_by_what_they_add_up_to(org: Org) -> None:
    said = "SELECT Profile.Name p, COUNT(Id) n FROM User GROUP BY Profile.Name HAVING COUNT(Id) > 5 ORDER BY COUNT(Id) DESC"
    counts = [row["n"] for row in org.rows(said.replace(" p,", ","))]
    assert counts == sorted(counts, reverse=True)
    assert min(counts) > 5
    every = org.rows("SELECT Profile.Name, COUNT(Id) n FROM User GROUP BY Profile.Name")
    assert len(counts) == sum(row["n"] > 5 for row in every)


def test_numbers_add_up_and_other_things_do_not(org: Org) -> None:
    row = org.one("SELECT SUM(UsedLicenses) s, AVG(UsedLicenses) a, COUNT(Id) n FROM UserLicense")
    assert row["s"] == pytest.approx(row["a"] * row["n"])
    assert org.refused("SELECT SUM(Name) FROM UserLicense") == "MALFORMED_QUERY"


def test_an_object_may_have_another_name_and_be_looked_at(org: Org) -> None:
    assert org.one("SELECT u.Id, u.Profile.Name FROM User u WHERE u.IsActive = true LIMIT 1 FOR VIEW")["Profile"][
        "Name"
    ]
    assert org.rows("SELECT g.Id FROM Group g WHERE g.Type = 'Queue'")
    assert org.rows("SELECT Id, Group.Type FROM GroupMember WHERE Group.Type = 'Regular' ORDER BY Group.Type")
