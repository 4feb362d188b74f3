"""Who signed in when: the list of sign-ins, of which HubSpot keeps 90 days for its API.

The whole list is paged once, 200 at a time, instead of once per account. "No sign-in seen" therefore means "none within
90 days by the server's clock", and less where a successful sign-in names nobody: it may have been anybody's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from connectors.connector import Page
from connectors.errors import Misread
from connectors.hubspot.client import Client
from connectors.hubspot.lists import Batch, Row, Shelf, moment, receipt, text, walk
from connectors.hubspot.paths import Place
from connectors.records import LoginRecord, Stream

WINDOW = timedelta(days=90)
LIMIT = 200  # the most that HubSpot gives per page
MOST = 500  # accounts asked about one by one


@dataclass(slots=True)
class SignIns:
    """The last success per account, how far back it is known, and sign-ins that could not be attributed."""

    last: dict[str, datetime] = field(default_factory=dict)
    since: datetime | None = None
    unread: list[str] = field(default_factory=list)
    nobodys: int = 0


def pull(client: Client, shelf: Shelf, resume: str | None) -> Iterator[Page]:
    """The sign-ins, page by page; `resume` is HubSpot's own cursor.

    A list fetched anew from its start is confirmed before its last page is given, if the users are known by then.
    """
    accounts = by_email(shelf.rows(Place.USERS))
    seen: set[str | None] = set()
    for batch in (
        walk(client, Place.LOGINS, limit=LIMIT, after=resume) if resume else kept(client, shelf, Stream.LOGINS)
    ):
        records, unread = translate(batch, accounts)
        seen |= {record.account_key for record in records if record.succeeded}
        if batch.after is None and resume is None and Place.LOGINS not in shelf.verified:
            doubt, calls = doubted(client, [key for key in accounts.values() if key not in seen])
            if doubt and calls:
                raise Misread(f"sign-ins: {doubt}; read it again", restart=True)
            batch = replace(batch, calls=batch.calls + calls)
        yield Page(Stream.LOGINS, records, receipt(batch, "sign-ins", dropped=unread), batch.after)


def kept(client: Client, shelf: Shelf, stream: Stream) -> Iterator[Batch]:
    """The list, fetched once for every stream that rests on it."""
    return shelf.batches(Place.LOGINS, stream, lambda: walk(client, Place.LOGINS, limit=LIMIT))


def summarise(batches: Iterable[Batch], accounts: Mapping[str, str]) -> tuple[SignIns, list[Batch]]:
    """Fold the list into each account's last success. The batches come back without rows, for their receipt."""
    found, seen = SignIns(), []
    newest_of_nobody: datetime | None = None
    for batch in batches:
        if found.since is None and batch.at is not None:
            found.since = batch.at - WINDOW
        records, unread = translate(batch, accounts)
        found.unread += unread
        for record in records:
            if not record.succeeded:
                continue
            if record.account_key is None:
                found.nobodys += 1
                newest_of_nobody = max(newest_of_nobody or record.at, record.at)
            else:
                found.last[record.account_key] = max(found.last.get(record.account_key, record.at), record.at)
        seen.append(
            Batch(batch.asked, (), batch.received, batch.digest, batch.at, batch.after, batch.repeated, batch.calls)
        )
    if newest_of_nobody and found.since:
        found.since = max(found.since, newest_of_nobody)
    if found.unread:  # a row that we cannot read may be anybody's success, at any time
        found.since = None
    return found, seen


def doubted(client: Client, unseen: Sequence[str]) -> tuple[str | None, int]:
    """Why the list of sign-ins cannot be trusted, or None; and how many calls it took to know.

    Nobody counts for us how long it is, and "never signed in" rests on its wholeness. So each account that it shows no
    success of is asked about by itself, up to `MOST` of them; one that has a success after all proves that it ended early.
    """
    if len(unseen) > MOST:
        return f"{len(unseen)} accounts without a sign-in are too many to ask about one by one", 0
    calls = 0
    for key in unseen:
        for batch in walk(client, Place.LOGINS, [("userId", key)], limit=LIMIT):
            calls += 1
            if any(row.get("loginSucceeded") is True and text(row, "userId") == key for row in batch.rows):
                return f"the list ended without a sign-in of {key} that HubSpot has", calls
    return None, calls


def translate(batch: Batch, accounts: Mapping[str, str]) -> tuple[tuple[LoginRecord, ...], list[str]]:
    """Rows into records, and the reason for each row that is none. `accounts`: e-mail -> account key."""
    records: list[LoginRecord] = []
    unread: list[str] = []
    for row in batch.rows:
        try:
            records.append(_record(row, accounts))
        except Misread as error:
            unread.append(f"sign-in {text(row, 'id') or 'without an id'}: {error}")
    return tuple(records), unread


def _record(row: Row, accounts: Mapping[str, str]) -> LoginRecord:
    key, at = text(row, "id"), moment(row, "loginAt")
    if key is None or at is None:
        raise Misread("no id" if key is None else "no loginAt")
    succeeded = row.get("loginSucceeded")
    return LoginRecord(
        key=key,
        account_key=text(row, "userId") or accounts.get((text(row, "email") or "").lower()),
        at=at,
        succeeded=succeeded if isinstance(succeeded, bool) else None,
    )


def by_email(users: Iterable[Row]) -> dict[str, str]:
    """E-mail -> account key, for rows that name a person by e-mail only."""
    return {email.lower(): key for user in users if (email := text(user, "email")) and (key := text(user, "id"))}
