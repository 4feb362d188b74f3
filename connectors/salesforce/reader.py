"""The reading side: what may be read here, and every stream page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from connectors.connector import ActKind, Allowance, Aside, Coverage, Page, StreamCoverage
from connectors.errors import Denied, Misread
from connectors.records import Stream
from connectors.salesforce import (
    accounts,
    changes,
    endpoints,
    entitlements,
    factors,
    grants,
    integrations,
    legacy,
    licences,
    logins,
    metadata,
    object_rights,
    packages,
    rights,
    sample,
    sessions,
    settings,
)
from connectors.salesforce.client import Client, QueryPage
from connectors.salesforce.parts import Gathered, Part
from connectors.salesforce.reading import read_stream
from connectors.salesforce.soql import text, value, when

Parts = Callable[[Client, Gathered], list[Part]]
STREAMS: Mapping[Stream, Parts] = {
    Stream.ACCOUNTS: accounts.parts,
    Stream.ENTITLEMENTS: entitlements.parts,
    Stream.GRANTS: grants.parts,
    Stream.LOGINS: logins.parts,
    Stream.INTEGRATIONS: integrations.parts,
    Stream.SETTINGS: settings.parts,
    Stream.CHANGES: changes.parts,
    Stream.OBJECT_RIGHTS: object_rights.parts,
    Stream.FACTORS: factors.parts,
    Stream.SESSIONS: sessions.parts,
    Stream.PACKAGES: packages.parts,
    Stream.ENDPOINTS: endpoints.parts,
    Stream.USAGE: licences.usage_parts,
}
SOURCES: Mapping[Stream, tuple[str, ...]] = {
    Stream.ACCOUNTS: ("User",),
    Stream.ENTITLEMENTS: ("PermissionSet", "PermissionSetGroup", "PermissionSetGroupComponent", "UserRole", "Group"),
    Stream.GRANTS: ("User", "PermissionSetAssignment", "GroupMember"),
    Stream.LOGINS: ("LoginHistory",),
    Stream.INTEGRATIONS: ("ConnectedApplication", "OauthToken"),
    Stream.SETTINGS: ("Organization",),
    Stream.CHANGES: ("SetupAuditTrail",),
    Stream.OBJECT_RIGHTS: ("ObjectPermissions",),
    Stream.SESSIONS: ("AuthSession",),
    Stream.USAGE: ("UserLicense",),
}
NOTES: Mapping[Stream, str] = {
    Stream.LOGINS: "about six months, as long as Salesforce keeps them",
    Stream.CHANGES: "at least 180 days; who is a delegated administrator shows only here",
    Stream.INTEGRATIONS: "apps used but not installed are concluded from their tokens",
}
# What a stream goes without where none of these rights is held.
PARTLY: Mapping[Stream, tuple[tuple[tuple[str, ...], str], ...]] = {
    Stream.ACCOUNTS: ((accounts.LOGIN_RIGHTS, "frozen and locked state"),),
    Stream.SETTINGS: (
        (settings.HEALTH_RIGHTS, "Health Check"),
        (metadata.RIGHTS, "password, session and network settings"),
        (settings.LOGIN_RIGHTS, "TLS in use"),
    ),
    Stream.ENDPOINTS: (
        (("ViewSetup",), "credentials, sites, certificates and SAML"),
        *(((right,), "auth providers") for right in endpoints.TO_PROVIDERS),
    ),
}


class SalesforceReader:
    """Sees an org through a user that should not be able to change anything."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.aside: Aside | None = None  # who may be asked to understand large pages

    @property
    def lines(self) -> int:
        """Streams that may be read side by side: as many as calls may be under way."""
        return self.client.access.at_once

    def check(self) -> Coverage:
        """Ask who we are and what we may read; seven calls. Denied if even the org does not say its name."""
        return check(self.client)

    def pull(self, stream: Stream, resume: str | None = None) -> Iterator[Page]:
        """Read one stream. Denied names the right without which Salesforce would show a part and call it all."""
        if stream not in STREAMS:
            raise Denied(f"Salesforce has no {stream}", missing=f"{stream}: not part of Salesforce")
        line = self.client.line()  # streams may be read side by side, each in a thread of its own
        try:
            held = line.connection.kept("rights", lambda: rights.own(line))
            if refused := rights.why_not(stream, held):
                raise refused
            gathered = Gathered(at=line.now(), rights=held)
            parts = STREAMS[stream](line, gathered)
            yield from read_stream(line, stream, parts, gathered, resume, line.spent, self.aside)
        finally:
            line.hang_up()

    def again(self, account_keys: Sequence[str]) -> Iterator[Page]:
        """Accounts and grants of these accounts alone, read now."""
        yield from sample.again(self.client, account_keys)

    def close(self) -> None:
        """Let go of connections."""
        self.client.close()


def check(client: Client, acts: bool = False) -> Coverage:
    """Who we are, which streams can be read, and which right each other one needs; with `acts`, what we may do."""
    offered = client.offered_versions()
    wanted = client.access.api_version
    if wanted not in offered:
        newest = offered[-1] if offered else "none"
        raise Denied(f"the org does not offer API {wanted}, the newest is {newest}; set api_version", missing=wanted)
    page = _organization(client)
    (org,) = page.rows
    held = rights.own(client)
    there = client.objects()
    notes = [] if held is not None else ["our own permissions are out of sight: give View Setup and Configuration"]
    if client.access.password:
        notes.append(legacy.WARNING)
    return Coverage(
        system_key=text(org, "Id") or "",
        system_name=text(org, "Name") or "",
        principal=client.token.principal,
        streams={stream: _coverage(client, stream, held, there) for stream in STREAMS},
        acts=_acts(held) if acts else frozenset(),
        api_version=wanted,
        notes=tuple(notes),
        allowance=Allowance(*client.usage, "24 hours") if client.usage else None,
        server_at=page.answer.at,
        ends=when(value(org, "TrialExpirationDate")),
    )


def _organization(client: Client) -> QueryPage:
    """The org's own row: its name, and when it ends with every credential of it, should it be a trial."""
    there = client.columns("Organization")
    columns = ", ".join(name for name in ("Id", "Name", "TrialExpirationDate") if name in there)
    page = client.query(f"SELECT {columns} FROM Organization")
    if len(page.rows) != 1:
        raise Misread(f"SELECT {columns} FROM Organization: an org has exactly one row")
    return page


def _coverage(client: Client, stream: Stream, held: frozenset[str] | None, there: frozenset[str]) -> StreamCoverage:
    if stream is Stream.SESSIONS and not client.access.sessions:
        return StreamCoverage(False, sessions.OFF)
    refused = rights.why_not(stream, held)
    absent = [source for source in SOURCES.get(stream, ()) if source not in there]
    missing = refused.missing if refused else f"access to {', '.join(absent)}" if absent else None
    notes = [NOTES[stream]] if stream in NOTES else []
    for one_of, what in PARTLY.get(stream, ()):
        if not (held or frozenset()).intersection(one_of):
            notes.append(f"{what} not collected: missing {rights.LABELS[one_of[0]]}")
    if stream is Stream.INTEGRATIONS and "ExternalClientApplication" not in there:
        notes.append("External Client Apps not visible: feature off, or missing View External Client Apps")
    return StreamCoverage(missing is None, missing, "; ".join(notes) or None)


def _acts(held: frozenset[str] | None) -> frozenset[ActKind]:
    if held is None:
        return frozenset()
    return frozenset(kind for kind, needs in rights.ACT_NEEDS.items() if not rights.missing(needs, held))
