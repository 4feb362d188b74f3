"""What changed in access and security, as HubSpot's own security history tells it.

Who acted is settled by `acting`; whom it happened to is the object of an event about people. The list of event types is
open: unknown ones are kept as they come. How far back HubSpot keeps it is not published.

An Enterprise portal has an audit log besides. It is mostly edits of records and has no filter for what concerns access, so
only its last days are read (`"audit_days"`, 0 to leave it out); readings more often than that miss nothing. What the
security history has told is left out of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.connector import Page
from connectors.errors import Denied, Misread
from connectors.hubspot import acting, paths, refusals
from connectors.hubspot.acting import Told
from connectors.hubspot.client import Client
from connectors.hubspot.lists import Batch, Row, Shelf, moment, receipt, text, walk
from connectors.hubspot.paths import Place
from connectors.receipt import PageReceipt
from connectors.records import ChangeRecord, Stream

LIMIT = 100
AUDIT = "audit:"  # how a place in the audit log begins, among the history's own cursors
ABOUT_PEOPLE = frozenset(
    {
        "ADD_USER",
        "REMOVE_USER",
        "DEACTIVATE_USER",
        "REACTIVATE_USER",
        "ADD_ADMIN_USER",
        "REMOVE_ADMIN_USER",
        "ADD_ADMIN_PERMISSIONS",
        "REMOVE_ADMIN_PERMISSIONS",
        "IMPERSONATE_USER",
        "TEAM_USER_ADDED",
        "TEAM_USER_DELETED",
    }
)


def pull(client: Client, shelf: Shelf, resume: str | None) -> Iterator[Page]:
    """The history, then the audit log, page by page; `resume` is a cursor of the one, or a place in the other."""
    if resume and resume.startswith(AUDIT):
        yield from audit(client, shelf, resume)
        return
    people, more = acting.known(client, shelf, Stream.CHANGES)
    told = acting.Told()
    batches = walk(client, Place.SECURITY, limit=LIMIT, after=resume) if resume else kept(client, shelf, Stream.CHANGES)
    place = None
    for batch in batches:
        records, unread = translate(batch, people)
        batch, more = replace(batch, calls=batch.calls + more), 0
        place = _place(client, batch.at)
        if place:
            told.remember(records, _since(place))
        missing = ("audit log: HubSpot's answer has no Date to count back from",) if client.audit_days else ()
        of_page = receipt(batch, "security history", dropped=unread, missing=() if place or batch.after else missing)
        yield Page(Stream.CHANGES, records, of_page, batch.after or place)
    if place:
        yield from audit(client, shelf, place, told if not resume else None)


def audit(client: Client, shelf: Shelf, place: str, told: Told | None = None) -> Iterator[Page]:
    """The audit log from a place on: "audit:" since when, and a cursor. One page that says why, where it is closed.

    `told` is what the security history told of that time; None: it has to be asked again, as after a crash.
    """
    since, _, after = place.removeprefix(AUDIT).partition("|")
    query = [("occurredAfter", since)]
    try:
        for batch in walk(client, Place.AUDIT, query, limit=LIMIT, after=after or None):
            if told is None:
                told, calls = _told(client, shelf, _since(place))
                batch = replace(batch, calls=batch.calls + calls)
            records, unread = translate_audit(batch, told)
            onward = f"{AUDIT}{since}|{batch.after}" if batch.after else None
            yield Page(Stream.CHANGES, records, receipt(batch, "audit log", dropped=unread), onward)
    except Denied as error:
        missing = (f"audit log: {refusals.closed(error)}",)
        asked = f"GET {paths.path(client.version, Place.AUDIT)}?occurredAfter={since}"
        nothing = hashlib.sha256(b"").hexdigest()
        yield Page(Stream.CHANGES, (), PageReceipt("audit log", asked, 0, nothing, last=True, missing=missing), None)


def _place(client: Client, at: datetime | None) -> str | None:
    """Where the audit log begins: `audit_days` before the server's own clock, to the second, so that it stays the same."""
    if at is None or not client.audit_days:
        return None
    return f"{AUDIT}{(at - timedelta(days=client.audit_days)).strftime('%Y-%m-%dT%H:%M:%SZ')}|"


def _since(place: str) -> datetime:
    return datetime.fromisoformat(place.removeprefix(AUDIT).partition("|")[0])


def _told(client: Client, shelf: Shelf, since: datetime) -> tuple[Told, int]:
    """What the security history tells of the time since then, and how many calls it took to know."""
    told, (people, calls) = Told(), acting.known(client, shelf, Stream.CHANGES)
    from_ = str(int((since - acting.SAME).timestamp() * 1000))
    for batch in walk(client, Place.SECURITY, [("fromTimestamp", from_)], limit=LIMIT):
        told.remember(translate(batch, people)[0], since)
        calls += batch.calls
    return told, calls


def kept(client: Client, shelf: Shelf, stream: Stream) -> Iterator[Batch]:
    """The history, fetched once for every stream that rests on it."""
    return shelf.batches(Place.SECURITY, stream, lambda: walk(client, Place.SECURITY, limit=LIMIT))


def translate(batch: Batch, people: Mapping[str, str]) -> tuple[tuple[ChangeRecord, ...], list[str]]:
    """Rows into records, and the reason for each row that is none. `people`: e-mail -> account key."""
    records: list[ChangeRecord] = []
    unread: list[str] = []
    for row in batch.rows:
        try:
            records.append(_record(row, people))
        except Misread as error:
            unread.append(f"event {text(row, 'id') or 'without an id'}: {error}")
    return tuple(records), unread


def _record(row: Row, people: Mapping[str, str]) -> ChangeRecord:
    key, at, action = text(row, "id"), moment(row, "createdAt"), text(row, "type")
    if key is None or at is None or action is None:
        raise Misread("no id, no createdAt or no type")
    about, who = text(row, "objectId"), acting.who(row, people)
    return ChangeRecord(
        key=key,
        at=at,
        action=action,
        actor_key=who.acted,
        subject_key=(about if action in ABOUT_PEOPLE else None) or who.other,
        text=f"object {about}" if about and action not in ABOUT_PEOPLE else None,
        named_key=who.named,
    )


def translate_audit(batch: Batch, told: Told) -> tuple[tuple[ChangeRecord, ...], list[str]]:
    """Rows of the audit log into records, and the reason for each row that is none. `told`: by the security history."""
    records: list[ChangeRecord] = []
    unread: list[str] = []
    for row in batch.rows:
        try:
            entry = told.settle(_audited(row))
            if entry is None:
                unread.append(f"audit log {text(row, 'id')}: the security history has told of it")
            else:
                records.append(entry)
        except Misread as error:
            unread.append(f"audit log {text(row, 'id') or 'without an id'}: {error}")
    return tuple(records), unread


def _audited(row: Row) -> ChangeRecord:
    key, at, what = text(row, "id"), moment(row, "occurredAt"), text(row, "action")
    named = [each for each in (text(row, "category"), text(row, "subCategory"), what) if each]
    if key is None or at is None or not named:
        raise Misread("no id, no occurredAt or neither category nor action")
    who, about = row.get("actingUser"), text(row, "targetObjectId")
    return ChangeRecord(
        key=f"audit:{key}",
        at=at,
        action="/".join(named),
        actor_key=text(who, "userId") if isinstance(who, dict) else None,
        text=f"object {about}" if about else None,
    )
