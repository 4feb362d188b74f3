"""What a real org does to those who read it trustingly; docs/connect-salesforce.md lists each trap with the test for it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.connector import Page
from connectors.errors import Denied
from connectors.receipt import Verdict, judge
from connectors.records import AccountRecord, FactorRecord, GrantRecord, Stream
from connectors.salesforce import factors, flags, soap, tokens
from connectors.salesforce.client import Client
from connectors.salesforce.reader import SalesforceReader
from tests.connectors.salesforce.conftest import OURS

HERE = Path(__file__).parent
DOCUMENT = Path(__file__).parents[3] / "docs" / "connect-salesforce.md"
# The only columns of LoginHistory that may stand in a condition.
FILTERABLE = {
    *("AuthenticationServiceId", "CipherSuite", "CountryIso", "Id", "LoginTime", "LoginType", "LoginUrl", "NetworkId"),
    *("OptionsIsGet", "OptionsIsPost", "TlsProtocol", "UserId"),
}
FAULT = "<s:Fault><faultcode>sf:INVALID_TYPE</faultcode><faultstring>no</faultstring></s:Fault>"
PEOPLE = [f"00500000000000{number}AAA" for number in range(6)]


def answer(*rows: dict[str, Any], total: int | None = None) -> tuple[int, Any]:
    return 200, {"totalSize": len(rows) if total is None else total, "done": True, "records": list(rows)}


@pytest.fixture
def open_org(org: Any) -> Any:
    """An org that lets us see everything, with six people in it."""
    org.columns["PermissionSet"] = ["Id", *(flags.column(flag) for flag in flags.FLAGS)]
    held = {"Id": "1", "PermissionSet": {flags.column(flag): True for flag in flags.FLAGS}}
    org.script(f"AssigneeId = '{OURS}'", lambda _: answer(held))
    org.columns["User"] = ["Id", "Username", "UserType", "IsActive", "ProfileId", "UserRoleId"]
    org.rows["User"] = [{"Id": key, "Username": f"{key}@example.com", "UserType": "Standard"} for key in PEOPLE]
    return org


def read(client: Client, stream: Stream) -> list[Page]:
    return list(SalesforceReader(client).pull(stream))


# --- silent ceilings ---


def test_second_factors_past_the_ceiling_are_read_by_groups_of_people(
    open_org: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "CEILING", 4)
    open_org.columns[factors.SOURCE] = ["UserId", "HasTotp", "HasSecurityKey"]
    rows = [{"Id": None, "UserId": user, "HasTotp": True, "HasSecurityKey": False} for user in PEOPLE]

    def said(soql: str) -> tuple[int, Any]:
        found = [row for row in rows if "WHERE" not in soql or str(row["UserId"]) in soql]
        return answer(total=len(found)) if "COUNT()" in soql else answer(*found[:4])

    open_org.script("FROM TwoFactorMethodsInfo", said)
    pages = read(client, Stream.FACTORS)
    found = [each.account_key for page in pages for each in page.records if isinstance(each, FactorRecord)]
    assert sorted(found) == PEOPLE
    assert judge([page.receipt for page in pages]).verdict is Verdict.COMPLETE
    assert sum(page.receipt.calls for page in pages) == client.calls
    monkeypatch.setattr(tokens, "CEILING", 10_000)  # as if nobody had told us
    cut = judge([page.receipt for page in read(client, Stream.FACTORS)])
    assert cut.verdict is Verdict.INCOMPLETE


# --- less shown than there is ---


@pytest.mark.parametrize(
    ("assigned", "complete"), [(6, True), (5, False), (1, False)], ids=["all", "one of six hidden", "own rows only"]
)
def test_fewer_profile_assignments_than_people_mean_that_assignments_are_hidden(
    open_org: Any, client: Client, assigned: int, complete: bool
) -> None:
    open_org.columns |= {
        "PermissionSetAssignment": ["Id", "AssigneeId", "PermissionSetId"],
        "GroupMember": ["Id", "GroupId", "UserOrGroupId"],
    }
    open_org.script("PermissionSet.IsOwnedByProfile = true AND", lambda _: answer(total=assigned))
    if complete:
        assert judge([page.receipt for page in read(client, Stream.GRANTS)]).verdict is Verdict.COMPLETE
    else:
        with pytest.raises(Denied, match="hidden"):
            read(client, Stream.GRANTS)


def test_tokens_of_people_whom_we_do_not_see_mean_that_people_are_hidden(open_org: Any, client: Client) -> None:
    open_org.columns |= {"OauthToken": ["AppName", "UserId"], "ConnectedApplication": ["Id", "Name"]}
    open_org.rows["OauthToken"] = [{"AppName": "Loader", "UserId": user} for user in PEOPLE]
    open_org.script(f"FROM OauthToken WHERE UserId = '{OURS}'", lambda _: answer(total=0))
    assert read(client, Stream.INTEGRATIONS)
    open_org.script(r"COUNT\(\) FROM User WHERE Id IN", lambda _: answer(total=5))
    with pytest.raises(Denied, match="1 of 6 accounts that hold tokens are hidden") as caught:
        read(client, Stream.INTEGRATIONS)
    assert caught.value.missing == "View All Users"
    crowd = [f"005000000000{number:03d}AAA" for number in range(100)]
    open_org.rows["OauthToken"] = [{"AppName": "Loader", "UserId": user} for user in crowd]
    open_org.script(r"COUNT\(\) FROM User WHERE Id IN", lambda _: answer(total=95))
    assert read(client, Stream.INTEGRATIONS)  # a few may be Salesforce's own
    open_org.script(r"COUNT\(\) FROM User WHERE Id IN", lambda _: answer(total=94))
    with pytest.raises(Denied, match="6 of 100"):
        read(client, Stream.INTEGRATIONS)


@pytest.mark.parametrize(("stream", "source"), [(Stream.LOGINS, "LoginHistory"), (Stream.INTEGRATIONS, "OauthToken")])
def test_only_our_own_rows_are_not_believed_even_with_the_right(
    open_org: Any, client: Client, stream: Stream, source: str
) -> None:
    """Documentation of older versions names another right for these; who holds both words still sees what it sees."""
    open_org.columns |= {source: ["Id", "UserId"], "ConnectedApplication": ["Id", "Name"]}
    open_org.rows[source] = [{"Id": None, "UserId": OURS, "AppName": "Rolecall"}]
    open_org.script(f"UserId != '{OURS}'", lambda _: answer(total=0))
    with pytest.raises(Denied, match="only our own"):
        read(client, stream)


# --- columns and rows that are not as one thinks ---


def test_sign_ins_are_never_filtered_by_a_column_that_cannot_be(open_org: Any, client: Client) -> None:
    open_org.columns["LoginHistory"] = ["Id", "UserId", "LoginTime", "Status", "Application", "SourceIp"]
    refused = f'<s:Envelope xmlns:s="{soap.ENVELOPE}"><s:Body>{FAULT}</s:Body></s:Envelope>'.encode()
    open_org.script("Soap", lambda _: (500, refused))
    read(client, Stream.LOGINS)
    read(client, Stream.SETTINGS)
    conditions = [soql.partition(" WHERE ")[2] for soql in open_org.soqls() if "FROM LoginHistory" in soql]
    used = {word for each in conditions for word in re.findall(r"(\w+) (?:[<>!]?=|[<>]|IN|LIKE)", each)}
    assert used
    assert used <= FILTERABLE
    assert not [soql for soql in open_org.soqls() if "LoginHistory" in soql and ("SourceIp" in soql or "GROUP" in soql)]


def test_an_account_without_a_user_type_is_read_and_its_kind_is_not_guessed(open_org: Any, client: Client) -> None:
    open_org.rows["User"][0]["UserType"] = None
    open_org.columns |= {"UserLogin": ["Id", "UserId"], "PermissionSetAssignment": ["Id", "AssigneeId"]}
    open_org.rows["UserLogin"] = [{"Id": f"{number}"} for number in range(6)]
    found = [each for page in read(client, Stream.ACCOUNTS) for each in page.records if isinstance(each, AccountRecord)]
    assert len(found) == 6
    assert str(found[0].kind) == "unknown"


def test_rows_with_attributes_and_parents_that_are_null_are_understood(open_org: Any, client: Client) -> None:
    row = {"attributes": {"type": "PermissionSetAssignment", "url": "/x"}, "Id": "0Pa1", "AssigneeId": PEOPLE[0]}
    open_org.columns |= {
        "PermissionSetAssignment": ["Id", "AssigneeId", "PermissionSetId"],
        "GroupMember": ["Id", "GroupId", "UserOrGroupId"],
    }
    open_org.rows["PermissionSetAssignment"] = [row | {"PermissionSetId": "0PS1", "PermissionSet": None}]
    open_org.script("PermissionSet.IsOwnedByProfile = true AND", lambda _: answer(total=6))
    found = [each for page in read(client, Stream.GRANTS) for each in page.records if isinstance(each, GrantRecord)]
    assert found[0].entitlement_key == "0PS1"


@pytest.mark.parametrize(("known", "told"), [(["Account", "Lead"], True), ([], False)])
def test_a_kind_of_record_that_is_misspelt_is_told(open_org: Any, client: Client, known: list[str], told: bool) -> None:
    client.access = replace(client.access, objects=("Account", "Leed"))
    open_org.columns["ObjectPermissions"] = ["Id", "ParentId", "SobjectType"]
    open_org.choices["SobjectType"] = known  # an org that does not tell its list is not taken to have none
    (page,) = read(client, Stream.OBJECT_RIGHTS)
    assert ("ObjectPermissions: this org has no Leed" in page.receipt.missing) is told
    assert not any("Account" in each for each in page.receipt.missing)
    assert "SobjectType IN ('Account', 'Leed')" in page.receipt.asked


def test_a_tooling_object_that_is_not_described_is_asked_for_all_the_same(open_org: Any, client: Client) -> None:
    open_org.columns["NamedCredential"] = ["Id", "Endpoint"]
    open_org.rows["RemoteProxy"] = [{"Id": "0rp1", "SiteName": "A", "EndpointUrl": "https://a.example.com"}]
    pages = read(client, Stream.ENDPOINTS)
    assert [each.key for page in pages for each in page.records] == ["0rp1"]  # type: ignore[union-attr]
    assert judge([page.receipt for page in pages]).verdict is Verdict.COMPLETE


def test_live_sessions_are_not_asked_for_unless_somebody_switched_them_on(open_org: Any, client: Client) -> None:
    open_org.columns["AuthSession"] = ["Id", "UsersId"]
    open_org.rows["AuthSession"] = [{"Id": "0Ak1", "UsersId": PEOPLE[0]}]
    with pytest.raises(Denied, match="switched off"):
        read(client, Stream.SESSIONS)
    assert not [soql for soql in open_org.soqls() if "AuthSession" in soql]
    client.access = client.connection.access = replace(client.access, sessions=True)
    assert len(read(client, Stream.SESSIONS)[0].records) == 1


# --- the list ---


def test_every_trap_in_the_documentation_has_its_test() -> None:
    text = DOCUMENT.read_text()
    listed = re.findall(r"`(test_\w+)\.py::(test_\w+)`", text)
    assert len(listed) > 25
    for file, name in listed:
        assert re.search(rf"^def {name}\(", (HERE / f"{file}.py").read_text(), re.MULTILINE), name
