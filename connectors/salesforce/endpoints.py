"""What the org itself calls, trusts or signs with: credentials for elsewhere, auth providers, sites, certificates, SSO.

Of what holds a secret, the secret is never asked for: no consumer key or secret, no certificate's text. Of an address,
user names, passwords and queries are cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from urllib.parse import urlsplit, urlunsplit

from connectors import pacing
from connectors.records import EndpointRecord, Record
from connectors.salesforce.client import Client
from connectors.salesforce.parts import Gathered, Odd, Part
from connectors.salesforce.rights import LABELS
from connectors.salesforce.soql import Row, text, truth, when, word

NAMED = (
    "Id",
    "DeveloperName",
    "MasterLabel",
    "Endpoint",
    "PrincipalType",
    "AuthProviderId",
    "CreatedById",
    "CreatedDate",
)
EXTERNAL = ("Id", "DeveloperName", "MasterLabel", "AuthenticationProtocol")
PROVIDER = (
    *(
        "Id",
        "DeveloperName",
        "FriendlyName",
        "ProviderType",
        "AuthorizeUrl",
        "TokenUrl",
        "ExecutionUserId",
        "CreatedDate",
    ),
    *("OptionsRequireMfa", "RegistrationHandlerId"),
)
SAML = (
    *("Id", "DeveloperName", "MasterLabel", "Issuer", "LoginUrl", "Version", "ExecutionUserId", "CreatedDate"),
    *("IdentityMapping", "RequestSignatureMethod", "OptionsUserProvisioning", "OptionsRequireMfaSaml"),
)
SOURCE_WISH = ("Id", "DeveloperName", "MasterLabel", "Endpoint", "PrincipalType", "Type", "CreatedById", "CreatedDate")
REMOTE = ("Id", "SiteName", "EndpointUrl", "IsActive", "ProtocolMismatch")
TRUSTED = ("Id", "DeveloperName", "EndpointUrl", "IsActive", "Context", "CreatedById", "CreatedDate")
CERTIFICATE = (
    *("Id", "DeveloperName", "MasterLabel", "ExpirationDate", "KeySize", "OptionsIsCaSigned"),
    *("OptionsIsPrivateKeyExportable", "OptionsIsUnusable"),
)
TO_PROVIDERS = ("CustomizeApplication", "ManageAuthProviders")  # both are needed


def parts(_client: Client, gathered: Gathered) -> list[Part]:
    """Eight kinds, each of which a missing right may hide on its own."""
    held = gathered.rights or frozenset()
    setup = None if "ViewSetup" in held else LABELS["ViewSetup"]
    both = ", ".join(LABELS[right] for right in TO_PROVIDERS if right not in held) or None
    return [
        _part("NamedCredential", NAMED, named, setup),
        _part("ExternalCredential", EXTERNAL, external, setup, tooling=True),
        _part("ExternalDataSource", SOURCE_WISH, data_source, setup),
        _part("AuthProvider", PROVIDER, provider, both),
        _part("SamlSsoConfig", SAML, saml, setup),
        _part("RemoteProxy", REMOTE, remote_site, setup, tooling=True),
        _part("CspTrustedSite", TRUSTED, trusted_site, setup),
        _part("Certificate", CERTIFICATE, certificate, setup, tooling=True),
    ]


def _part(
    source: str,
    wish: Sequence[str],
    understand: Callable[[Row, Gathered], Iterator[Record]],
    lacking: str | None,
    *,
    tooling: bool = False,
) -> Part:
    return Part(
        source, source, tuple(wish), understand, tooling=tooling, counted=not tooling, optional=True, lacking=lacking
    )  # fmt: skip


def address(said: str | None) -> str | None:
    """An address without what may be a secret in it: user name, password, query, fragment."""
    if said is None:
        return None
    parts = urlsplit(said)
    host = parts.netloc.rpartition("@")[2]
    return pacing.redact(urlunsplit((parts.scheme, host, parts.path, "", "")))


def guarded(said: str | None) -> bool | None:
    """Whether an address is one of TLS; None where it does not say."""
    scheme = urlsplit(said or "").scheme.lower()
    return {"https": True, "http": False}.get(scheme)


def _native(row: Row, *columns: str) -> dict[str, str]:
    said = {column: found for column in columns if (found := word(row, column)) is not None}
    return {column: address(found) or "" if column.endswith("Url") else found for column, found in said.items()}


def _names(row: Row, kind: str) -> tuple[str, str]:
    key = text(row, "Id")
    if key is None:
        raise Odd(f"a {kind.replace('_', ' ')} without Id")
    found = (text(row, column) for column in ("MasterLabel", "FriendlyName", "SiteName", "DeveloperName"))
    return key, next((name for name in found if name), key)


def _endpoint(row: Row, kind: str, at: str | None, owner: str, native: Sequence[str]) -> EndpointRecord:
    key, name = _names(row, kind)
    where = text(row, at) if at else None
    return EndpointRecord(
        key,
        kind,
        name,
        address=address(where),
        owner_key=text(row, owner),
        active=truth(row, "IsActive"),
        guarded=guarded(where),
        created=when(row.get("CreatedDate")),
        native=_native(row, *native),
    )


def named(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """Where the org calls with a credential it keeps."""
    yield _endpoint(row, "named_credential", "Endpoint", "CreatedById", ("PrincipalType", "AuthProviderId"))


def external(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """How named credentials of the newer kind prove themselves."""
    yield _endpoint(row, "external_credential", None, "CreatedById", ("AuthenticationProtocol",))


def data_source(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """Data that the org shows from elsewhere."""
    yield _endpoint(row, "external_data_source", "Endpoint", "CreatedById", ("Type", "PrincipalType"))


def provider(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """Somebody else's sign-in that the org accepts; its owner is the account that it creates people as."""
    native = ("ProviderType", "TokenUrl", "OptionsRequireMfa", "RegistrationHandlerId")
    yield _endpoint(row, "auth_provider", "AuthorizeUrl", "ExecutionUserId", native)


def saml(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """A single sign-on that the org accepts."""
    native = ("Issuer", "Version", "IdentityMapping", "RequestSignatureMethod", "OptionsUserProvisioning")
    yield _endpoint(row, "saml_sign_on", "LoginUrl", "ExecutionUserId", (*native, "OptionsRequireMfaSaml"))


def trusted_site(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """A site whose content pages may load."""
    yield _endpoint(row, "trusted_site", "EndpointUrl", "CreatedById", ("Context",))


def remote_site(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """A site that code in the org may call. `ProtocolMismatch` switches the protection of the protocol off."""
    key, name = _names(row, "remote_site")
    where, mismatch = text(row, "EndpointUrl"), truth(row, "ProtocolMismatch")
    safe = False if mismatch else guarded(where)
    active = truth(row, "IsActive")
    yield EndpointRecord(
        key, "remote_site", name, address=address(where), active=active, guarded=safe,
        native=_native(row, "ProtocolMismatch"),
    )  # fmt: skip


def certificate(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """What the org signs with. Self-signed counts as unguarded, because a CA's was possible."""
    key, name = _names(row, "certificate")
    unusable = truth(row, "OptionsIsUnusable")
    yield EndpointRecord(
        key,
        "certificate",
        name,
        active=None if unusable is None else not unusable,
        guarded=truth(row, "OptionsIsCaSigned"),
        expires=_day(text(row, "ExpirationDate")),
        native=_native(row, "KeySize", "OptionsIsCaSigned", "OptionsIsPrivateKeyExportable"),
    )


def _day(said: str | None) -> datetime | None:
    """A date, or a time, as the moment it begins."""
    if said is None or "T" in said:
        return when(said)
    found = date.fromisoformat(said)
    return datetime(found.year, found.month, found.day, tzinfo=UTC)
