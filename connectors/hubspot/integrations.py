"""Which programs have a way in, as far as HubSpot lets anybody see it.

There is no list of connected apps, private apps or service keys. The security history is replayed into one (`derived`):
what was installed or made and not taken away since. It knows nothing from before the history began, and nobody counts
its events, so what it tells ends by an event alone (`by_events`). Our own credential and the SMTP tokens are read
directly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from connectors.connector import Page
from connectors.errors import Denied
from connectors.hubspot import acting, changes, refusals, turns
from connectors.hubspot.auth import Principal
from connectors.hubspot.client import Client
from connectors.hubspot.lists import Batch, Row, Shelf, folded, moment, receipt, text, walk
from connectors.hubspot.paths import Place
from connectors.receipt import PageReceipt
from connectors.records import CredentialRecord, IntegrationRecord, Stream

# Beginning of an event's type -> what it is about, and whether that has a credential of its own.
FAMILIES: Mapping[str, tuple[str, str, bool]] = {
    "INSTALL_INTEGRATION": ("app", "connected app", False),
    "UNINSTALL_INTEGRATION": ("app", "connected app", False),
    "PRIVATE_APP_": ("private_app", "private app", True),
    "SERVICE_KEY_": ("service_key", "service key", True),
    "PERSONAL_ACCESS_KEY_": ("personal_access_key", "personal access key", True),
    "HAPIKEY_": ("hapikey", "API key of the old kind", True),
    "DATA_SHARING_CONNECTION_": ("data_sharing", "data sharing connection", False),
}
ENDS = (
    "UNINSTALL_INTEGRATION",
    "_DEACTIVATE",
    "_DEACTIVATED",
    "_DELETE",
    "_DELETED",
    "_REMOVED",
    "_REVOKE",
    "_REVOKED",
)
BEGINS = ("INSTALL_INTEGRATION", "_CREATE", "_CREATED", "_ADDED")
RENEWS = ("_ROTATE", "_AUTO_ROTATE")


@dataclass(frozen=True, slots=True)
class Trace:
    """What the history says about one program."""

    key: str
    family: str
    kind: str
    has_credential: bool
    active: bool | None = None
    created: datetime | None = None
    renewed: datetime | None = None
    owner: str | None = None
    ended_by: str | None = None  # id of the event that ended it
    last: datetime | None = None


def pull(client: Client, shelf: Shelf, resume: str | None) -> Iterator[Page]:
    """What the history shows, the SMTP tokens, and our own credential."""
    sheets: list[turns.Sheet] = []
    missing: list[str] = []
    own = client.principal()
    made: Made = ([], [])
    try:
        history = list(changes.kept(client, shelf, Stream.INTEGRATIONS))
        people, calls = acting.known(client, shelf, Stream.INTEGRATIONS)
        traces, unread = replay(history, people)
        made = translate(traces.values())
        of_history = folded(history, "security history", unread)
        sheets.append(((), replace(of_history, calls=of_history.calls + calls)))
    except Denied as error:
        missing.append(f"security history: {refusals.closed(error)}")
    try:
        for batch in walk(client, Place.SMTP_TOKENS, limit=100):
            sheets.append((smtp(batch.rows), receipt(batch, "SMTP tokens")))
    except Denied as error:
        missing.append(f"SMTP tokens: {refusals.closed(error)}")
    if own is not None:
        made = with_own(*made, own)
        of_own = PageReceipt("own credential", own.answer.asked, 1, own.answer.digest, own.answer.at, last=True)
        sheets.append(((), of_own))
    else:
        missing.append("own credential: HubSpot does not say whose it is")
    if not sheets:
        raise Denied("nothing that shows integrations may be read", missing="; ".join(missing))
    before, of_last = sheets[-1]
    sheets[-1] = ((*before, *made[0], *made[1]), replace(of_last, missing=tuple(missing)))
    return turns.numbered(Stream.INTEGRATIONS, sheets, resume)


def replay(history: Iterable[Batch], people: Mapping[str, str]) -> tuple[dict[str, Trace], list[str]]:
    """Fold the events, oldest first, into what each program's state is now. `people`: address -> account key."""
    events: list[tuple[datetime, Row, str | None]] = []
    unread: list[str] = []
    for batch in history:
        records, of_batch = changes.translate(batch, people)
        unread += of_batch
        read = {record.key: record for record in records}
        events += [(read[key].at, row, read[key].actor_key) for row in batch.rows if (key := text(row, "id")) in read]
    traces: dict[str, Trace] = {}
    for at, row, actor in sorted(events, key=lambda event: event[0]):
        action = str(row.get("type"))
        family = next((found for prefix, found in FAMILIES.items() if action.startswith(prefix)), None)
        if family is not None:
            before = traces.get(_key(family[0], row)) or Trace(_key(family[0], row), *family)
            traces[before.key] = _after(before, action, at, row, actor)
    return traces, unread


def _key(family: str, row: Row) -> str:
    about = text(row, "objectId")
    if about:
        return f"{family}:{about}"
    user = text(row, "userId")
    return f"{family}:of user {user}" if user and family == "personal_access_key" else f"{family}:unnamed"


def _after(trace: Trace, action: str, at: datetime, row: Row, actor: str | None) -> Trace:
    """`actor` made it and owns it; where it is not known who acted, nobody is told to."""
    if action.endswith(ENDS) and action != "INSTALL_INTEGRATION":
        return replace(trace, active=False, ended_by=text(row, "id"), last=at)
    if action.endswith(BEGINS):
        return replace(trace, active=True, created=at, renewed=None, owner=actor or trace.owner, ended_by=None, last=at)
    if action.endswith(RENEWS):
        return replace(trace, active=True, renewed=at, ended_by=None, last=at)
    # Viewed, revealed, scopes changed: it was there at that moment.
    return replace(trace, active=True if trace.active is None else trace.active, last=at)


Made = tuple[list[IntegrationRecord], list[CredentialRecord]]


def translate(traces: Iterable[Trace]) -> Made:
    """Traces into integrations and, where the kind has one, its credential. Personal keys belong to an account only."""
    records: list[IntegrationRecord] = []
    credentials: list[CredentialRecord] = []
    for trace in traces:
        number = trace.key.partition(":")[2]
        personal = trace.family == "personal_access_key"
        label = f"{trace.kind} {number}"
        if not personal:
            records.append(
                IntegrationRecord(
                    key=trace.key,
                    kind=trace.family,
                    name=label,
                    owner_key=trace.owner,
                    active=trace.active,
                    created=trace.created,
                    derived=True,
                    by_events=True,
                )
            )
        if trace.has_credential:
            credentials.append(
                CredentialRecord(
                    key=f"token:{trace.key}",
                    kind=trace.family,
                    label=label,
                    integration_key=None if personal else trace.key,
                    account_key=trace.owner if personal else None,
                    active=trace.active,
                    created=trace.renewed or trace.created,
                    by_events=True,
                )
            )
    return records, credentials


def with_own(records: list[IntegrationRecord], credentials: list[CredentialRecord], own: Principal) -> Made:
    """Add what we know of ourselves, onto the trace of us if there is one."""
    scopes = tuple(sorted(own.scopes)) if own.scopes is not None else None
    ours = [f"{family}:{own.app}" for family in ("private_app", "service_key", "app")]
    at = next((at for at, record in enumerate(records) if own.app and record.key in ours), None)
    if at is None:
        key = f"app:{own.app}" if own.app else "own"
        records = [*records, IntegrationRecord(key, "own_credential", "Rolecall's own credential")]
        at = len(records) - 1
    mine = replace(records[at], owner_key=own.owner or records[at].owner_key, scopes=scopes, active=True)
    records = [*records[:at], mine, *records[at + 1 :]]
    token = f"token:{mine.key}"
    known = next((each for each in credentials if each.key == token), None)
    base = known or CredentialRecord(token, mine.kind, "Rolecall's own credential", integration_key=mine.key)
    others = [each for each in credentials if each.key != token]
    return records, [*others, replace(base, account_key=own.owner, scopes=scopes, active=True)]


def smtp(rows: Iterable[Row]) -> tuple[CredentialRecord | IntegrationRecord, ...]:
    """SMTP tokens: each sends e-mail in the account's name. Its password is never given, and would not be kept."""
    made: list[CredentialRecord | IntegrationRecord] = []
    for row in rows:
        if key := text(row, "id"):
            name = f"SMTP token of campaign {text(row, 'campaignName') or text(row, 'emailCampaignId') or 'unknown'}"
            created = moment(row, "createdAt")
            own = f"smtp_token:{key}"
            made.append(IntegrationRecord(own, "smtp_token", name, publisher=None, active=True, created=created))
            made.append(CredentialRecord(f"token:{own}", "smtp_token", name, own, active=True, created=created))
    return tuple(made)
