"""The programs that have a way in, and the tokens by which they enter.

Connected apps, External Client Apps (since 2026 new apps are of this family), installed packages, and OAuth tokens. A
token names its app by label only; a label that no listed app has is an app used but not installed, told as derived.

Tokens silently end at 2,500 rows, so they are counted first and read by groups of users past that. A token has no Id:
its key is a digest of user, app and creation. Its value is never asked for, and neither is the handle that revokes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from connectors.errors import Denied
from connectors.records import CredentialRecord, IntegrationRecord, Record
from connectors.salesforce import flags
from connectors.salesforce.client import Client
from connectors.salesforce.reading import Gathered, Odd, Part
from connectors.salesforce.soql import Row, among, quote, text, truth, when

CEILING = 2500
USERS_AT_ONCE = 200
TOKEN_WISH = ("AppName", "AppMenuItemId", "UserId", "UseCount", "LastUsedDate", "CreatedDate")
SCOPE_PREFIX = "OauthScopes"
ECA_RIGHTS = ("ExternalClientAppViewer", "ExternalClientAppAdmin")
PACKAGE_WISH = (
    *("Id", "SubscriberPackageId", "SubscriberPackage.Name", "SubscriberPackage.NamespacePrefix"),
    *("SubscriberPackageVersion.Name", "SubscriberPackageVersion.PublisherName"),
)


def parts(client: Client, gathered: Gathered) -> list[Part]:
    """Apps before tokens, because a token knows its app only by name."""
    if gathered.rights is None:
        _insist_on_others(client)
    held = gathered.rights or frozenset()
    # An org that does not know the right does not have the feature.
    rightless = flags.column(ECA_RIGHTS[0]) not in client.columns("PermissionSet")
    eca_lacking = None if rightless or held.intersection(ECA_RIGHTS) else "View External Client Apps"
    package_lacking = None if "ViewSetup" in held else "View Setup and Configuration"
    connected = ("Id", "Name", "CreatedById", "CreatedDate", "OptionsAllowAdminApprovedUsersOnly")
    external = ("Id", "DeveloperName", "MasterLabel", "CreatedById", "CreatedDate", "DistributionState")
    return [
        Part("ConnectedApplication", "ConnectedApplication", connected, connected_app, gathers=True),
        _scopes(client),
        Part(
            "ExternalClientApplication",
            "ExternalClientApplication",
            external,
            external_app,
            optional=True,
            lacking=eca_lacking,
            gathers=True,
        ),
        Part(
            "InstalledSubscriberPackage",
            "InstalledSubscriberPackage",
            PACKAGE_WISH,
            package,
            tooling=True,
            counted=False,
            optional=True,
            lacking=package_lacking,
        ),
        Part("OauthToken", "OauthToken", TOKEN_WISH, token, order="", windows=by_user),
    ]


def _scopes(client: Client) -> Part:
    try:
        columns = [c for c in client.columns("ExtlClntAppOauthSettings") if c.startswith(SCOPE_PREFIX)]
    except Denied:
        columns = []
    wish = ("Id", "ExternalClientApplicationId", *columns)
    name = "ExtlClntAppOauthSettings"
    return Part(name, name, wish, note_scopes, counted=False, optional=True, gathers=True, lookup=True)


def _insist_on_others(client: Client) -> None:
    """Where our rights are out of sight, tokens of nobody but ourselves mean that we may not see the others'."""
    principal = client.token.principal
    everybody = client.count("OauthToken")
    ours = client.count("OauthToken", f"UserId = {quote(principal)}") if principal else everybody
    if everybody <= ours:
        name = "Customize Application"
        raise Denied(f"integrations: only our own tokens are visible; our user needs {name}", missing=name)


def by_user(client: Client, anchor: str, said: int) -> tuple[str, Sequence[str]]:
    """One window where all tokens fit under the ceiling; otherwise a window for every 200 users."""
    if not (anchor or ("all" if said < CEILING else "split")).startswith("split"):
        return "all", [""]
    users: list[str] = []
    soql = "SELECT Id FROM User ORDER BY Id"
    page = client.query(soql)
    users += [found for row in page.rows if (found := text(row, "Id"))]
    while page.next:
        page = client.more(page.next, soql)
        users += [found for row in page.rows if (found := text(row, "Id"))]
    return "split", list(_under_ceiling(client, users))


def _under_ceiling(client: Client, users: list[str]) -> Iterator[str]:
    """Conditions that divide the tokens of `users` into groups below the ceiling; users without tokens cost a count."""
    for begin in range(0, len(users), USERS_AT_ONCE):
        waiting = [users[begin : begin + USERS_AT_ONCE]]
        while waiting:
            some = waiting.pop()
            there = client.count("OauthToken", among("UserId", some))
            if there >= CEILING and len(some) > 1:
                waiting += [some[len(some) // 2 :], some[: len(some) // 2]]
            elif there:
                yield among("UserId", some)


def connected_app(row: Row, gathered: Gathered) -> Iterator[Record]:
    """An installed connected app."""
    key, name = text(row, "Id"), text(row, "Name")
    if key is None or name is None:
        raise Odd("a connected app without Id or name")
    gathered.table("apps").setdefault(name, key)
    yield IntegrationRecord(
        key,
        kind="connected_app",
        name=name,
        owner_key=text(row, "CreatedById"),
        created=when(row.get("CreatedDate")),
    )


def note_scopes(row: Row, gathered: Gathered) -> Iterator[Record]:
    """Remember which scopes an External Client App may ask for."""
    app = text(row, "ExternalClientApplicationId")
    if app:
        scopes = [name.removeprefix(SCOPE_PREFIX).lower() for name in row if name.startswith(SCOPE_PREFIX)]
        held = [scope for scope in scopes if truth(row, f"{SCOPE_PREFIX}{scope.upper()}")]
        gathered.table("scopes")[app] = tuple(held)
    return iter(())


def external_app(row: Row, gathered: Gathered) -> Iterator[Record]:
    """An External Client App."""
    key, name = text(row, "Id"), text(row, "MasterLabel") or text(row, "DeveloperName")
    if key is None or name is None:
        raise Odd("an External Client App without Id or name")
    for label in (name, text(row, "DeveloperName")):
        if label:
            gathered.table("apps").setdefault(label, key)
    yield IntegrationRecord(
        key,
        kind="external_client_app",
        name=name,
        owner_key=text(row, "CreatedById"),
        scopes=gathered.table("scopes").get(key),
        created=when(row.get("CreatedDate")),
    )


def package(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """A package that somebody installed; its code runs inside the org."""
    key = text(row, "Id")
    if key is None:
        raise Odd("an installed package without Id")
    name = text(row, "SubscriberPackage.Name") or text(row, "SubscriberPackageVersion.Name")
    namespace = text(row, "SubscriberPackage.NamespacePrefix")
    publisher = text(row, "SubscriberPackageVersion.PublisherName")
    yield IntegrationRecord(key, "installed_package", name or namespace or key, publisher=publisher, active=True)


def app_key(name: str) -> str:
    """The key of an app that no list names: its label is all there is."""
    return f"app:{name}"


def token_key(user: str, app: str, created: str | None) -> str:
    """A token's stable key, made from what does not change; a token's Id is always null."""
    return hashlib.sha256("\x1f".join(("oauth", user, app, created or "")).encode()).hexdigest()[:32]


def token(row: Row, gathered: Gathered) -> Iterator[Record]:
    """One token as a credential; before it, once, the app that nobody listed."""
    user, name = text(row, "UserId"), text(row, "AppName")
    if user is None or name is None:
        raise Odd("a token without user or app")
    integration = gathered.table("apps").get(name)
    if integration is None:
        integration = app_key(name)
        if integration not in gathered.group("derived"):
            gathered.group("derived").add(integration)
            yield IntegrationRecord(integration, kind="uninstalled_app", name=name, derived=True)
    base = token_key(user, name, text(row, "CreatedDate"))
    times = gathered.table("tokens")
    times[base] = times.get(base, 0) + 1
    yield CredentialRecord(
        key=base if times[base] == 1 else f"{base}#{times[base]}",
        kind="oauth_token",
        label=name,
        integration_key=integration,
        account_key=user,
        created=when(row.get("CreatedDate")),
        last_used=when(row.get("LastUsedDate")),
        uses_known_since=when(row.get("CreatedDate")),
    )
