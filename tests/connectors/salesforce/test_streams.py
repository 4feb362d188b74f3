"""What else an org tells of itself, in our words: licences, object rights, factors, sessions, packages, endpoints."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.records import (
    EndpointRecord,
    EntitlementRecord,
    FactorRecord,
    GrantRecord,
    IntegrationRecord,
    NestingRecord,
    ObjectRightRecord,
    Record,
    SettingRecord,
    UsageRecord,
)
from connectors.salesforce import (
    endpoints,
    entitlements,
    factors,
    grants,
    integrations,
    licences,
    metadata,
    object_rights,
    packages,
    sessions,
    settings,
    tokens,
)
from connectors.salesforce.parts import Gathered

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BO = "005000000000001AAA"
CREATED = "2024-01-02T03:04:05.000+0000"


def only(found: Iterable[Record]) -> Any:
    (record,) = found
    return record


# --- licences, territories, muting, activation ---


def test_licences_are_held_and_can_be_taken_away() -> None:
    row = {"Id": "0PL1", "PermissionSetLicenseKey": "CRMUserPsl", "MasterLabel": "CRM User"}
    found = only(licences.set_licence(row, Gathered()))
    assert (found.kind, found.name, found.privileges, found.revocable) == (
        "permission_set_licence", "CRMUserPsl", (), True,
    )  # fmt: skip
    assert only(licences.package_licence({"Id": "0501", "NamespacePrefix": "ringup"}, Gathered())).name == "ringup"
    row = {"Id": "2LA1", "AssigneeId": BO, "PermissionSetLicenseId": "0PL1"}
    assert only(licences.set_licence_grant(row, Gathered())) == GrantRecord(BO, "0PL1", key="2LA1")
    row = {"Id": "0511", "UserId": BO, "PackageLicenseId": "0501"}
    assert only(licences.package_licence_grant(row, Gathered())) == GrantRecord(BO, "0501", key="0511")


def test_a_territory_reaches_what_lies_below_it() -> None:
    row = {"Id": "0MI2", "DeveloperName": "North", "Name": "North", "ParentTerritory2Id": "0MI1"}
    first, edge = entitlements.territory(row, Gathered())
    assert isinstance(first, EntitlementRecord)
    assert edge == NestingRecord("0MI1", "0MI2", "territory_hierarchy")
    row = {"Id": "0R01", "UserId": BO, "Territory2Id": "0MI2", "IsActive": False}
    assert only(grants.in_territory(row, Gathered())).effective is False


def test_a_group_says_what_mutes_it_and_a_queue_what_waits_in_it() -> None:
    gathered = Gathered()
    list(entitlements.muting_set({"Id": "0QM1", "MasterLabel": "No export"}, gathered))
    assert not list(entitlements.component({"PermissionSetGroupId": "0PG1", "PermissionSetId": "0QM1"}, gathered))
    group = {"Id": "0PG1", "DeveloperName": "Kit", "Status": "Updated", "Description": "Sales"}
    assert only(entitlements.set_group(group, gathered)).description == "[muted by No export] Sales"
    for kind in ("Lead", "Case"):
        list(entitlements.queue_object({"QueueId": "00G1", "SobjectType": kind}, gathered))
    queue = {"Id": "00G1", "Type": "Queue", "DeveloperName": "Inbox"}
    assert only(entitlements.group(queue, gathered)).description == "[for Case, Lead]"


@pytest.mark.parametrize(
    ("activated", "unknown", "effective"),
    [({f"{BO} 0PS1"}, set(), True), ({f"{BO} 0PS2"}, set(), False), (set(), {grants.ACTIVATIONS}, None)],
)
def test_a_session_based_set_counts_while_it_is_switched_on(activated: Any, unknown: Any, effective: Any) -> None:
    gathered = Gathered(at=NOW, sets={"activated": activated}, unknown=unknown)
    list(grants.note_set({"Id": "0PS1", "Type": "Session"}, gathered))
    row = {"Id": "0Pa1", "AssigneeId": BO, "PermissionSetId": "0PS1", "IsActive": True}
    assert only(grants.assignment(row, gathered)).effective is effective


def test_who_switched_a_set_on_is_remembered() -> None:
    gathered = Gathered()
    list(grants.note_activation({"UserId": BO, "PermissionSetId": "0PS1", "PermissionSetGroupId": None}, gathered))
    assert gathered.group("activated") == {f"{BO} 0PS1"}


# --- object rights ---


@pytest.mark.parametrize(
    ("parent", "holder"),
    [
        ({"IsOwnedByProfile": True, "ProfileId": "00e1"}, "00e1"),
        ({"IsOwnedByProfile": False, "PermissionSetGroupId": "0PG1"}, "0PG1"),
        ({"IsOwnedByProfile": False}, "0PS1"),
    ],
)
def test_object_rights_belong_to_the_entitlement_that_people_know(parent: dict[str, Any], holder: str) -> None:
    row = {"Id": "1101", "ParentId": "0PS1", "SobjectType": "Contact", "PermissionsRead": True, "Parent": parent}
    row |= {"PermissionsModifyAllRecords": True, "PermissionsDelete": False}
    found = only(object_rights.translate(row, Gathered()))
    assert found == ObjectRightRecord(
        f"{holder}:Contact", holder, "Contact", read=True, delete=False, change_all=True
    )  # fmt: skip


# --- factors and sessions ---


def test_factors_say_whether_they_withstand_phishing() -> None:
    row = {"UserId": BO, "HasSecurityKey": True, "HasTotp": True, "HasU2F": True, "HasTempCode": False}
    row |= {"HasUserVerifiedEmailAddress": True, "HasVerifiedMobileNumber": True}  # are none
    found = list(factors.translate(row, Gathered()))
    assert found == [
        FactorRecord(f"{BO}:security_key", BO, "security_key", True),
        FactorRecord(f"{BO}:u2f_key", BO, "u2f_key", None),
        FactorRecord(f"{BO}:totp", BO, "totp", False),
    ]
    assert not list(factors.translate({"UserId": BO}, Gathered()))


def test_a_session_is_known_by_a_digest_and_ends_when_salesforce_says() -> None:
    row = {"Id": "0Ak000000000001AAA", "UsersId": BO, "SessionType": "UI", "LoginType": "Application"}
    row |= {"CreatedDate": CREATED, "LastModifiedDate": "2026-11-22T11:00:00.000+0000", "NumSecondsValid": 7200}
    found = only(sessions.translate(row | {"SourceIp": "192.0.2.7"}, Gathered()))
    assert found.expires == datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
    assert "0Ak" not in repr(found)
    assert "192.0.2" not in repr(found)
    assert "SourceIp" not in sessions.WISH
    assert only(sessions.translate({"Id": "0Ak1", "UsersId": BO}, Gathered())).expires is None


# --- integrations: policies, who is let in, renamed apps ---


def test_who_is_let_into_an_app_without_asking_is_told_or_said_to_be_unknown() -> None:
    gathered = Gathered()
    parent = {"IsOwnedByProfile": True, "ProfileId": "00e1"}
    list(integrations.note_permitted({"SetupEntityId": "0H41", "ParentId": "0PS1", "Parent": parent}, gathered))
    list(integrations.note_permitted({"SetupEntityId": "0H41", "ParentId": "0PS2", "Parent": {}}, gathered))
    app = {"Id": "0H41", "Name": "Data Loader", "OptionsAllowAdminApprovedUsersOnly": True, "StartUrl": None}
    found = only(integrations.connected_app(app, gathered))
    assert isinstance(found, IntegrationRecord)
    assert found.permitted == ("00e1", "0PS2")
    assert found.native == {"OptionsAllowAdminApprovedUsersOnly": "true"}
    assert only(integrations.connected_app(app | {"Id": "0H42"}, gathered)).permitted == ()
    assert only(integrations.connected_app(app, Gathered(unknown={integrations.PERMITTED}))).permitted is None


def test_an_external_client_app_tells_its_policies() -> None:
    gathered = Gathered()
    policy = {"ExternalClientApplicationId": "0xI1", "PermittedUsersPolicyType": "AdminApprovedPreAuthorized"}
    list(integrations.note_policies(policy | {"ClientCredentialsFlowUser": "bot@example.com"}, gathered))
    list(integrations.note_policies({"ExternalClientApplicationId": "0xI1", "IsEnabled": False}, gathered))
    found = only(integrations.external_app({"Id": "0xI1", "DeveloperName": "Bot"}, gathered))
    assert found.active is False
    assert found.native["PermittedUsersPolicyType"] == "AdminApprovedPreAuthorized"
    assert found.native["ClientCredentialsFlowUser"] == "bot@example.com"


def test_a_renamed_app_is_still_known_by_its_entry_in_the_app_menu() -> None:
    gathered = Gathered()
    list(integrations.connected_app({"Id": "0H41", "Name": "New name"}, gathered))
    row = {"UserId": BO, "AppName": "Old name", "CreatedDate": CREATED, "AppMenuItem": {"ApplicationId": "0H41"}}
    assert only(tokens.token(row, gathered)).integration_key == "0H41"
    derived, _ = tokens.token(row | {"AppMenuItem": None}, gathered)
    assert isinstance(derived, IntegrationRecord)
    assert derived.derived


# --- packages, endpoints, usage ---


def test_a_package_knows_its_version_its_review_and_its_seats() -> None:
    gathered = Gathered()
    seats = {"NamespacePrefix": "ringup", "AllowedLicenses": 50, "UsedLicenses": 12, "ExpirationDate": None}
    list(packages.note_seats(seats, gathered))
    version = {"PublisherName": "RingUp Ltd", "IsSecurityReviewed": True}
    version |= {"MajorVersion": 3.0, "MinorVersion": 1.0, "PatchVersion": 0.0, "Name": "Spring"}
    row = {"Id": "0A31", "SubscriberPackage": {"Name": "RingUp", "NamespacePrefix": "ringup"}}
    found = only(packages.translate(row | {"SubscriberPackageVersion": version}, gathered))
    assert (found.version, found.reviewed, found.publisher) == ("3.1.0", True, "RingUp Ltd")
    assert (found.licences_used, found.licences_allowed) == (12, 50)
    list(packages.note_seats(seats | {"AllowedLicenses": -1}, gathered))
    found = only(packages.translate(row, gathered))
    assert (found.licences_allowed, found.reviewed) == (None, None)  # a licence for everybody; not said


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("https://api.example.com/v1?key=abc#x", "https://api.example.com/v1"),
        ("https://bo:pass@api.example.com:8443/", "https://api.example.com:8443/"),
        ("callout:Billing", "callout:Billing"),
        (None, None),
    ],
)
def test_an_address_is_kept_without_what_may_be_a_secret(said: str | None, kept: str | None) -> None:
    assert endpoints.address(said) == kept


@pytest.mark.parametrize(
    ("row", "guarded"),
    [
        ({"EndpointUrl": "https://a.example.com", "ProtocolMismatch": False}, True),
        ({"EndpointUrl": "https://a.example.com", "ProtocolMismatch": True}, False),
        ({"EndpointUrl": "http://a.example.com", "ProtocolMismatch": False}, False),
        ({"EndpointUrl": None}, None),
    ],
)
def test_a_remote_site_is_guarded_by_tls_and_only_if_nobody_switched_it_off(row: Any, guarded: bool | None) -> None:
    assert only(endpoints.remote_site({"Id": "0rp1", "SiteName": "A", **row}, Gathered())).guarded is guarded


def test_a_certificate_ends_and_may_be_self_signed() -> None:
    row = {"Id": "0P11", "DeveloperName": "Signing", "ExpirationDate": "2027-03-01", "KeySize": 2048}
    row |= {"OptionsIsCaSigned": False, "OptionsIsPrivateKeyExportable": True, "OptionsIsUnusable": False}
    found = only(endpoints.certificate(row, Gathered()))
    assert isinstance(found, EndpointRecord)
    assert found.expires == datetime(2027, 3, 1, tzinfo=UTC)
    assert (found.guarded, found.active, found.native["OptionsIsPrivateKeyExportable"]) == (False, True, "true")
    assert only(endpoints.certificate({"Id": "0P11"}, Gathered())).active is None


def test_no_secret_of_an_endpoint_is_ever_asked_for() -> None:
    asked = {*endpoints.NAMED, *endpoints.EXTERNAL, *endpoints.PROVIDER, *endpoints.SAML, *endpoints.CERTIFICATE}
    asked |= {*endpoints.SOURCE_WISH, *tokens.WISH, *factors.KINDS}
    secrets = {"ConsumerKey", "ConsumerSecret", "EcKey", "ValidationCert", "Password", "SharedKey", "Metadata"}
    secrets |= {"AccessToken", "RequestToken", "DeleteToken", "JwtTextSubject", "CustomConfiguration"}
    assert not asked & secrets


def test_usage_counts_licences_and_limits_and_minus_one_is_without_limit() -> None:
    row = {"Id": "1001", "Name": "Salesforce", "TotalLicenses": 300, "UsedLicenses": 280}
    found = only(licences.user_usage(row, Gathered()))
    assert found == UsageRecord("user_licence:1001", "Salesforce", 280, 300)
    assert only(licences.user_usage(row | {"TotalLicenses": -1}, Gathered())).allowed is None
    limit = {"name": "DailyApiRequests", "Max": 100_000, "Remaining": 99_000}
    assert only(licences.limit(limit, Gathered())) == UsageRecord(
        "limit:DailyApiRequests", "DailyApiRequests", 1000, 100_000, "24 hours"
    )


# --- settings of the Metadata API ---


def test_nested_settings_become_flat_ones() -> None:
    said = {
        "fullName": "Security",
        "sessionSettings": {"forceRelogin": "true", "logoutURL": ""},
        "networkAccess": {"ipRanges": [{"start": "192.0.2.9", "end": "192.0.2.10"}, {"start": "192.0.2.1"}]},
    }
    assert dict(metadata.flat(said)) == {
        "sessionSettings.forceRelogin": "true",
        "sessionSettings.logoutURL": None,
        "networkAccess.ipRanges": "end 192.0.2.10, start 192.0.2.9; start 192.0.2.1",
    }
    assert dict(metadata.flat({"ipRanges": {"start": "192.0.2.1"}})) == {"ipRanges": "start 192.0.2.1"}  # one alone


def test_a_policy_of_a_deleted_profile_concerns_nobody() -> None:
    understand = settings._of_profile("password_policy")
    row = {"fullName": "x", "profile": "Sales", "minimumPasswordLength": "12"}
    assert only(understand(row, Gathered())) == SettingRecord("password_policy.Sales.minimumPasswordLength", "12")
    assert not list(understand(row | {"profile": None}, Gathered()))


def test_delegated_administration_is_told_without_its_members() -> None:
    row = {"fullName": "Helpdesk", "label": "Helpdesk", "loginAccess": "true", "profiles": ["Sales", "Admin"]}
    found = {each.key: each.value for each in settings.delegates(row, Gathered()) if isinstance(each, SettingRecord)}
    assert found["delegated_administration.Helpdesk.profiles"] == "Admin; Sales"
    assert found["delegated_administration.Helpdesk.roles"] is None
