"""The programs that have a way in, their policies, who is let in without asking, and the tokens by which they enter.

Connected apps and External Client Apps (since 2026 new apps are of this family) are read both. A token names its app by
label; a label that no listed app has is an app used but not installed, told as derived.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.errors import Denied
from connectors.records import IntegrationRecord, Record
from connectors.salesforce import flags, tokens
from connectors.salesforce.client import Client
from connectors.salesforce.entitlements import PARENT_WISH, entitlement_behind
from connectors.salesforce.parts import Gathered, Odd, Part
from connectors.salesforce.soql import Row, text, truth, when, word

SCOPE_PREFIX = "OauthScopes"
ECA_RIGHTS = ("ExternalClientAppViewer", "ExternalClientAppAdmin")
CONNECTED_POLICIES = (
    *("OptionsAllowAdminApprovedUsersOnly", "OptionsRefreshTokenValidityMetric", "RefreshTokenValidityPeriod"),
    *("OptionsHasSessionLevelPolicy", "OptionsIsInternal", "OptionsCodeCredentialGuestEnabled", "StartUrl"),
    *("OptionsTokenExchangeManageBitEnabled", "OptionsAppIssueJwtTokenEnabled", "UvidTimeout"),
)
OAUTH_POLICIES = (
    *("PermittedUsersPolicyType", "ClientCredentialsFlowUser", "IsClientCredentialsFlowEnabled"),
    *("RefreshTokenPolicyType", "RefreshTokenValidityPeriod", "RefreshTokenValidityUnit", "IpRelaxationPolicyType"),
    *("PolicyAction", "RequiredSessionLevel", "IsTokenExchangeFlowEnabled", "IsNamedUserJwtEnabled"),
    "IsGuestCodeCredFlowEnabled",
)
PERMITTED = "SetupEntityAccess"
APPS = ("ConnectedApplication", "ExternalClientApplication")


def parts(client: Client, gathered: Gathered) -> list[Part]:
    """What explains apps, then apps, then tokens, because a token knows its app only by name."""
    tokens.insist_on_all(client, sure=gathered.rights is not None)
    held = gathered.rights or frozenset()
    # An org that does not know the right does not have the feature.
    rightless = flags.column(ECA_RIGHTS[0]) not in client.columns("PermissionSet")
    lacking = None if rightless or held.intersection(ECA_RIGHTS) else "View External Client Apps"
    connected = ("Id", "Name", "CreatedById", "CreatedDate", *CONNECTED_POLICIES)
    external = ("Id", "DeveloperName", "MasterLabel", "CreatedById", "CreatedDate", "DistributionState", "Version")
    app = "ExternalClientApplicationId"
    return [
        _permitted(gathered),
        Part(APPS[0], APPS[0], connected, connected_app, gathers=True),
        _lookup("ExtlClntAppOauthSettings", ("Id", app, *_scopes(client)), note_scopes),
        _lookup("ExtlClntAppOauthPlcyCnfg", ("Id", app, *OAUTH_POLICIES), note_policies),
        _lookup("ExtlClntAppPlcyCnfg", ("Id", app, "IsEnabled"), note_policies),
        Part(APPS[1], APPS[1], external, external_app, optional=True, lacking=lacking, gathers=True),
        Part(
            tokens.TOKENS, tokens.TOKENS, tokens.WISH, tokens.token, order="",
            windows=tokens.under_ceiling(tokens.TOKENS),
        ),
    ]  # fmt: skip


def _permitted(gathered: Gathered) -> Part:
    types = ", ".join(f"'{each}'" for each in APPS)
    lacking = () if "ViewSetup" in (gathered.rights or ()) else (f"{PERMITTED}: View Setup and Configuration",)
    if lacking:
        gathered.unknown.add(PERMITTED)
    wish = ("Id", "ParentId", "SetupEntityId", "SetupEntityType", *PARENT_WISH)
    where = f"SetupEntityType IN ({types})"
    return Part(
        PERMITTED, PERMITTED, wish, note_permitted, where=where, optional=True, gathers=True, lookup=True, noted=lacking
    )  # fmt: skip


def _lookup(name: str, wish: Sequence[str], note: object) -> Part:
    return Part(name, name, tuple(wish), note, counted=False, optional=True, gathers=True, lookup=True)  # type: ignore[arg-type]


def _scopes(client: Client) -> list[str]:
    try:
        return [column for column in client.columns("ExtlClntAppOauthSettings") if column.startswith(SCOPE_PREFIX)]
    except Denied:
        return []


def note_permitted(row: Row, gathered: Gathered) -> Iterator[Record]:
    """Remember which entitlement lets its holders into an app without asking."""
    app, holder = text(row, "SetupEntityId"), entitlement_behind(row, "Parent")
    if app and holder:
        gathered.table("permitted").setdefault(app, set()).add(holder)
    return iter(())


def permitted(app: str, gathered: Gathered) -> tuple[str, ...] | None:
    """The entitlements whose holders are let into an app; None where we may not see that."""
    if PERMITTED in gathered.unknown:
        return None
    return tuple(sorted(gathered.table("permitted").get(app, ())))


def _native(row: Row, columns: Sequence[str]) -> dict[str, str]:
    return {column: said for column in columns if (said := word(row, column)) is not None}


def connected_app(row: Row, gathered: Gathered) -> Iterator[Record]:
    """An installed connected app."""
    key, name = text(row, "Id"), text(row, "Name")
    if key is None or name is None:
        raise Odd("a connected app without Id or name")
    gathered.table("apps").setdefault(name, key)
    gathered.group("listed").add(key)
    yield IntegrationRecord(
        key,
        kind="connected_app",
        name=name,
        owner_key=text(row, "CreatedById"),
        created=when(row.get("CreatedDate")),
        permitted=permitted(key, gathered),
        native=_native(row, CONNECTED_POLICIES),
    )


def note_scopes(row: Row, gathered: Gathered) -> Iterator[Record]:
    """Remember which scopes an External Client App may ask for."""
    app = text(row, "ExternalClientApplicationId")
    if app:
        scopes = [name.removeprefix(SCOPE_PREFIX).lower() for name in row if name.startswith(SCOPE_PREFIX)]
        held = [scope for scope in scopes if truth(row, f"{SCOPE_PREFIX}{scope.upper()}")]
        gathered.table("scopes")[app] = tuple(held)
    return iter(())


def note_policies(row: Row, gathered: Gathered) -> Iterator[Record]:
    """Remember an External Client App's policies, and whether it is switched on."""
    app = text(row, "ExternalClientApplicationId")
    if app:
        gathered.table("policies").setdefault(app, {}).update(_native(row, (*OAUTH_POLICIES, "IsEnabled")))
    return iter(())


def external_app(row: Row, gathered: Gathered) -> Iterator[Record]:
    """An External Client App."""
    key, name = text(row, "Id"), text(row, "MasterLabel") or text(row, "DeveloperName")
    if key is None or name is None:
        raise Odd("an External Client App without Id or name")
    for label in (name, text(row, "DeveloperName")):
        if label:
            gathered.table("apps").setdefault(label, key)
    gathered.group("listed").add(key)
    policies = gathered.table("policies").get(key, {})
    yield IntegrationRecord(
        key,
        kind="external_client_app",
        name=name,
        owner_key=text(row, "CreatedById"),
        scopes=gathered.table("scopes").get(key),
        active={"true": True, "false": False}.get(policies.get("IsEnabled", "")),
        created=when(row.get("CreatedDate")),
        permitted=permitted(key, gathered),
        native={**_native(row, ("DistributionState", "Version")), **policies},
    )
