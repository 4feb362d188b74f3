"""What changed in access and security, as HubSpot's own security history tells it.

Who acted is the row's user (or, where only that is given, the account with the acting e-mail); whom it happened to is the
object of an event about people. The list of event types is open: unknown ones are kept as they come. How far back HubSpot
keeps it is not published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connectors.connector import Page
from connectors.errors import Misread
from connectors.hubspot import logins
from connectors.hubspot.client import Client
from connectors.hubspot.lists import Batch, Row, Shelf, moment, receipt, text, walk
from connectors.hubspot.paths import Place
from connectors.records import ChangeRecord, Stream

LIMIT = 100
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
    """The history, page by page; `resume` is HubSpot's own cursor."""
    people = logins.by_email(shelf.rows(Place.USERS))
    batches = walk(client, Place.SECURITY, limit=LIMIT, after=resume) if resume else kept(client, shelf, Stream.CHANGES)
    for batch in batches:
        records, unread = translate(batch, people)
        yield Page(Stream.CHANGES, records, receipt(batch, "security history", dropped=unread), batch.after)


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
    about = text(row, "objectId")
    return ChangeRecord(
        key=key,
        at=at,
        action=action,
        actor_key=text(row, "userId") or people.get((text(row, "actingUser") or "").lower()),
        subject_key=about if action in ABOUT_PEOPLE else None,
        text=f"object {about}" if about and action not in ABOUT_PEOPLE else None,
    )
