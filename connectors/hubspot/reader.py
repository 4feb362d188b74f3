"""See one HubSpot portal: what may be read, and each stream page by page.

A stream rests on one or several lists; a list that a plan or a missing scope closes is named in the receipts and stops
nothing that does not rest on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from connectors.connector import Allowance, Config, Coverage, Keep, Look, Page, Secret, StreamCoverage, Target
from connectors.errors import Denied, Misread
from connectors.hubspot import (
    absences,
    accounts,
    changes,
    entitlements,
    grants,
    integrations,
    logins,
    refusals,
    settings,
    usage,
)
from connectors.hubspot.client import Client, open_client
from connectors.hubspot.lists import Row, Shelf, text
from connectors.hubspot.paths import Place, Version
from connectors.records import Stream

Pull = Callable[[Client, Shelf, str | None], Iterator[Page]]
STREAMS: Mapping[Stream, Pull] = {
    Stream.ACCOUNTS: accounts.pull,
    Stream.ENTITLEMENTS: entitlements.pull,
    Stream.GRANTS: grants.pull,
    Stream.LOGINS: logins.pull,
    Stream.INTEGRATIONS: integrations.pull,
    Stream.SETTINGS: settings.pull,
    Stream.CHANGES: changes.pull,
    Stream.USAGE: usage.pull,
}
# stream -> the list without which there is nothing, and the lists that only make it fuller
RESTS: Mapping[Stream, tuple[Place | None, tuple[Place, ...]]] = {
    Stream.ACCOUNTS: (Place.USERS, (Place.OWNERS, Place.CRM_USERS, Place.LOGINS, Place.SEATS)),
    Stream.ENTITLEMENTS: (Place.USERS, (Place.ROLES, Place.TEAMS)),
    Stream.GRANTS: (Place.USERS, (Place.TEAMS,)),
    Stream.LOGINS: (Place.LOGINS, ()),
    Stream.INTEGRATIONS: (None, (Place.SECURITY, Place.SMTP_TOKENS)),
    Stream.SETTINGS: (Place.DETAILS, ()),
    Stream.CHANGES: (Place.SECURITY, (Place.AUDIT,)),
    Stream.USAGE: (None, (Place.SEATS, Place.API_USAGE)),
}
NOTES: Mapping[Stream, str] = {
    Stream.ACCOUNTS: "two-factor state and pending invitations are in no API",
    Stream.ENTITLEMENTS: "what a role allows is in no API",
    Stream.LOGINS: "90 days only",
    Stream.INTEGRATIONS: "derived from the security history; there is no list of connected apps",
    Stream.CHANGES: "how far back is not published",
    Stream.USAGE: "how many seats are left is behind a scope that may change the bill",
}


class HubSpotReader:
    """Sees one portal with a credential that should only hold reading scopes."""

    uncounted = absences.UNCOUNTED

    def __init__(self, config: Config, secret: Secret, keep: Keep) -> None:
        self._client = open_client(config, secret, keep)
        self._shelf = Shelf()
        self._asking = absences.Asking(self._client)

    def check(self) -> Coverage:
        """Ask whose credential this is and try the first row of every list (about ten calls)."""
        return check(self._client)

    def pull(self, stream: Stream, resume: str | None = None) -> Iterator[Page]:
        """Read one stream. A credential of another portal than the configured one is refused first."""
        if stream not in STREAMS:
            raise Denied(f"HubSpot has no {stream}", missing="who works here is the roster's to say")
        self._client.principal()
        yield from STREAMS[stream](self._client, self._shelf, resume)

    def look(self, target: Target) -> Look:
        """Whether one thing that a list does not name any more is there after all."""
        return self._asking.look(target)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


def check(client: Client) -> Coverage:
    """What a credential can read here. Raises Denied when it can read nothing."""
    own = client.principal()
    details: Row = {}
    closed: dict[Place, str] = {}
    wanted = [place for place in Place if place not in _left_out(client)]
    for place in wanted:
        try:
            details = _tried(client, place) or details
        except Denied as error:
            closed[place] = refusals.closed(error)
        except Misread as error:  # a path that is not there, or an answer nobody can use
            closed[place] = str(error)
    portal = own.portal if own else text(details, "portalId")
    if portal is None or len(closed) == len(wanted):
        raise Denied("this credential can read nothing in HubSpot", missing="; ".join(dict.fromkeys(closed.values())))
    streams = {stream: _coverage(stream, closed, own is not None) for stream in STREAMS}
    return Coverage(
        system_key=portal,
        system_name=text(details, "portalName") or f"HubSpot {portal}",
        principal=own.owner if own else None,
        streams=streams,
        api_version=str(client.version),
        notes=_notes(client, details, own is not None),
        allowance=_allowance(client.left),
        server_at=client.server_at,
    )


def _allowance(left: str | None) -> Allowance | None:
    """Today's calls from "249 of 250", as the answers' headers say what is left of how many."""
    remaining, _, allowed = (left or "").partition(" of ")
    if not (remaining.isdigit() and allowed.isdigit()):
        return None
    return Allowance(int(allowed) - int(remaining), int(allowed), "day")


def _tried(client: Client, place: Place) -> Row:
    """Ask for the first row of a list. The account's details come back, anything else as an empty row."""
    if place is Place.DETAILS:
        return client.details().body()
    client.read(place, query=() if place in (Place.ROLES, Place.TEAMS, Place.API_USAGE) else (("limit", "1"),))
    return {}


def _left_out(client: Client) -> frozenset[Place]:
    """What is not asked for: seats where the user list has them anyway, or where they or the audit log are switched off."""
    seats = not client.seats or client.version is Version.V3
    return frozenset([Place.SEATS] * seats + [Place.AUDIT] * (not client.audit_days))


def _coverage(stream: Stream, closed: Mapping[Place, str], own: bool) -> StreamCoverage:
    needed, fuller = RESTS[stream]
    gaps = [f"{place}: {closed[place]}" for place in fuller if place in closed]
    if needed is not None and needed in closed:
        return StreamCoverage(readable=False, missing=closed[needed], note=NOTES.get(stream))
    readable = needed is not None or (own and stream is Stream.INTEGRATIONS) or len(gaps) < len(fuller)
    return StreamCoverage(readable=readable, missing="; ".join(gaps) or None, note=NOTES.get(stream))


def _notes(client: Client, details: Row, own: bool) -> tuple[str, ...]:
    notes = []
    if kind := text(details, "accountType"):
        notes.append(f"account type {kind}")
    if not own:
        notes.append("HubSpot does not say whose credential this is; nothing can be changed with it")
    return tuple(notes)
