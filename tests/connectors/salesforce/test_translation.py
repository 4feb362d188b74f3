"""What a row of Salesforce means in our words: tables of cases, no network."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.records import (
    SUMS_UP,
    AccountKind,
    AccountRecord,
    Authority,
    ChangeRecord,
    CredentialRecord,
    EntitlementRecord,
    GrantRecord,
    IntegrationRecord,
    LoginRecord,
    NestingRecord,
    Privilege,
    Record,
    SettingRecord,
)
from connectors.salesforce import (
    accounts,
    changes,
    endpoints,
    entitlements,
    factors,
    flags,
    grants,
    integrations,
    licences,
    logins,
    object_rights,
    packages,
    rights,
    sessions,
    settings,
    soql,
    tokens,
)
from connectors.salesforce.parts import Gathered, Odd

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BO = "005000000000001AAA"
CREATED = "2024-01-02T03:04:05.000+0000"


def user(**said: Any) -> dict[str, Any]:
    return {
        "Id": BO,
        "Username": "bo@example.com",
        "IsActive": True,
        "UserType": "Standard",
        "CreatedDate": CREATED,
        "LastLoginDate": None,
        "Profile": {"Name": "Sales", "UserLicense": {"Name": "Salesforce", "LicenseDefinitionKey": "SFDC"}},
    } | said


def only(found: Iterable[Record]) -> Any:
    (record,) = found
    return record


def account(gathered: Gathered | None = None, **said: Any) -> AccountRecord:
    found = only(accounts.translate(user(**said), gathered or Gathered(at=NOW)))
    assert isinstance(found, AccountRecord)
    return found


# --- accounts ---


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({}, AccountKind.PERSON),
        ({"UserType": "PowerPartner"}, AccountKind.PERSON),
        ({"UserType": "CspLitePortal"}, AccountKind.PERSON),
        ({"UserType": "Guest"}, AccountKind.GUEST),
        ({"UserType": "AutomatedProcess"}, AccountKind.SERVICE),
        ({"UserType": "CloudIntegrationUser"}, AccountKind.SERVICE),
        ({"UserType": None}, AccountKind.UNKNOWN),
        ({"UserType": "SomethingNew"}, AccountKind.UNKNOWN),
        ({"Profile": {"UserLicense": {"LicenseDefinitionKey": "PID_DigitalAgent_1"}}}, AccountKind.SERVICE),
        ({"Profile": {"UserLicense": {"LicenseDefinitionKey": "SFDC_INTEGRATION_USER"}}}, AccountKind.SERVICE),
        ({"Profile": {"UserLicense": {"LicenseDefinitionKey": "PID_XOrg_Proxy_User"}}}, AccountKind.SERVICE),
        ({"Profile": None}, AccountKind.PERSON),
    ],
)
def test_who_signs_in(said: dict[str, Any], kind: AccountKind) -> None:
    assert account(**said).kind is kind


def test_who_may_only_use_the_api_or_is_an_agent_is_a_program() -> None:
    gathered = Gathered()
    list(accounts.note_api_only({"AssigneeId": BO, "IsActive": True}, gathered))
    assert account(gathered).kind is AccountKind.SERVICE
    gathered = Gathered()
    list(accounts.note_api_only({"AssigneeId": BO, "IsActive": False}, gathered))
    assert account(gathered).kind is AccountKind.PERSON
    list(accounts.note_agent({"BotUserId": BO}, gathered))
    assert account(gathered).kind is AccountKind.SERVICE


def test_never_signed_in_is_known_since_the_account_began() -> None:
    found = account()
    assert found.last_login is None
    assert found.logins_known_since == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("user_type", ["Guest", "AutomatedProcess", "CloudIntegrationUser"])
def test_who_never_signs_in_has_no_history_to_be_inactive_by(user_type: str) -> None:
    assert account(UserType=user_type).logins_known_since is None


def test_a_last_login_that_is_hidden_from_us_says_nothing() -> None:
    row = user()
    del row["LastLoginDate"]
    found = only(accounts.translate(row, Gathered()))
    assert (found.last_login, found.logins_known_since) == (None, None)


def test_frozen_and_locked_come_from_the_login_row() -> None:
    gathered = Gathered()
    row = {"UserId": BO, "IsFrozen": True, "IsPasswordLocked": True, "LastModifiedById": "0051"}
    list(accounts.note_login(row, gathered))
    found = account(gathered)
    assert found.frozen is True
    assert found.native["UserLogin.LastModifiedById"] == "0051"  # a person, or Salesforce itself
    assert found.native["IsPasswordLocked"] == "true"
    assert account().frozen is False  # no login row counts as not frozen
    assert account(Gathered(unknown={accounts.FROZEN})).frozen is None


@pytest.mark.parametrize("lacking", ["Id", "Username"])
def test_a_user_without_a_name_is_refused(lacking: str) -> None:
    with pytest.raises(Odd):
        account(**{lacking: None})


def test_a_time_that_cannot_be_read_does_not_pass_for_never() -> None:
    with pytest.raises(ValueError):
        account(LastLoginDate="last Tuesday")


# --- entitlements ---


def test_a_profile_is_told_by_the_set_that_it_owns() -> None:
    row = {
        "Id": "0PS1",
        "Name": "X00e",
        "IsOwnedByProfile": True,
        "ProfileId": "00e1",
        "Type": "Profile",
        "Profile": {"Name": "System Administrator"},
        "PermissionsModifyAllData": True,
        "PermissionsManageUsers": True,
        "PermissionsCustomizeApplication": True,
        "PermissionsViewSetup": False,
    }
    found = only(entitlements.permission_set(row, Gathered()))
    assert (found.key, found.kind, found.name) == ("00e1", "profile", "System Administrator")
    assert not found.revocable
    assert found.native == ("ModifyAllData", "CustomizeApplication", "ManageUsers")
    assert set(found.privileges) >= {Privilege.ADMINISTER, Privilege.SEE_ALL, Privilege.MANAGE_ACCESS}


def test_a_permission_set_says_what_it_allows_or_that_we_do_not_know() -> None:
    row = {"Id": "0PS2", "Name": "Export", "Label": "Export Reports", "Type": "Regular", "IsOwnedByProfile": False}
    assert only(entitlements.permission_set(row, Gathered())).privileges is None
    found = only(entitlements.permission_set(row | {"PermissionsExportReport": True}, Gathered()))
    assert (found.kind, found.label, found.privileges) == ("permission_set", "Export Reports", (Privilege.EXPORT,))
    assert only(entitlements.permission_set(row | {"PermissionsExportReport": False}, Gathered())).privileges == ()


@pytest.mark.parametrize(
    ("status", "privileges"),
    [("Updated", (Privilege.EXPORT,)), ("Outdated", None), ("Updating", None), ("Failed", None)],
)
def test_a_groups_sum_counts_only_while_it_is_up_to_date(status: str, privileges: Any) -> None:
    gathered = Gathered()
    aggregate = {"Id": "0PS3", "Type": "Group", "PermissionSetGroupId": "0PG1", "PermissionsExportReport": True}
    assert list(entitlements.permission_set(aggregate, gathered)) == []
    row = {"Id": "0PG1", "DeveloperName": "Sales_Kit", "MasterLabel": "Sales Kit", "Status": status}
    found = only(entitlements.set_group(row, gathered))
    assert (found.privileges, found.native) == (privileges, ("ExportReport",))


def test_nesting_of_sets_roles_and_groups() -> None:
    gathered = Gathered()
    sets = {"PermissionSetGroupId": "0PG1", "PermissionSetId": "0PS1"}
    assert only(entitlements.component(sets, gathered)) == NestingRecord("0PG1", "0PS1", SUMS_UP)
    assert list(entitlements.component(sets | {"PermissionSetId": "0QM1"}, gathered)) == []
    found = list(entitlements.role({"Id": "00E2", "Name": "Rep", "ParentRoleId": "00E1"}, gathered))
    assert found[1] == NestingRecord("00E1", "00E2", "role_hierarchy")
    nested = {"GroupId": "00G1", "UserOrGroupId": "00G2"}
    assert only(entitlements.member(nested, gathered)) == NestingRecord("00G2", "00G1", "group_in_group")
    assert list(entitlements.member(nested | {"UserOrGroupId": BO}, gathered)) == []


def test_a_group_that_stands_for_a_role_is_told_only_where_it_is_used() -> None:
    gathered = Gathered(sets={"nested": {"00G9"}}, maps={"parents": {"00E1": None, "00E2": "00E1", "00E3": "00E2"}})
    row = {"Id": "00G9", "Name": None, "Type": "RoleAndSubordinates", "RelatedId": "00E1"}
    first, *edges = entitlements.derived_group(row, gathered)
    assert isinstance(first, EntitlementRecord)
    assert not first.revocable
    assert [edge.holder_key for edge in edges if isinstance(edge, NestingRecord)] == ["00E1", "00E2", "00E3"]
    assert list(entitlements.derived_group(row | {"Id": "00G8"}, gathered)) == []
    only_role = list(entitlements.derived_group(row | {"Type": "Role"}, gathered))
    assert len(only_role) == 2


def test_a_circle_of_roles_does_not_trap_us() -> None:
    assert entitlements.subordinates("a", {"a": "c", "b": "a", "c": "b"}) == ["b", "c"]


def test_every_flag_is_one_that_salesforce_knows_by_that_name() -> None:
    wrong = {"ManageConnectedApps", "UseAnyApiClient", "ApproveUninstalledConnectedApps", "ManagePermissionSets"}
    assert not wrong & set(flags.FLAGS)
    assert set(rights.LABELS) <= set(flags.FLAGS)
    assert Privilege.ADMINISTER not in flags.privileges({"ModifyAllData", "ManageUsers"})


# --- grants ---


def assignment(**said: Any) -> list[Record]:
    row = {
        "Id": "0Pa1",
        "AssigneeId": BO,
        "PermissionSetId": "0PS1",
        "PermissionSetGroupId": None,
        "IsActive": True,
        "ExpirationDate": None,
    }
    gathered = Gathered(at=NOW)
    of_set = said.pop("of_set", {"IsOwnedByProfile": False, "Type": "Regular"})
    if of_set is not None:
        assert not list(grants.note_set({"Id": "0PS1"} | of_set, gathered))
    return list(grants.assignment(row | said, gathered))


def sets(**said: Any) -> dict[str, Any]:
    return {"of_set": {"IsOwnedByProfile": False, "Type": "Regular"} | said}


def test_profile_and_role_are_grants() -> None:
    row = {"Id": BO, "ProfileId": "00e1", "UserRoleId": "00E1"}
    assert list(grants.profile_and_role(row, Gathered())) == [GrantRecord(BO, "00e1"), GrantRecord(BO, "00E1")]
    assert list(grants.profile_and_role(row | {"UserRoleId": None}, Gathered())) == [GrantRecord(BO, "00e1")]


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ({}, ["0PS1"]),
        (sets(IsOwnedByProfile=True), []),
        (sets(Type="Profile"), []),
        ({"PermissionSetGroupId": "0PG1", **sets(Type="Group")}, ["0PG1"]),
        ({"PermissionSetGroupId": "0PG1", "of_set": None}, ["0PG1"]),
        ({"of_set": None}, ["0PS1"]),  # a set that is newer than our list of them
        (sets(Type="Group", PermissionSetGroupId="0PG2"), ["0PG2"]),
        ({"PermissionSetGroupId": "0PG1"}, []),  # the set that comes through the group
    ],
)
def test_an_assignment_is_a_grant_of_what_was_assigned(said: dict[str, Any], held: list[str]) -> None:
    assert [grant.entitlement_key for grant in assignment(**said) if isinstance(grant, GrantRecord)] == held


@pytest.mark.parametrize(
    ("said", "effective"),
    [
        ({}, True),
        ({"IsActive": False}, False),
        ({"IsActive": None}, None),
        ({"ExpirationDate": "2026-11-22T11:59:59.000+0000"}, False),
        ({"ExpirationDate": "2026-11-22T12:00:01.000+0000"}, True),
        (sets(HasActivationRequired=True), False),
        (sets(Type="Session"), False),
        ({"IsRevoked": True}, False),
    ],
)
def test_assigned_is_not_always_effective(said: dict[str, Any], effective: bool | None) -> None:
    assert only(assignment(**said)).effective is effective


@pytest.mark.parametrize(
    ("said", "authority"),
    [
        ({}, Authority.CRM),
        ({"IsRevoked": False}, Authority.CRM),
        ({"IsRevoked": True}, Authority.POLICY),
        ({"LastCreatedByChangeId": "1cd1"}, Authority.POLICY),
    ],
)
def test_a_policys_assignment_is_the_policys(said: dict[str, Any], authority: Authority) -> None:
    assert only(assignment(**said)).authority is authority


def test_an_assignment_keeps_its_key_and_its_end() -> None:
    grant = only(assignment(ExpirationDate="2026-12-01T00:00:00.000+0000"))
    assert (grant.key, grant.until) == ("0Pa1", datetime(2026, 12, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("said", "number"),
    [({}, 1), ({"UserOrGroupId": "00G2"}, 0), ({"Group": {"Type": "Role"}}, 0), ({"Group": {"Type": "Queue"}}, 1)],
)
def test_users_in_groups_and_queues_are_grants(said: dict[str, Any], number: int) -> None:
    row = {"Id": "0111", "GroupId": "00G1", "UserOrGroupId": BO, "Group": {"Type": "Regular"}} | said
    assert len(list(grants.membership(row, Gathered()))) == number


# --- sign-ins ---


@pytest.mark.parametrize(("status", "good"), [("Success", True), ("Invalid Password", False), (None, None)])
def test_a_sign_in_succeeded_or_not(status: str | None, good: bool | None) -> None:
    row = {"Id": "0Ya1", "UserId": BO, "LoginTime": CREATED, "LoginType": "Remote Access 2.0", "Status": status}
    found = only(logins.translate(row | {"LoginSubType": "OauthRefreshToken", "SourceIp": "192.0.2.1"}, Gathered()))
    assert isinstance(found, LoginRecord)
    assert found.succeeded is good
    assert found.way == "Remote Access 2.0; OauthRefreshToken"
    assert "192.0.2.1" not in repr(found)


class Pages:
    """As much of a client as cutting windows needs."""

    class access:
        page_size = 2000

    def __init__(self, first: datetime | None = None) -> None:
        self.first, self.counted = first, 0

    def count(self, _source: str, where: str) -> int:
        """Sign-ins before the end of a condition, if the first of them was before it."""
        self.counted += 1
        end = datetime.fromisoformat(where.rsplit("< ", 1)[-1])
        return 1 if self.first is None or self.first < end else 0


@pytest.mark.parametrize(("said", "number"), [(0, 1), (1900, 1), (20_000, 2), (595_000, 50), (10_000_000, 100)])
def test_windows_cover_every_moment_once(said: int, number: int) -> None:
    since, until = NOW - timedelta(days=99), NOW + timedelta(hours=3)
    anchor, cuts = logins.windows(Pages(), f"{soql.moment(since)}|{soql.moment(until)}", said)  # type: ignore[arg-type]
    edges = [part.split()[2] for cut in cuts for part in cut.split(" AND ")]
    assert edges[0] == soql.moment(since)
    assert edges[-1] == soql.moment(until)
    assert edges[1:-1:2] == edges[2::2]
    assert len(cuts) == number
    assert logins.windows(Pages(), anchor, said * 3)[1] == cuts  # type: ignore[arg-type]


def test_days_before_the_first_sign_in_are_not_asked_for_one_by_one() -> None:
    since, first = NOW.replace(hour=0) - timedelta(days=400), NOW - timedelta(days=180)
    org = Pages(first)
    anchor, cuts = logins.windows(org, f"{soql.moment(since)}|{soql.moment(NOW)}", 400_000)  # type: ignore[arg-type]
    assert cuts[0].split()[2] == soql.moment(first.replace(hour=0))
    assert org.counted <= 9
    assert len(cuts) == 37  # of five days each
    assert logins.windows(Pages(), anchor, 400_000) == (anchor, cuts)  # type: ignore[arg-type]
    assert len(logins.windows(org, f"{soql.moment(since)}|{soql.moment(NOW)}", 1_900)[1]) == 1  # type: ignore[arg-type]


# --- integrations ---


def token(**said: Any) -> dict[str, Any]:
    return {"UserId": BO, "AppName": "Data Loader", "CreatedDate": CREATED, "LastUsedDate": None} | said


def test_a_token_belongs_to_a_listed_app_or_betrays_one() -> None:
    gathered = Gathered()
    list(integrations.connected_app({"Id": "0H41", "Name": "Data Loader"}, gathered))
    found = only(tokens.token(token(), gathered))
    assert isinstance(found, CredentialRecord)
    assert (found.integration_key, found.account_key, found.uses_known_since) == ("0H41", BO, found.created)
    app, _credential = tokens.token(token(AppName="Shadow"), gathered)
    assert app == IntegrationRecord("app:Shadow", "uninstalled_app", "Shadow", derived=True)
    assert len(list(tokens.token(token(AppName="Shadow"), gathered))) == 1


def test_a_tokens_key_is_stable_and_never_its_value() -> None:
    row = token(DeleteToken="delete-me-secret", AccessToken="refresh-me-secret")
    one, two = (only(tokens.token(row, Gathered(maps={"apps": {"Data Loader": "0H41"}}))) for _ in range(2))
    assert one == two
    assert "secret" not in repr(one)
    gathered = Gathered(maps={"apps": {"Data Loader": "0H41"}})
    keys = [only(tokens.token(row, gathered)).key for _ in range(2)]
    assert keys == [one.key, f"{one.key}#2"]
    assert not {"AccessToken", "RequestToken", "DeleteToken"} & set(tokens.WISH)


def test_an_external_client_app_knows_its_scopes() -> None:
    gathered = Gathered()
    scopes = {"ExternalClientApplicationId": "0xI1", "OauthScopesAPI": True, "OauthScopesFULL": False}
    list(integrations.note_scopes(scopes, gathered))
    found = only(integrations.external_app({"Id": "0xI1", "DeveloperName": "Bot"}, gathered))
    assert found.scopes == ("api",)


# --- settings, changes, times ---


def test_facts_and_risks_become_settings() -> None:
    found = list(settings.organization({"IsSandbox": True, "Name": "Northwind", "InstanceName": None}, Gathered()))
    assert SettingRecord("organization.IsSandbox", "true") in found
    assert SettingRecord("organization.InstanceName", None) in found
    risk = {"SettingGroup": "Session", "Setting": "Timeout", "OrgValue": "12 hours", "RiskType": "HIGH_RISK"}
    assert len(list(settings.risk(risk, Gathered()))) == 2


def test_a_change_keeps_its_stable_word() -> None:
    row = {"Id": "0Ym1", "CreatedDate": CREATED, "Action": "PermSetCreate", "Display": "Created", "Section": "Sets"}
    found = only(changes.translate(row | {"CreatedById": BO, "DelegateUser": "eve@example.com"}, Gathered()))
    assert isinstance(found, ChangeRecord)
    assert (found.action, found.actor_key) == ("PermSetCreate", BO)
    assert found.text == "Sets: Created: on behalf of eve@example.com"


@pytest.mark.parametrize(
    "text", ["2026-03-26T16:43:31.000+0000", "2026-03-26T16:43:31Z", "2026-03-26T18:43:31.000+0200"]
)
def test_times_as_salesforce_writes_them(text: str) -> None:
    assert soql.when(text) == datetime(2026, 3, 26, 16, 43, 31, tzinfo=UTC)


def test_what_goes_into_a_query_is_quoted_or_refused() -> None:
    assert soql.quote("O'Neil \\ x") == r"'O\'Neil \\ x'"
    with pytest.raises(ValueError):
        soql.among("Id", ["005' OR Id != '"])
    assert soql.same_id("005000000000001", "005000000000001AAA")


EVERY: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (accounts.translate, {}),
    (entitlements.permission_set, {}),
    (entitlements.set_group, {}),
    (entitlements.component, {}),
    (entitlements.role, {}),
    (entitlements.member, {}),
    (entitlements.group, {}),
    (grants.profile_and_role, {}),
    (grants.assignment, {}),
    (grants.membership, {}),
    (logins.translate, {}),
    (changes.translate, {}),
    (tokens.token, {}),
    (integrations.connected_app, {}),
    (integrations.external_app, {}),
    (packages.translate, {}),
    (licences.set_licence, {}),
    (licences.set_licence_grant, {}),
    (licences.package_licence, {}),
    (licences.package_licence_grant, {}),
    (licences.user_usage, {}),
    (entitlements.territory, {}),
    (grants.in_territory, {}),
    (object_rights.translate, {}),
    (factors.translate, {}),
    (sessions.translate, {}),
    (endpoints.named, {}),
    (endpoints.remote_site, {}),
    (endpoints.certificate, {}),
    (settings.delegates, {}),
]


@pytest.mark.parametrize(("translate", "row"), EVERY)
def test_an_empty_row_is_refused_and_not_guessed_at(translate: Callable[..., Any], row: dict[str, Any]) -> None:
    with pytest.raises(Odd):
        list(translate(row, Gathered()))
