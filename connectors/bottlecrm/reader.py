"""The reading side: what the credential may see, and each stream page by page.

A personal access token is refused tokens, webhooks and sign-ins by BottleCRM whatever its scopes; those streams are then
"not collected", with BottleCRM's sentence, and never an empty list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from connectors.bottlecrm import accounts, entitlements, grants, integrations, lists, logins
from connectors.bottlecrm.client import Client
from connectors.connector import Coverage, Page, StreamCoverage
from connectors.errors import Denied, Misread
from connectors.receipt import PageReceipt
from connectors.records import Record, Stream

Walk = Callable[[str | None], Iterator[lists.Listed]]
Translate = Callable[[Sequence[lists.Row]], Sequence[Record]]

CANNOT: Mapping[Stream, str] = {
    Stream.SETTINGS: "BottleCRM's API has no security settings",
    Stream.CHANGES: "BottleCRM does not record changes of role, flags, status or team membership",
}
_NOTES = (
    "last_login covers every organisation of the server, not this one alone",
    "a Django superuser is an administrator whatever its role says; the API does not show which accounts are",
    "the organisation's API key, which reads everything, is not read: its endpoint answers with the key itself",
)
_ASKED: Mapping[Stream, tuple[str, ...]] = {
    Stream.ACCOUNTS: ("/api/users/",),
    Stream.ENTITLEMENTS: ("/api/users/", "/api/teams/"),
    Stream.GRANTS: ("/api/users/", "/api/teams/"),
    Stream.LOGINS: ("/api/org/audit-log/",),
    Stream.INTEGRATIONS: ("/api/users/", "/api/org/tokens/", "/api/webhooks/"),
}


class BottleCRMReader:
    """Sees one organisation: the one that the credential was issued for."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def check(self) -> Coverage:
        """Ask who we are and try each list with one row. Raises Denied when the credential is no longer good."""
        return coverage(self._client)

    def pull(self, stream: Stream, resume: str | None = None) -> Iterator[Page]:
        """Read a stream; `resume` names the part of it and the place in that part."""
        if stream not in _ASKED:
            raise Denied(f"BottleCRM has no {stream}", missing=CANNOT.get(stream, "it is not a CRM's matter"))
        part, place = json.loads(resume) if resume else (0, None)
        if stream is Stream.INTEGRATIONS:
            yield from _integrations(self._client, part)
            return
        parts = list(self._parts(stream))
        for number in range(part, len(parts)):
            walk, translate = parts[number]
            for listed in walk(place if number == part else None):
                on = [number, listed.resume] if listed.resume else [number + 1, None]
                ended = on[0] == len(parts)
                yield Page(stream, translate(listed.rows), listed.receipt, None if ended else json.dumps(on))

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _parts(self, stream: Stream) -> Iterator[tuple[Walk, Translate]]:
        client = self._client
        if stream is Stream.ACCOUNTS:
            yield partial(lists.people, client), accounts.translate
        elif stream is Stream.GRANTS:
            yield partial(lists.people, client), grants.of_people
            yield partial(lists.teams, client), grants.of_teams
        elif stream is Stream.ENTITLEMENTS:
            yield lambda _: _roles(client), _offered
            yield partial(lists.teams, client), entitlements.teams
        elif stream is Stream.LOGINS:
            since = logins.since(client.now(), client.access.login_days)
            for event in logins.EVENTS:
                yield partial(lists.audit, client, event, since), logins.translate


def coverage(client: Client) -> Coverage:
    """Which organisation this is, whose credential, and which streams it may read."""
    organisation = client.get("/api/org/settings/").body
    if not isinstance(organisation, Mapping) or not organisation.get("id"):
        raise Misread("BottleCRM does not say which organisation this credential is for")
    streams = {stream: StreamCoverage(readable=False, missing=why) for stream, why in CANNOT.items()}
    refused = _refused(client)
    for stream, paths in _ASKED.items():
        missing = next((refused[path] for path in paths if path in refused), None)
        note = logins.NOT_ALL if stream is Stream.LOGINS and not missing else None
        streams[stream] = StreamCoverage(readable=missing is None, missing=missing, note=note)
    return Coverage(
        system_key=str(organisation["id"]),
        system_name=str(organisation.get("name") or organisation["id"]),
        principal=principal(client),
        streams=streams,
        notes=_NOTES,
    )


def principal(client: Client) -> str | None:
    """Our own account's key; None when a token may not even read its own profile."""
    try:
        mine = client.sign_in.principal or client.get("/api/profile/").body["user_obj"]["user_details"]["id"]
    except Denied:
        return None
    except (KeyError, TypeError) as error:
        raise Misread("BottleCRM does not say whose credential this is") from error
    return str(mine)


def _refused(client: Client) -> dict[str, str]:
    """Path to BottleCRM's sentence, for each list that this credential may not read."""
    refused = {}
    for path in dict.fromkeys(path for paths in _ASKED.values() for path in paths):
        try:
            client.get(path, {"limit": 1})
        except Denied as error:
            refused[path] = error.missing
    return refused


def _roles(client: Client) -> Iterator[lists.Listed]:
    """The roles come with the people list, so one page of it is one row that names them all."""
    answer = client.get("/api/users/", {"limit": 1})
    receipt = PageReceipt(part="roles", asked=answer.asked, rows=1, digest=answer.digest, at=answer.at, last=True)
    yield lists.Listed([answer.body], receipt, None, answer)


def _offered(rows: Sequence[lists.Row]) -> Sequence[Record]:
    return [record for row in rows for record in entitlements.roles(row)]


def _integrations(client: Client, part: int) -> Iterator[Page]:
    """Tokens, then webhooks; each list comes whole. People are read first: tokens name their owner's profile."""
    if part == 0:
        owners: dict[str, str] = {}
        calls = 1
        for listed in lists.people(client):
            owners |= integrations.owners(listed.rows)
            calls += 1
        answer = client.get("/api/org/tokens/")
        rows, said = integrations.tokens(answer.body)
        records = [record for row in rows for record in integrations.of_token(row, owners)]
        yield Page(
            Stream.INTEGRATIONS,
            records,
            PageReceipt("tokens", answer.asked, len(rows), answer.digest, answer.at, said=said, last=True, calls=calls),
            json.dumps([1, None]),
        )
    answer = client.get("/api/webhooks/")
    hooks = integrations.webhooks(answer.body)
    receipt = PageReceipt("webhooks", answer.asked, len(hooks), answer.digest, answer.at, last=True)
    yield Page(Stream.INTEGRATIONS, [integrations.of_webhook(row) for row in hooks], receipt, None)
