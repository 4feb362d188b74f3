"""The org's fixed furniture, written into it: licences, profiles, permission sets, roles, groups, queues, apps."""

from typing import Any

from connectors.sandbox.salesforce import cast, flags, ids, moments
from connectors.sandbox.salesforce.org import FOUNDED, Draft, ago

ORG = ids.make("00D", 1)
FOUNDER = ids.make("005", 1)


def write(draft: Draft) -> None:
    """Everything that is there before the first account but one: the founder created it all."""
    draft.named["User", "founder"] = FOUNDER
    draft.add("Organization", _organization(), "org")
    for name, key in cast.LICENCES.items():
        seats = max(50, len(draft.company.people) + 40) if name != cast.GUEST else 25
        row = {
            "Name": name,
            "MasterLabel": name,
            "LicenseDefinitionKey": key,
            "Status": "Active",
            "TotalLicenses": seats,
            "UsedLicenses": 0,
        }
        draft.add("UserLicense", row, name)
    _profiles(draft)
    _sets(draft)
    _groups_of_sets(draft)
    _roles(draft)
    _groups(draft)
    _apps(draft)


def _organization() -> dict[str, Any]:
    return {
        "Id": ORG,
        "Name": "Northwind Sandbox",
        "OrganizationType": "Enterprise Edition",
        "InstanceName": "SBX1",
        "IsSandbox": 0,
        "IsReadOnly": 0,
        "Country": "NL",
        "City": "Utrecht",
        "LanguageLocaleKey": "en_US",
        "TimeZoneSidKey": "Europe/Amsterdam",
        "DefaultAccountAccess": "Edit",
        "DefaultContactAccess": "ControlledByParent",
        "DefaultOpportunityAccess": "Read",
        "DefaultLeadAccess": "ReadEditTransfer",
        "DefaultCaseAccess": "ReadEditTransfer",
        "CreatedDate": moments.written(FOUNDED),
    }


def granted(permissions: frozenset[str]) -> dict[str, int]:
    """The permission columns of a row."""
    return {column: int(name in permissions) for name, column in zip(flags.NAMES, flags.COLUMNS, strict=True)}


def _profiles(draft: Draft) -> None:
    for name, (licence, kind, permissions) in cast.PROFILES.items():
        licence_id = draft.named["UserLicense", licence]
        on = granted(permissions)
        profile = draft.add("Profile", {"Name": name, "UserType": kind, "UserLicenseId": licence_id} | on, name)
        # Each profile is mirrored by a hidden permission set, named X followed by its id.
        hidden = {
            "Name": f"X{profile[:15]}",
            "Label": name,
            "Type": "Profile",
            "IsOwnedByProfile": 1,
            "IsCustom": 0,
            "ProfileId": profile,
        }
        draft.add(
            "PermissionSet", hidden | {"LicenseId": licence_id, "HasActivationRequired": 0} | on, f"profile:{name}"
        )


def _sets(draft: Draft) -> None:
    for name, (label, kind, permissions, namespace) in cast.SETS.items():
        row = {
            "Name": name,
            "Label": label,
            "Type": kind,
            "IsOwnedByProfile": 0,
            "IsCustom": int(kind != "Standard"),
            "HasActivationRequired": int(kind == "Session"),
            "NamespacePrefix": namespace,
        }
        draft.add("PermissionSet", row | granted(permissions), name)


def _groups_of_sets(draft: Draft) -> None:
    for name, (label, members, muted, status) in cast.GROUPS_OF_SETS.items():
        row = {
            "DeveloperName": name,
            "MasterLabel": label,
            "Status": status,
            "HasActivationRequired": 0,
            "Language": "en_US",
            "IsDeleted": 0,
        }
        group = draft.add("PermissionSetGroup", row, name)
        components = [draft.named["PermissionSet", member] for member in members]
        if muted:
            muting = {
                "DeveloperName": f"{name}_Muting",
                "MasterLabel": f"{label} Muting",
                "Language": "en_US",
                "IsDeleted": 0,
            }
            components.append(draft.add("MutingPermissionSet", muting | granted(muted), name))
        for component in components:
            draft.add(
                "PermissionSetGroupComponent",
                {"PermissionSetGroupId": group, "PermissionSetId": component, "IsDeleted": 0},
            )
        total = frozenset(p for member in members for p in cast.SETS[member][2]) - muted
        if status != "Updated":  # not recalculated since a member changed: what it says is not what it will be
            total -= cast.SETS[members[-1]][2]
        aggregate = {
            "Name": name,
            "Label": label,
            "Type": "Group",
            "IsOwnedByProfile": 0,
            "IsCustom": 1,
            "PermissionSetGroupId": group,
        }
        draft.add("PermissionSet", aggregate | {"HasActivationRequired": 0} | granted(total), f"group:{name}")


def _roles(draft: Draft) -> None:
    for name, above in cast.ROLES.items():
        row = {"Name": name, "DeveloperName": name.replace(" ", "_"), "PortalType": "None", "RollupDescription": name}
        role = draft.add("UserRole", row | {"ParentRoleId": draft.named["UserRole", above] if above else None}, name)
        for kind in ("Role", "RoleAndSubordinates"):  # Salesforce leaves the names of these empty
            draft.add(
                "Group",
                {
                    "Name": None,
                    "DeveloperName": row["DeveloperName"],
                    "Type": kind,
                    "RelatedId": role,
                    "DoesIncludeBosses": 0,
                },
            )


def _groups(draft: Draft) -> None:
    for name in cast.PUBLIC_GROUPS:
        row = {
            "Name": name,
            "DeveloperName": name.replace(" ", "_"),
            "Type": "Regular",
            "OwnerId": FOUNDER,
            "DoesIncludeBosses": 1,
        }
        draft.add("Group", row, name)
    for name, (_, nested) in cast.PUBLIC_GROUPS.items():
        for inner in nested:
            draft.add(
                "GroupMember", {"GroupId": draft.named["Group", name], "UserOrGroupId": draft.named["Group", inner]}
            )
    for name in cast.QUEUES:
        row = {
            "Name": name,
            "DeveloperName": name.replace(" ", "_"),
            "Type": "Queue",
            "OwnerId": FOUNDER,
            "DoesSendEmailToMembers": 0,
        }
        queue = draft.add("Group", row | {"DoesIncludeBosses": 0}, name)
        draft.add(
            "QueueSobject",
            {"QueueId": queue, "SobjectType": cast.QUEUE_OBJECTS.get(name, "Case"), "CreatedById": FOUNDER},
        )
    draft.add(
        "Group",
        {
            "Name": None,
            "DeveloperName": "AllInternalUsers",
            "Type": "Organization",
            "RelatedId": ORG,
            "DoesIncludeBosses": 0,
        },
    )


def _apps(draft: Draft) -> None:
    for name, installed in cast.APPS.items():
        if installed:
            row = {
                "Name": name,
                "OptionsAllowAdminApprovedUsersOnly": int("Sync" in name or "Loader" in name),
                "RefreshTokenValidityPeriod": 365,
            }
            row |= {"OptionsRefreshTokenValidityMetric": 0, "OptionsHasSessionLevelPolicy": 0, "OptionsIsInternal": 0}
            draft.add("ConnectedApplication", row | {"CreatedDate": ago(draft.company, 900)}, name)
    for name, label in (("Rolecall", "Rolecall"), ("Expense_Bot", "Expense Bot")):
        row = {
            "DeveloperName": name,
            "MasterLabel": label,
            "DistributionState": "Local",
            "ContactEmail": "it@northwind-sandbox.example",
        }
        draft.add(
            "ExternalClientApplication",
            row | {"Version": "1.0", "IsDeleted": 0, "CreatedDate": ago(draft.company, 120)},
            label,
        )
    _admitted(draft)
    row = {
        "DeveloperName": "Ledger_API",
        "MasterLabel": "Ledger API",
        "Endpoint": "https://ledger.northwind-sandbox.example/api",
    }
    draft.add("NamedCredential", row | {"PrincipalType": "NamedUser", "IsDeleted": 0})
    for name, namespace, publisher, reviewed in cast.PACKAGES:
        _package(draft, name, namespace, publisher, reviewed)


def _admitted(draft: Draft) -> None:
    """Which permission sets let their holders use an app: its admin-approved accounts."""
    for app, holder in (
        ("Billing Sync", "Billing_Sync"),
        ("Warehouse Loader", "Warehouse_Loader"),
        ("Legacy Export", "Legacy_Export"),
    ):
        row = {
            "ParentId": draft.named["PermissionSet", holder],
            "SetupEntityId": draft.named["ConnectedApplication", app],
        }
        draft.add("SetupEntityAccess", row | {"SetupEntityType": "ConnectedApplication"})
    for holder in ("Rolecall_Reader", "Rolecall_Executor"):
        row = {
            "ParentId": draft.named["PermissionSet", holder],
            "SetupEntityId": draft.named["ExternalClientApplication", "Rolecall"],
        }
        draft.add("SetupEntityAccess", row | {"SetupEntityType": "ExternalClientApplication"})


def _package(draft: Draft, name: str, namespace: str, publisher: str, reviewed: bool) -> None:
    package = draft.add("SubscriberPackage", {"Name": name, "NamespacePrefix": namespace, "IsPackageValid": 1})
    row = {
        "SubscriberPackageId": package,
        "Name": "Autumn",
        "PublisherName": publisher,
        "MajorVersion": 3,
        "MinorVersion": 1,
        "PatchVersion": 0,
    }
    row |= {
        "BuildNumber": 2,
        "IsManaged": 1,
        "IsBeta": 0,
        "IsDeprecated": 0,
        "IsSecurityReviewed": int(reviewed),
        "ReleaseState": "Released",
    }
    version = draft.add("SubscriberPackageVersion", row)
    draft.add("InstalledSubscriberPackage", {"SubscriberPackageId": package, "SubscriberPackageVersionId": version})
