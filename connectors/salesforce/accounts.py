"""Every account of an org: who it is, whether it may sign in, what kind of identity it is, when it was last used.

`User` says most of it; whether an account is frozen or locked stands in `UserLogin` only (there is no User.IsFrozen).
Every UserType is read: guests and programs are told apart, never left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.errors import Denied
from connectors.records import AccountKind, AccountRecord, Record
from connectors.salesforce import flags, rights
from connectors.salesforce.client import Client
from connectors.salesforce.parts import Gathered, Odd, Part
from connectors.salesforce.soql import Row, text, truth, when

PEOPLE = {
    *("Standard", "PowerPartner", "PowerCustomerSuccess", "CustomerSuccess", "CspLitePortal", "CsnOnly", "SelfService"),
}
PROGRAMS = {"AutomatedProcess", "CloudIntegrationUser"}
NEVER_SIGN_IN = {*PROGRAMS, "Guest"}
WISH = (
    *("Id", "Username", "Email", "Name", "IsActive", "UserType", "Title", "Department", "ManagerId", "EmployeeNumber"),
    *("FederationIdentifier", "ProfileId", "UserRoleId", "ContactId", "CreatedDate", "LastLoginDate"),
    *("LastPasswordChangeDate", "Profile.Name", "Profile.UserLicense.Name", "Profile.UserLicense.LicenseDefinitionKey"),
    "UserRole.Name",
)
NATIVE = {
    "UserType": "UserType",
    "Profile": "Profile.Name",
    "Role": "UserRole.Name",
    "LicenseDefinitionKey": "Profile.UserLicense.LicenseDefinitionKey",
    "FederationIdentifier": "FederationIdentifier",
    "ContactId": "ContactId",
    "LastPasswordChangeDate": "LastPasswordChangeDate",
}
LOGIN_RIGHTS = ("ManageUsers", "FreezeUsers")
FROZEN = "UserLogin"


def parts(client: Client, gathered: Gathered) -> list[Part]:
    """What to read, lookups first: frozen accounts, API-only accounts, agents, and then everybody."""
    lookups, noted = [_agents()], []
    if _logins_hidden(client, gathered.rights):
        gathered.unknown.add(FROZEN)
        noted.append("UserLogin (frozen, locked): Manage Users")
    else:
        lookups.append(_frozen())
    if gathered.rights is not None and not gathered.rights.intersection(rights.ASSIGNMENTS):
        noted.append("PermissionSetAssignment (API-only accounts): View Setup and Configuration")
    elif flags.column("ApiUserOnly") in client.columns("PermissionSet"):
        lookups.append(_api_only())
    return [*lookups, Part("User", "User", WISH, translate, noted=tuple(noted))]


def _frozen() -> Part:
    # Most accounts are neither; reading only the others saves as many pages as the org has thousands of people.
    return Part(
        FROZEN,
        "UserLogin",
        ("Id", "UserId", "IsFrozen", "IsPasswordLocked", "LastModifiedById", "LastModifiedDate"),
        note_login,
        where="IsFrozen = true OR IsPasswordLocked = true",
        counted=False,
        optional=True,
        gathers=True,
        lookup=True,
    )


def _api_only() -> Part:
    return Part(
        "API-only accounts",
        "PermissionSetAssignment",
        ("Id", "AssigneeId", "IsActive"),
        note_api_only,
        where=f"PermissionSet.{flags.column('ApiUserOnly')} = true",
        counted=False,
        optional=True,
        gathers=True,
        lookup=True,
    )


def _agents() -> Part:
    return Part(
        "agents",
        "BotDefinition",
        ("Id", "BotUserId"),
        note_agent,
        counted=False,
        optional=True,
        gathers=True,
        lookup=True,
    )


def _logins_hidden(client: Client, held: frozenset[str] | None) -> bool:
    """Whether UserLogin is out of our sight: no right, not there, or far fewer rows than there are users."""
    if held is not None and not held.intersection(LOGIN_RIGHTS):
        return True
    try:
        return client.count("UserLogin") * 2 < client.count("User")
    except Denied:
        return True


def note_login(row: Row, gathered: Gathered) -> Iterator[Record]:
    """Remember who is frozen and who is locked out; of the frozen also whose change it was: Salesforce freezes too."""
    account = text(row, "UserId")
    if account and truth(row, "IsFrozen"):
        gathered.group("frozen").add(account)
        last = {f"UserLogin.{column}": text(row, column) for column in ("LastModifiedById", "LastModifiedDate")}
        gathered.table("frozen")[account] = {name: found for name, found in last.items() if found}
    if account and truth(row, "IsPasswordLocked"):
        gathered.group("locked").add(account)
    return iter(())


def note_api_only(row: Row, gathered: Gathered) -> Iterator[Record]:
    """Remember who may only use the API."""
    account = text(row, "AssigneeId")
    if account and truth(row, "IsActive") is not False:
        gathered.group("programs").add(account)
    return iter(())


def note_agent(row: Row, gathered: Gathered) -> Iterator[Record]:
    """Remember the account that an agent acts through."""
    account = text(row, "BotUserId")
    if account:
        gathered.group("programs").add(account)
    return iter(())


def kind(row: Row, programs: set[str]) -> AccountKind:
    """Person, program or guest; UNKNOWN for a UserType that is empty or that nobody told us of."""
    user_type = text(row, "UserType") or ""
    licence = text(row, "Profile.UserLicense.LicenseDefinitionKey") or ""
    if user_type == "Guest":
        return AccountKind.GUEST
    of_program = (
        licence.startswith("PID_DigitalAgent")
        or licence.endswith("_INTEGRATION_USER")
        or licence == "PID_XOrg_Proxy_User"
    )
    if user_type in PROGRAMS or of_program or text(row, "Id") in programs:
        return AccountKind.SERVICE
    return AccountKind.PERSON if user_type in PEOPLE else AccountKind.UNKNOWN


def translate(row: Row, gathered: Gathered) -> Iterator[Record]:
    """One User row. No UserLogin row counts as not frozen; UserLogin out of sight counts as not said."""
    key, username = text(row, "Id"), text(row, "Username")
    if key is None or username is None:
        raise Odd("a user without Id or Username")
    seen = FROZEN not in gathered.unknown
    created, never = when(row.get("CreatedDate")), text(row, "UserType") in NEVER_SIGN_IN
    native = {name: found for name, column in NATIVE.items() if (found := text(row, column)) is not None}
    native |= gathered.table("frozen").get(key, {})
    if key in gathered.group("locked"):
        native["IsPasswordLocked"] = "true"
    yield AccountRecord(
        key=key,
        username=username,
        email=text(row, "Email"),
        name=text(row, "Name"),
        active=truth(row, "IsActive"),
        frozen=key in gathered.group("frozen") if seen else None,
        kind=kind(row, gathered.group("programs")),
        title=text(row, "Title"),
        department=text(row, "Department"),
        manager_key=text(row, "ManagerId"),
        employee_number=text(row, "EmployeeNumber"),
        licence=text(row, "Profile.UserLicense.Name"),
        created=created,
        last_login=when(row.get("LastLoginDate")),
        # LastLoginDate goes back to the account's first day; but guests and processes never sign in at all, and a
        # column that we may not see says nothing.
        logins_known_since=None if never or "LastLoginDate" not in row else created,
        native=native,
    )
