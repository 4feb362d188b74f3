"""Who can sign in: HubSpot's users, joined with what three other lists know about them.

A person has three ids in HubSpot: the settings user's id (which is the account's key here), the CRM user record's and the
owner's. The user list alone says neither whether a user is deactivated nor when it signed in; the other lists may be
closed to us, and then these fields are None and the receipt names what was missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from connectors.connector import Page
from connectors.errors import Denied, Misread
from connectors.hubspot import changes, logins, refusals, seats, smallness, turns
from connectors.hubspot.client import Client
from connectors.hubspot.lists import Batch, Row, Shelf, folded, moment, receipt, text, walk
from connectors.hubspot.paths import Place
from connectors.records import AccountKind, AccountRecord, Stream

LIMIT = 100
SAMPLE = 20  # absent users asked for by id, at most
PROPERTIES = "hs_internal_user_id,hs_deactivated,hs_job_title,hubspot_owner_id"


@dataclass(slots=True)
class Known:
    """What the other lists say, by the settings user's id. A list that was closed leaves its field empty."""

    owners: dict[str, Row] = field(default_factory=dict)
    archived: dict[str, Row] = field(default_factory=dict)
    records: dict[str, Row] = field(default_factory=dict)
    records_read: bool = False
    sign_ins: logins.SignIns | None = None
    seats: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    history: Sequence[Row] = ()  # the security history, as a witness
    sheets: list[turns.Sheet] = field(default_factory=list)


def pull(client: Client, shelf: Shelf, resume: str | None) -> Iterator[Page]:
    """The accounts: first a page without records per list that was joined, then the users' own pages."""
    users = list(kept(client, shelf, Stream.ACCOUNTS))
    rows = [row for batch in users for row in batch.rows]
    known = _known(client, shelf, rows)
    sheets: list[turns.Sheet] = [*known.sheets]
    for batch in users:
        records, dropped = translate(batch.rows, known)
        missing = known.missing if batch.after is None else ()
        sheets.append((records, receipt(batch, "users", dropped=dropped, missing=missing)))
    return turns.numbered(Stream.ACCOUNTS, sheets, resume)


def kept(client: Client, shelf: Shelf, stream: Stream) -> Iterator[Batch]:
    """The user list, fetched once for every stream that rests on it."""
    return shelf.batches(Place.USERS, stream, lambda: walk(client, Place.USERS, limit=LIMIT))


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
    stands for it, because HubSpot archives the owner of whom it deactivates. A live owner without any CRM user record,
    where those may be read, is somebody who has perhaps never accepted the invitation: nothing says so, nothing denies it.
    """
    properties = known.records.get(key, {}).get("properties")
    said = text(properties, "hs_deactivated") if isinstance(properties, dict) else None
    if said in ("true", "false"):
        return said == "false"
    if key in known.owners:
        return None if known.records_read and key not in known.records else True
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
        licence=", ".join(known.seats.get(key, ())) or None,
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


def owners(client: Client, shelf: Shelf, stream: Stream) -> Iterator[Batch]:
    """Live owners: nobody is one who is deactivated or removed."""
    query = [("archived", "false")]
    return shelf.batches(Place.OWNERS, stream, lambda: walk(client, Place.OWNERS, query, limit=LIMIT))


def insist_complete(client: Client, users: Sequence[Row], named: Mapping[str, str], what: str = "user list") -> None:
    """Refuse a user list that ended too early. `named`: user id -> the list that names it as somebody who is there.

    HubSpot gives no count, so other lists are the witnesses. Whom they name and the user list lacks is asked for by id; a
    user whom HubSpot knows proves that the list is not whole, because what is absent from it would be taken for removed.
    """
    absent = sorted(named.keys() - {text(row, "id") for row in users})
    for key in absent[:SAMPLE]:
        if client.read(Place.USERS, key, allow=(404,)).status != 404:
            raise Misread(
                f"the {what} ended without user {key}, who is in the {named[key]} and is known; read it again"
            )


def _known(client: Client, shelf: Shelf, users: Sequence[Row]) -> Known:
    known = Known()
    batches = _open(known, "owners", partial(owners, client, shelf, Stream.ACCOUNTS))
    known.owners = by_user(batches)
    batches = _open(known, "owners, archived", partial(walk, client, Place.OWNERS, [("archived", "true")], limit=LIMIT))
    known.archived = by_user(batches)
    query = [("properties", PROPERTIES)]
    batches = _open(known, "CRM user records", partial(walk, client, Place.CRM_USERS, query, limit=LIMIT))
    known.records_read = bool(batches)
    known.records = {key: row for batch in batches for row in batch.rows if (key := _internal(row))}
    batches = _open(known, "seats", partial(seats.kept, client, shelf, Stream.ACCOUNTS))
    known.seats = seats.by_user(batches)
    known.missing += seats.unsaid(batches)
    known.history = _history(client, shelf, known)
    known.missing += smallness.disagreement(users, [row for batch in batches for row in batch.rows], "seats")
    _add_sign_ins(client, shelf, users, known)
    own = client.principal()
    smallness.insist_not_only_own(users, own.owner if own else None, known.records_read or bool(known.owners))
    witnesses = dict.fromkeys((key for key in known.records if is_active(key, known)), "CRM user records")
    witnesses |= dict.fromkeys(smallness.added(known.history), "security history")
    insist_complete(client, users, witnesses | dict.fromkeys(known.owners, "owners"))
    return known


def _add_sign_ins(client: Client, shelf: Shelf, users: Sequence[Row], known: Known) -> None:
    try:
        found, seen = logins.summarise(logins.kept(client, shelf, Stream.ACCOUNTS), logins.by_email(users))
        ids = [key for row in users if (key := text(row, "id")) and is_active(key, known) is not False]
        doubt, calls = logins.doubted(client, found, ids)
        own = client.principal()
        acted = smallness.acted(known.history, logins.by_email(users))
        doubt = doubt or smallness.doubted_sign_ins(found.counts, own.owner if own else None, acted)
    except Denied as error:
        known.missing.append(f"sign-ins: {refusals.closed(error)}")
        return
    if doubt:
        found.since = None
        known.missing.append(f"sign-ins: {doubt}")
        shelf.discard(Place.LOGINS)
    else:
        shelf.verified.add(Place.LOGINS)
    known.sign_ins = None if doubt and calls else found  # what is disproved is not half believed
    nobodys = [f"{found.nobodys} successful sign-ins name nobody"] if found.nobodys else []
    whole = folded(seen, "sign-ins", [*found.unread, *nobodys])
    asked = f"{whole.asked}; and {calls} calls about single accounts" if calls else whole.asked
    known.sheets.append(((), replace(whole, asked=asked, calls=whole.calls + calls)))


def _history(client: Client, shelf: Shelf, known: Known) -> list[Row]:
    """The security history, which names newcomers first; where it is closed, sign-ins are as well, and that is said."""
    try:
        batches = list(changes.kept(client, shelf, Stream.ACCOUNTS))
    except Denied:
        return []
    known.sheets.append(((), folded(batches, "security history, as a witness")))
    return [row for batch in batches for row in batch.rows]


def _open(known: Known, part: str, fetch: Callable[[], Iterator[Batch]]) -> list[Batch]:
    try:
        batches = list(fetch())
    except Denied as error:
        known.missing.append(f"{part}: {refusals.closed(error)}")
        return []
    known.sheets.append(((), folded(batches, part)))
    return batches


def by_user(batches: Sequence[Batch]) -> dict[str, Row]:
    """Owners by the settings user's id; archived ones carry it under another name."""
    found: dict[str, Row] = {}
    for batch in batches:
        for row in batch.rows:
            if key := text(row, "userId") or text(row, "userIdIncludingInactive"):
                found[key] = row
    return found


def _internal(row: Row) -> str | None:
    properties = row.get("properties")
    return text(properties, "hs_internal_user_id") if isinstance(properties, dict) else None
