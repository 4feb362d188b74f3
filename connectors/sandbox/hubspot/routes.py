"""Which path leads where in the portal, under every version of it, with the scopes of which one is needed."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from connectors.sandbox.hubspot import accounts, history, oauth, records, teams
from connectors.sandbox.hubspot.world import Call, World
from connectors.sandbox.wire import Answer, Ask

READ_ACCOUNTS = ("settings.users.read", "crm.objects.users.read")
WRITE_ACCOUNTS = ("settings.users.write", "crm.objects.users.write")
READ_TEAMS, WRITE_TEAMS = ("settings.users.teams.read",), ("settings.users.teams.write",)
SECURITY, OWNERS, BILLING = (
    ("account-info.security.read",),
    ("crm.objects.owners.read", "automation"),
    ("settings.billing.write",),
)
MAIL = ("transactional-email",)
READ_RECORDS, WRITE_RECORDS = ("crm.objects.users.read",), ("crm.objects.users.write",)

# The versions of each family of paths. Docs and SDK call `settings/v3/users`, the specification prints `settings/users/v3`.
SETTINGS = r"/settings/(?:users/(?P<family>v3|2026-03|2026-09-beta)|(?P<family_too>v3)/users)"
TEAMS = r"/settings/teams/(?P<family>2026-09-beta)"
OWNER = r"/crm/(?:owners/(?P<family>2026-03|2026-09)|(?P<family_too>v3)/owners)"
OBJECTS = r"/crm/(?:objects/(?P<family>2026-03|2026-09)|(?P<family_too>v3)/objects)/(?:users|0-115)"
INFO = r"/account-info/(?P<family>v3|2026-03|2026-09)"
SMTP = r"/marketing/(?P<family>v3)/transactional/smtp-tokens"
TOKENS = r"/oauth/(?:v1|v3|2026-03)"
_ID = r"/(?P<id>[^/]+)"


@dataclass(frozen=True)
class Route:
    """One resource: its pattern, and per method the scopes (any one of them) and the function."""

    pattern: re.Pattern[str]
    by_method: dict[str, tuple[tuple[str, ...], Callable[..., Answer]]]


def _route(pattern: str, **by_method: tuple[tuple[str, ...], Callable[..., Answer]]) -> Route:
    return Route(re.compile(pattern + r"\Z"), by_method)


ROUTES = (
    _route(SETTINGS, GET=(READ_ACCOUNTS, accounts.listed), POST=(WRITE_ACCOUNTS, accounts.create)),
    _route(f"{SETTINGS}/roles", GET=(READ_ACCOUNTS, accounts.roles)),
    _route(f"{SETTINGS}/teams", GET=(READ_TEAMS, teams.listed)),
    _route(r"/settings/users/(?P<family>2026-09-beta)/seats", GET=(BILLING, accounts.seats)),
    _route(
        SETTINGS + _ID,
        GET=(READ_ACCOUNTS, accounts.get),
        PUT=(WRITE_ACCOUNTS, accounts.update),
        DELETE=(WRITE_ACCOUNTS, accounts.remove),
    ),
    _route(TEAMS, GET=(READ_TEAMS, teams.listed)),
    _route(TEAMS + _ID, GET=(READ_TEAMS, teams.get)),
    _route(f"{TEAMS}{_ID}/members", GET=(READ_TEAMS, teams.members)),
    _route(f"{TEAMS}{_ID}/members/(?P<member>[^/]+)", DELETE=(WRITE_TEAMS, teams.leave)),
    _route(OWNER, GET=(OWNERS, records.owners)),
    _route(OWNER + _ID, GET=(OWNERS, records.owner)),
    _route(OBJECTS, GET=(READ_RECORDS, records.listed)),
    _route(f"{OBJECTS}/search", POST=(READ_RECORDS, records.search)),
    _route(OBJECTS + _ID, GET=(READ_RECORDS, records.get), PATCH=(WRITE_RECORDS, records.update)),
    _route(f"{INFO}/activity/login", GET=(SECURITY, history.logins)),
    _route(f"{INFO}/activity/security", GET=(SECURITY, history.security)),
    _route(f"{INFO}/activity/audit-logs", GET=(SECURITY, history.audit_log)),
    _route(f"{INFO}/details", GET=((), history.details)),
    _route(f"{INFO}/api-usage/daily/private-apps", GET=((), history.usage)),
    _route(SMTP, GET=(MAIL, history.smtp_tokens)),
    _route(SMTP + _ID, GET=(MAIL, history.smtp_token)),
)

# These need no bearer token: they are about tokens.
OPEN: tuple[tuple[str, re.Pattern[str], Callable[..., Answer]], ...] = (
    ("POST", re.compile(r"/oauth/v2/private-apps/get/access-token-info\Z"), oauth.token_info),
    ("POST", re.compile(rf"{TOKENS}/token\Z"), oauth.token),
    ("POST", re.compile(rf"{TOKENS}/token/introspect\Z"), oauth.introspect),
    ("POST", re.compile(rf"{TOKENS}/token/revoke\Z"), oauth.revoke),
    ("GET", re.compile(r"/oauth/v1/access-tokens/(?P<token>[^/]+)\Z"), oauth.access_token),
    ("GET|DELETE", re.compile(r"/oauth/v1/refresh-tokens/(?P<token>[^/]+)\Z"), oauth.refresh_token),
)


def open_door(world: World, ask: Ask) -> Answer | None:
    """The answer of a path that needs no bearer token; `None` when it is another's."""
    for methods, pattern, function in OPEN:
        found = pattern.match(ask.path)
        if found and ask.method in methods.split("|"):
            return function(world, ask, **found.groupdict())
    return None


def find(path: str) -> tuple[Route, dict[str, str]] | None:
    """The resource of a path and what its pattern found."""
    for route in ROUTES:
        found = route.pattern.match(path)
        if found:
            return route, {k: v for k, v in found.groupdict().items() if v is not None}
    return None


def run(function: Callable[..., Answer], call: Call, found: dict[str, str]) -> Answer:
    """Call a resource's function with what its path names."""
    return function(call, **{k: v for k, v in found.items() if not k.startswith("family")})
