"""Fewer rows never pass for all rows: rights are read first, and where they cannot be, the data must speak."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.errors import Denied
from connectors.receipt import Verdict, judge
from connectors.records import AccountRecord, CredentialRecord, Stream
from connectors.salesforce import flags, rights, tokens
from connectors.salesforce.client import Client
from connectors.salesforce.reader import SalesforceReader

OURS, BO = "0055g00000ReadrAAA", "005000000000001AAA"
CREATED = "2026-01-01T00:00:00.000+0000"


def count(number: int) -> tuple[int, Any]:
    return 200, {"totalSize": number, "done": True, "records": []}


def rows(*said: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"totalSize": len(said), "done": True, "records": list(said)}


@pytest.mark.parametrize(
    ("stream", "held", "missing"),
    [
        (Stream.ACCOUNTS, {"ViewAllUsers"}, None),
        (Stream.ACCOUNTS, {"ManageUsers"}, None),
        (Stream.ACCOUNTS, {"ViewSetup"}, "View All Users"),
        (Stream.ENTITLEMENTS, {"ViewSetup", "ViewRoles"}, None),
        (Stream.ENTITLEMENTS, {"ManageUsers"}, "View Setup and Configuration, View Roles and Role Hierarchy"),
        (Stream.GRANTS, {"ViewSetup", "ViewAllUsers"}, None),
        (Stream.GRANTS, {"AssignPermissionSets"}, "View All Users, View Setup and Configuration"),
        (Stream.LOGINS, {"MonitorLoginHistory"}, None),
        (Stream.LOGINS, {"ManageUsers"}, None),
        (Stream.LOGINS, {"ViewSetup"}, "Monitor Login History"),
        (Stream.INTEGRATIONS, {"ManageUsers"}, "Customize Application"),
        (Stream.SETTINGS, set(), None),
        (Stream.CHANGES, set(), "View Setup and Configuration"),
        (Stream.ACCOUNTS, None, "View All Users"),
        (Stream.GRANTS, None, "View All Users, View Setup and Configuration"),
        (Stream.LOGINS, None, None),  # judged by whose rows are visible
        (Stream.INTEGRATIONS, None, None),
    ],
)
def test_a_stream_needs_its_rights(stream: Stream, held: set[str] | None, missing: str | None) -> None:
    refused = rights.why_not(stream, None if held is None else frozenset(held))
    assert (refused.missing if refused else None) == missing


def test_our_own_rights_are_what_any_active_assignment_gives(org: Any, client: Client) -> None:
    org.columns["PermissionSet"] = ["Id", "PermissionsViewSetup", "PermissionsManageUsers", "PermissionsViewRoles"]
    org.rows["PermissionSetAssignment"] = [
        {"Id": "1", "IsActive": True, "PermissionSet": {"PermissionsViewSetup": True}},
        {"Id": "2", "IsActive": False, "PermissionSet": {"PermissionsManageUsers": True}},
    ]
    assert rights.own(client) == {"ViewSetup"}
    org.rows["PermissionSetAssignment"] = []
    assert rights.own(client) is None


def test_a_reading_is_refused_before_anything_of_it_is_asked(org: Any, client: Client) -> None:
    org.columns["PermissionSet"] = ["Id", "PermissionsViewSetup"]
    org.rows["PermissionSetAssignment"] = [{"Id": "1", "IsActive": True, "PermissionSet": {}}]
    for stream in (Stream.GRANTS, Stream.LOGINS, Stream.INTEGRATIONS):
        with pytest.raises(Denied):
            list(SalesforceReader(client).pull(stream))
    assert all("AssigneeId" in soql for soql in org.soqls())


@pytest.mark.parametrize(("stream", "source"), [(Stream.LOGINS, "LoginHistory"), (Stream.INTEGRATIONS, "OauthToken")])
def test_rows_of_nobody_but_ourselves_mean_that_the_others_are_hidden(
    org: Any, client: Client, stream: Stream, source: str
) -> None:
    org.columns[source] = ["Id", "UserId", "AppName"]
    org.rows[source] = [{"Id": "1", "UserId": OURS}]
    org.script("UserId != ", lambda _: count(0))
    org.script("UserId = ", lambda _: count(1))
    with pytest.raises(Denied, match="only our own"):
        list(SalesforceReader(client).pull(stream))


def everything(org: Any) -> None:
    org.columns["PermissionSet"] = ["Id", *(flags.column(flag) for flag in flags.FLAGS)]
    held = {"Id": "1", "PermissionSet": {flags.column(flag): True for flag in flags.FLAGS}}
    org.script(f"AssigneeId = '{OURS}'", lambda _: rows(held))


@pytest.mark.parametrize(("login_rows", "frozen"), [(4, False), (1, None)])
def test_far_fewer_login_rows_than_users_mean_that_they_are_hidden(
    org: Any, client: Client, login_rows: int, frozen: bool | None
) -> None:
    everything(org)
    org.columns |= {"User": ["Id", "Username"], "UserLogin": ["Id", "UserId", "IsFrozen"]}
    org.columns["PermissionSetAssignment"] = ["Id", "AssigneeId"]
    org.rows["User"] = [{"Id": f"00500000000000{n}AAA", "Username": f"p{n}@example.com"} for n in range(5)]
    org.script(r"COUNT\(\) FROM UserLogin", lambda _: count(login_rows))
    org.script("FROM UserLogin WHERE", lambda _: rows())
    found = [each for page in SalesforceReader(client).pull(Stream.ACCOUNTS) for each in page.records]
    assert {each.frozen for each in found if isinstance(each, AccountRecord)} == {frozen}


def test_tokens_past_the_ceiling_are_read_by_groups_of_users(
    org: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Like Salesforce, this org never gives more than the ceiling, and says nothing about it."""
    everything(org)
    monkeypatch.setattr(tokens, "CEILING", 4)
    org.columns |= {
        "ConnectedApplication": ["Id", "Name"],
        "OauthToken": ["AppName", "UserId", "CreatedDate", "LastUsedDate"],
    }
    people = [f"00500000000000{number}AAA" for number in range(6)]
    issued = [
        {"UserId": user, "AppName": f"App {number}", "CreatedDate": CREATED} for user in people for number in range(2)
    ]
    org.rows["User"] = [{"Id": user} for user in people]

    def answer(soql: str) -> tuple[int, Any]:
        found = [each for each in issued if "WHERE" not in soql or each["UserId"] in soql]
        return count(len(found)) if "COUNT()" in soql else rows(*found[:4])

    org.script("FROM OauthToken", answer)
    pages = list(SalesforceReader(client).pull(Stream.INTEGRATIONS))
    read = [each for page in pages for each in page.records if isinstance(each, CredentialRecord)]
    assert len({each.key for each in read}) == len(issued)
    tokens_part = [page.receipt for page in pages if page.receipt.part == "OauthToken"]
    assert judge(tokens_part).verdict is Verdict.COMPLETE
    monkeypatch.setattr(tokens, "CEILING", 10_000)  # as if nobody had told us
    cut = [page.receipt for page in SalesforceReader(client).pull(Stream.INTEGRATIONS)]
    assert judge([each for each in cut if each.part == "OauthToken"]).verdict is Verdict.INCOMPLETE


@pytest.mark.parametrize("told", [True, False], ids=["told", "no such column"])
def test_a_trial_org_says_until_when_anything_of_it_works(org: Any, client: Client, told: bool) -> None:
    org.columns["Organization"] = ["Id", "Name", *(["TrialExpirationDate"] if told else [])]
    trial = {"TrialExpirationDate": "2026-12-24T00:00:00.000+0000"} if told else {}
    org.rows["Organization"] = [{"Id": "00D1", "Name": "Northwind", **trial}]
    org.columns["PermissionSet"] = ["Id"]
    expected = datetime(2026, 12, 24, tzinfo=UTC) if told else None
    assert SalesforceReader(client).check().ends == expected
    assert any("TrialExpirationDate" in address for _, address, _ in org.asked) is told
