"""Licences that are assigned one by one, as something an account holds, and how many of each kind are used.

A user licence comes with the profile and is no grant of its own. Licences of permission sets and of packages are: they can
be taken away, after what rests on them.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.records import EntitlementRecord, GrantRecord, Record, UsageRecord
from connectors.salesforce.client import Client
from connectors.salesforce.parts import Gathered, Odd, Part, Said
from connectors.salesforce.soql import Row, text, value

SET_WISH = ("Id", "DeveloperName", "MasterLabel", "PermissionSetLicenseKey", "Status")
PACKAGE_WISH = ("Id", "NamespacePrefix", "Status")
COUNTED = ("TotalLicenses", "UsedLicenses", "Status")
LIMITS = ("DailyApiRequests", "DailyBulkV2QueryJobs", "DataStorageMB", "FileStorageMB")


# --- as something to hold ---


def entitlement_parts() -> list[Part]:
    """The kinds of licence that are assigned to people; an org may have none."""
    return [
        Part("PermissionSetLicense", "PermissionSetLicense", SET_WISH, set_licence, optional=True),
        Part("PackageLicense", "PackageLicense", PACKAGE_WISH, package_licence, optional=True),
    ]


def grant_parts() -> list[Part]:
    """Who holds which."""
    of_sets, of_packages = ("Id", "AssigneeId", "PermissionSetLicenseId"), ("Id", "UserId", "PackageLicenseId")
    return [
        Part("PermissionSetLicenseAssign", "PermissionSetLicenseAssign", of_sets, set_licence_grant, optional=True),
        Part("UserPackageLicense", "UserPackageLicense", of_packages, package_licence_grant, optional=True),
    ]


def set_licence(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """A licence that some permission sets need."""
    key = text(row, "Id")
    if key is None:
        raise Odd("a permission set licence without Id")
    name = text(row, "PermissionSetLicenseKey") or text(row, "DeveloperName") or key
    yield EntitlementRecord(key, "permission_set_licence", name, text(row, "MasterLabel"), privileges=())


def package_licence(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """A seat in an installed package that is licensed by seat."""
    key = text(row, "Id")
    if key is None:
        raise Odd("a package licence without Id")
    yield EntitlementRecord(key, "package_licence", text(row, "NamespacePrefix") or key, privileges=())


def set_licence_grant(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """A permission set licence, assigned."""
    yield _grant(row, "AssigneeId", "PermissionSetLicenseId")


def package_licence_grant(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """A package's seat, assigned."""
    yield _grant(row, "UserId", "PackageLicenseId")


def _grant(row: Row, who: str, what: str) -> GrantRecord:
    account, held = text(row, who), text(row, what)
    if account is None or held is None:
        raise Odd("a licence assignment without account or licence")
    return GrantRecord(account, held, key=text(row, "Id"))


# --- as something that is used up ---


def usage_parts(_client: Client, _gathered: Gathered) -> list[Part]:
    """Licences of each kind, and the limits that concern us."""
    user = ("Id", "Name", "LicenseDefinitionKey", *COUNTED)
    package = ("Id", "NamespacePrefix", "AllowedLicenses", "UsedLicenses", "Status")
    return [
        Part("UserLicense", "UserLicense", user, user_usage),
        Part("PermissionSetLicense", "PermissionSetLicense", (*SET_WISH[:4], *COUNTED), set_usage, optional=True),
        Part("PackageLicense", "PackageLicense", package, package_usage, optional=True),
        Part("limits", "limits", (), limit, call=_limits, optional=True),
    ]


def _limits(client: Client) -> list[Said]:
    answer = client.read("GET limits", lambda crm: crm.limits())
    said = answer.body if isinstance(answer.body, dict) else {}
    rows = [{"name": name, **said[name]} for name in LIMITS if isinstance(said.get(name), dict)]
    return [Said(rows, "GET limits", answer, tuple(f"limits.{name}" for name in LIMITS if name not in said))]


def count(row: Row, column: str) -> int | None:
    """A number; None where it is not said, and for -1, which means without limit."""
    found = value(row, column)
    return int(found) if isinstance(found, int | float) and found >= 0 else None


def user_usage(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """User licences of one kind."""
    yield _usage(row, "user_licence", "Name", "TotalLicenses")


def set_usage(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """Permission set licences of one kind."""
    yield _usage(row, "permission_set_licence", "MasterLabel", "TotalLicenses")


def package_usage(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """Seats of one package."""
    yield _usage(row, "package_licence", "NamespacePrefix", "AllowedLicenses")


def _usage(row: Row, kind: str, name: str, allowed: str) -> UsageRecord:
    key = text(row, "Id")
    if key is None:
        raise Odd("a licence without Id")
    return UsageRecord(f"{kind}:{key}", text(row, name) or key, count(row, "UsedLicenses"), count(row, allowed))


def limit(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """One limit of the org, over a rolling day where its name says so."""
    name, most, left = str(row["name"]), count(row, "Max"), count(row, "Remaining")
    used = most - left if most is not None and left is not None else None
    yield UsageRecord(f"limit:{name}", name, used, most, "24 hours" if name.startswith("Daily") else None)
