"""Who can sign in: HubSpot's users, joined with what three other lists know about them.

A person has three ids in HubSpot: the settings user's id (which is the account's key here), the CRM user record's and the
owner's. The user list alone says neither whether a user is deactivated nor when it signed in; the other lists may be
closed to us, and then these fields are None and the receipt names what was missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from connectors.connector import Page
from connectors.errors import Denied, Misread
from connectors.hubspot import logins, turns
from connectors.hubspot.client import Client
from connectors.hubspot.lists import Batch, Row, Shelf, folded, moment, receipt, text, texts, walk
from connectors.hubspot.paths import Place
from connectors.receipt import PageReceipt
from connectors.records import AccountKind, AccountRecord, Stream

LIMIT = 100
PROPERTIES = "hs_internal_user_id,hs_deactivated,hs_job_title,hubspot_owner_id"


@dataclass(slots=True)
class Known:
    """What the other lists say, by the settings user's id. A list that was closed leaves its field empty."""

    owners: dict[str, Row] = field(default_factory=dict)
    archived: dict[str, Row] = field(default_factory=dict)
    records: dict[str, Row] = field(default_factory=dict)
    sign_ins: logins.SignIns | None = None
    missing: list[str] = field(default_factory=list)
    sheets: list[turns.Sheet] = field(default_factory=list)


def pull(client: Client, shelf: Shelf, resume: str | None) -> Iterator[Page]:
    """The accounts: first a page without records per list that was joined, then the users' own pages."""
    users = list(kept(client, shelf, Stream.ACCOUNTS))
    rows = [row for batch in users for row in batch.rows]
    known = _known(client, shelf, rows)
    sheets: list[turns.Sheet] = [*known.sheets]
    for batch in users:
        records, dropped = translate(batch.rows, known)
        missing = [*known.missing, *unsaid(rows)] if batch.after is None else ()
        sheets.append((records, receipt(batch, "users", dropped=dropped, missing=missing)))
    return turns.numbered(Stream.ACCOUNTS, sheets, resume)


def kept(client: Client, shelf: Shelf, stream: Stream) -> Iterator[Batch]:
    """The user list, fetched once for every stream that rests on it."""
    return shelf.batches(Place.USERS, stream, lambda: walk(client, Place.USERS, limit=LIMIT))


def unsaid(rows: Sequence[Row]) -> tuple[str, ...]:
    """What no row so much as mentions: the 2026-03 paths leave seats out, the v3 paths give them."""
    return ("seats: this version of the API does not give them",) if not any("seatNames" in row for row in rows) else ()


def translate(rows: Sequence[Row], known: Known) -> tuple[tuple[AccountRecord, ...], list[str]]:
    """User rows into accounts, and the reason for each row that is none."""
    records: list[AccountRecord] = []
    dropped: list[str] = []
    for row in rows:
        key, email = text(row, "id"), text(row, "email")
        if key is None:
            dropped.append(f"user {email or 'without an e-mail'}: no id")
            continue
        records.append(_record(row, key, known))
    return tuple(records), dropped


def is_active(key: str, known: Known) -> bool | None:
    """Whether a user may sign in; None when no list says so.

    `hs_deactivated` on the CRM user record decides. Without it, an owner that is listed as live or only as archived
    stands for it, because HubSpot archives the owner of whom it deactivates.
    """
    properties = known.records.get(key, {}).get("properties")
    said = text(properties, "hs_deactivated") if isinstance(properties, dict) else None
    if said in ("true", "false"):
        return said == "false"
    if key in known.owners:
        return True
    return False if key in known.archived else None


def _record(row: Row, key: str, known: Known) -> AccountRecord:
    email = text(row, "email")
    owner = known.owners.get(key) or known.archived.get(key) or {}
    record = known.records.get(key, {})
    properties = record.get("properties") if isinstance(record.get("properties"), dict) else {}
    names = [part for part in (text(row, "firstName"), text(row, "lastName")) if part]
    names = names or [part for part in (text(owner, "firstName"), text(owner, "lastName")) if part]
    sign_ins = known.sign_ins
    native = {
        "superAdmin": text(row, "superAdmin"),
        "hubspot_owner_id": text(owner, "id"),
        "hs_object_id": text(record, "id"),
        "hs_deactivated": text(properties or {}, "hs_deactivated"),
        "owner archived": "true" if key in known.archived and key not in known.owners else None,
    }
    return AccountRecord(
        key=key,
        username=email or key,
        email=email,
        name=" ".join(names) or None,
        active=is_active(key, known),
        kind=AccountKind.PERSON if text(owner, "type") == "PERSON" else AccountKind.UNKNOWN,
        title=text(properties or {}, "hs_job_title"),
        licence=", ".join(texts(row, "seatNames")) or None,
        created=_created(owner, record),
        last_login=sign_ins.last.get(key) if sign_ins else None,
        logins_known_since=sign_ins.since if sign_ins else None,
        native={name: value for name, value in native.items() if value is not None},
    )


def _created(owner: Row, record: Row) -> datetime | None:
    """The user list does not say since when; the first trace of the person in this portal does."""
    traces = []
    for row in (owner, record):
        try:
            traces.append(moment(row, "createdAt"))
        except Misread:
            traces.append(None)
    return min((trace for trace in traces if trace), default=None)


def _known(client: Client, shelf: Shelf, users: Sequence[Row]) -> Known:
    known, ids = Known(), {text(row, "id") for row in users}

    def note(part: str, of_part: PageReceipt) -> None:
        known.sheets.append(((), of_part))

    for archived in (False, True):
        part = "owners, archived" if archived else "owners"
        if batches := _open(known, part, partial(_owners, client, archived)):
            rows = _by_user([row for batch in batches for row in batch.rows], ("userId", "userIdIncludingInactive"))
            (known.archived if archived else known.owners).update(rows)
            note(part, folded(batches, part))
    if batches := _open(known, "CRM user records", partial(_records, client)):
        found = {key: row for batch in batches for row in batch.rows if (key := _internal(row))}
        known.records.update(found)
        strangers = len(found.keys() - ids)
        said = [f"{strangers} CRM user records name nobody in the user list"] if strangers else []
        note("CRM user records", folded(batches, "CRM user records", said))
    try:
        sign_ins, seen = logins.summarise(logins.kept(client, shelf, Stream.ACCOUNTS), logins.by_email(users))
        known.sign_ins = sign_ins
        nobodys = [f"{sign_ins.nobodys} successful sign-ins name nobody"] if sign_ins.nobodys else []
        note("sign-ins", folded(seen, "sign-ins", [*sign_ins.unread, *nobodys]))
    except Denied as error:
        known.missing.append(f"sign-ins: {error.missing}")
    return known


def _open(known: Known, part: str, fetch: Callable[[], Iterator[Batch]]) -> list[Batch]:
    try:
        return list(fetch())
    except Denied as error:
        known.missing.append(f"{part}: {error.missing}")
        return []


def _owners(client: Client, archived: bool) -> Iterator[Batch]:
    return walk(client, Place.OWNERS, [("archived", "true" if archived else "false")], limit=LIMIT)


def _records(client: Client) -> Iterator[Batch]:
    return walk(client, Place.CRM_USERS, [("properties", PROPERTIES)], limit=LIMIT)


def _by_user(rows: Sequence[Row], names: Sequence[str]) -> Mapping[str, Row]:
    return {key: row for row in rows if (key := next((each for name in names if (each := text(row, name))), None))}


def _internal(row: Row) -> str | None:
    properties = row.get("properties")
    return text(properties, "hs_internal_user_id") if isinstance(properties, dict) else None
