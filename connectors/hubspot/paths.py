"""Where HubSpot keeps what we ask for, per API version.

v3 paths lose support in September 2027; the dated ones are promised for at least 18 months each. A new dated version is
one more column here. Endpoints that have no dated twin yet stand in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import quote


class Version(StrEnum):
    """A family of paths."""

    DATED = "2026-03"
    V3 = "v3"


class Place(StrEnum):
    """One resource of the API."""

    USERS = "users"
    ROLES = "roles"
    TEAMS = "teams"
    OWNERS = "owners"
    CRM_USERS = "CRM user records"
    LOGINS = "sign-ins"
    SECURITY = "security history"
    DETAILS = "account details"
    SMTP_TOKENS = "SMTP tokens"
    SEATS = "seats"  # the user list once more, by the paths that name them
    API_USAGE = "API usage"
    AUDIT = "audit log"


PATHS: Mapping[Version, Mapping[Place, str]] = {
    Version.DATED: {
        Place.USERS: "/settings/users/2026-03",
        Place.ROLES: "/settings/users/2026-03/roles",
        Place.TEAMS: "/settings/users/2026-03/teams",
        Place.OWNERS: "/crm/owners/2026-03",
        Place.CRM_USERS: "/crm/objects/2026-03/users",
        Place.LOGINS: "/account-info/2026-03/activity/login",
        Place.SECURITY: "/account-info/2026-03/activity/security",
        Place.DETAILS: "/account-info/2026-03/details",
        Place.SMTP_TOKENS: "/marketing/v3/transactional/smtp-tokens",
        Place.SEATS: "/settings/v3/users",
        Place.API_USAGE: "/account-info/2026-03/api-usage/daily/private-apps",
        Place.AUDIT: "/account-info/2026-03/activity/audit-logs",
    },
    Version.V3: {
        Place.USERS: "/settings/v3/users",
        Place.ROLES: "/settings/v3/users/roles",
        Place.TEAMS: "/settings/v3/users/teams",
        Place.OWNERS: "/crm/v3/owners",
        Place.CRM_USERS: "/crm/v3/objects/users",
        Place.LOGINS: "/account-info/v3/activity/login",
        Place.SECURITY: "/account-info/v3/activity/security",
        Place.DETAILS: "/account-info/v3/details",
        Place.SMTP_TOKENS: "/marketing/v3/transactional/smtp-tokens",
        Place.SEATS: "/settings/v3/users",
        Place.API_USAGE: "/account-info/v3/api-usage/daily/private-apps",
        Place.AUDIT: "/account-info/v3/activity/audit-logs",
    },
}
# Any one of these scopes opens the place; said when HubSpot's own refusal does not name one.
SCOPES: Mapping[Place, str] = {
    Place.USERS: "settings.users.read or crm.objects.users.read",
    Place.ROLES: "settings.users.read or crm.objects.users.read",
    Place.TEAMS: "settings.users.teams.read",
    Place.OWNERS: "crm.objects.owners.read",
    Place.CRM_USERS: "crm.objects.users.read",
    Place.LOGINS: "account-info.security.read",
    Place.SECURITY: "account-info.security.read",
    Place.DETAILS: "oauth",
    Place.SMTP_TOKENS: "transactional-email",
    Place.SEATS: "settings.users.read or crm.objects.users.read",
    Place.API_USAGE: "oauth",
    Place.AUDIT: "account-info.security.read, and an Enterprise plan",
}
ADD_ONS: Mapping[Place, str] = {  # absent altogether without it
    Place.SMTP_TOKENS: "transactional e-mail add-on",
    Place.SEATS: "the v3 paths, the only ones that name seats",
    Place.API_USAGE: "legacy private apps, whose calls alone are counted here",
    Place.AUDIT: "an Enterprise plan",
}
WRITING = ("settings.users.write", "crm.objects.users.write")  # any one of them changes or removes users
OWN_TOKEN = "/oauth/v2/private-apps/get/access-token-info"  # service keys and private apps; it has no dated twin # noqa: S105


def path(version: Version, place: Place, key: str | None = None) -> str:
    """The path of a resource, or of one item in it."""
    base = PATHS[version][place]
    return base if key is None else f"{base}/{quote(key, safe='')}"


def oauth(version: Version, what: str) -> str:
    """The path of an OAuth act: "token" or "token/introspect"."""
    return f"/oauth/{version}/{what}"
