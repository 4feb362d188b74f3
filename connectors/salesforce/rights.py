"""What our own user may see, and which right each stream needs.

Salesforce answers without a right as if there were less data: fewer rows, and the same smaller count. So we read our own
effective permissions (the assignments of our own user, profile and groups included) before we trust any other answer.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.connector import ActKind
from connectors.errors import Denied, Misread
from connectors.records import Stream
from connectors.salesforce import flags
from connectors.salesforce.client import Client
from connectors.salesforce.soql import quote, truth, value

LABELS: Mapping[str, str] = {
    "ApiEnabled": "API Enabled",
    "AssignPermissionSets": "Assign Permission Sets",
    "CustomizeApplication": "Customize Application",
    "ExternalClientAppAdmin": "Manage External Client Apps",
    "ExternalClientAppViewer": "View External Client Apps",
    "FreezeUsers": "Freeze Users",
    "ManageAuthProviders": "Manage Auth. Providers",
    "ManageHealthCheck": "Manage Health Check",
    "ManageInternalUsers": "Manage Internal Users",
    "ManageTwoFactor": "Manage Multi-Factor Authentication in API",
    "ManageUsers": "Manage Users",
    "ModifyAllData": "Modify All Data",
    "ModifyMetadata": "Modify Metadata",
    "MonitorLoginHistory": "Monitor Login History",
    "ViewAllData": "View All Data",
    "ViewAllUsers": "View All Users",
    "ViewHealthCheck": "View Health Check",
    "ViewRoles": "View Roles and Role Hierarchy",
    "ViewSetup": "View Setup and Configuration",
}
EVERYBODY = ("ViewAllUsers", "ManageUsers", "ManageInternalUsers", "ViewAllData", "ModifyAllData")
ASSIGNMENTS = ("ViewSetup", "AssignPermissionSets", "ManageUsers")

# Every line must be met; inside a line one right is enough, and the first is the one we name.
NEEDS: Mapping[Stream, tuple[tuple[str, ...], ...]] = {
    Stream.ACCOUNTS: (EVERYBODY,),
    Stream.ENTITLEMENTS: (("ViewSetup",), ("ViewRoles",)),
    Stream.GRANTS: (EVERYBODY, ASSIGNMENTS, ("ViewSetup",)),
    Stream.LOGINS: (("MonitorLoginHistory", "ManageUsers"),),
    Stream.INTEGRATIONS: (("CustomizeApplication",),),
    Stream.SETTINGS: (),
    Stream.CHANGES: (("ViewSetup",),),
    Stream.OBJECT_RIGHTS: (("ViewSetup",),),
    Stream.FACTORS: (("ManageTwoFactor",),),
    Stream.SESSIONS: (("ManageUsers",),),
    Stream.PACKAGES: (("ViewSetup",),),
    Stream.ENDPOINTS: (),  # each kind has its own
    Stream.USAGE: (),
}
ACT_NEEDS: Mapping[ActKind, tuple[tuple[str, ...], ...]] = {
    ActKind.FREEZE: (("ManageUsers", "FreezeUsers"),),
    ActKind.END_SESSIONS: (("ManageUsers",),),
    ActKind.REVOKE_CREDENTIAL: (("CustomizeApplication",),),
    ActKind.REMOVE_GRANT: (("AssignPermissionSets", "ManageUsers"), ("ViewSetup",)),
    ActKind.CHANGE_GRANT: (("ManageUsers",),),
    ActKind.TIME_BOX: (("AssignPermissionSets", "ManageUsers"),),
    ActKind.DEACTIVATE: (("ManageUsers",),),
    ActKind.RESTORE: (("ManageUsers",), ("AssignPermissionSets", "ManageUsers")),
}


def own(client: Client) -> frozenset[str] | None:
    """The permissions that our own user has now, through whatever; None when Salesforce does not let us see them."""
    principal = client.token.principal
    if principal is None:
        return None
    try:
        asked = [name for name in LABELS if flags.column(name) in client.columns("PermissionSet")]
        dotted = ", ".join(f"PermissionSet.{flags.column(name)}" for name in asked)
        where = f"AssigneeId = {quote(principal)}"
        page = client.query(f"SELECT Id, IsActive, {dotted} FROM PermissionSetAssignment WHERE {where}")
    except (Denied, Misread):
        return None
    active = [row for row in page.rows if truth(row, "IsActive") is not False]
    if not active:
        return None  # everybody has a profile, so nothing at all means that we may not look
    return frozenset(
        name for name in asked if any(value(row, f"PermissionSet.{flags.column(name)}") is True for row in active)
    )


def missing(needs: tuple[tuple[str, ...], ...], held: frozenset[str]) -> tuple[str, ...]:
    """The rights that are lacking, by the names an admin sees in Setup."""
    lacking = [LABELS[line[0]] for line in needs if not held.intersection(line)]
    return tuple(dict.fromkeys(lacking))


def why_not(stream: Stream, held: frozenset[str] | None) -> Denied | None:
    """Why a stream may not be read as a whole, or None.

    Where our own rights are out of sight, sign-ins and integrations are judged by whose rows they show; the other
    streams would look complete whatever is hidden, so they are not read.
    """
    if held is None:
        held = frozenset({"MonitorLoginHistory", "CustomizeApplication"})
    lacking = missing(NEEDS[stream], held)
    if not lacking:
        return None
    names = ", ".join(lacking)
    return Denied(f"{stream}: our user lacks {names}; add it to its permission set", missing=names)
