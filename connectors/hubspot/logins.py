"""Who signed in when: the list of sign-ins, of which HubSpot keeps 90 days for its API.

The whole list is paged once, 200 at a time, instead of once per account. "No sign-in seen" therefore means "none within
90 days by the server's clock", and less where a successful sign-in names nobody: it may have been anybody's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from connectors.connector import Page
from connectors.errors import Misread
from connectors.hubspot import smallness
from connectors.hubspot.client import Client
from connectors.hubspot.lists import Batch, Row, Shelf, moment, receipt, text, walk
from connectors.hubspot.paths import Place
from connectors.records import LoginRecord, Stream

WINDOW = timedelta(days=90)
LIMIT = 200  # the most that HubSpot gives per page
MOST = 500  # accounts without a sign-in asked about one by one
BUSIEST = 3  # accounts with most sign-ins asked about as well


@dataclass(slots=True)
class SignIns:
    """The last success per account, how far back it is known, and sign-ins that could not be attributed."""

    last: dict[str, datetime] = field(default_factory=dict)
    since: datetime | None = None
    counts: Counter[str] = field(default_factory=Counter)
    begun: datetime | None = None  # the server's clock at the first page
    unread: list[str] = field(default_factory=list)
    nobodys: int = 0
    newest_of_nobody: datetime | None = None


def pull(client: Client, shelf: Shelf, resume: str | None) -> Iterator[Page]:
    """The sign-ins, page by page; `resume` is HubSpot's own cursor.

    A list fetched anew from its start is confirmed before its last page is given, if the users are known by then.
    """
    accounts = by_email(shelf.rows(Place.USERS))
    found = SignIns()
    for batch in (
        walk(client, Place.LOGINS, limit=LIMIT, after=resume) if resume else kept(client, shelf, Stream.LOGINS)
    ):
        records, unread = translate(batch, accounts)
        _count(found, batch, records)
        if batch.after is None and resume is None and Place.LOGINS not in shelf.verified:
            doubt, calls = doubted(client, found, accounts.values())
            own, acted = client.principal(), smallness.acted(shelf.rows(Place.SECURITY), accounts)
            doubt = doubt or smallness.doubted_sign_ins(found.counts, own.owner if own else None, acted)
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
    for batch in batches:
        records, unread = translate(batch, accounts)
        found.unread += unread
        _count(found, batch, records)
        seen.append(replace(batch, rows=()))
    if found.newest_of_nobody and found.since:
        found.since = max(found.since, found.newest_of_nobody)
    if found.unread:  # a row that we cannot read may be anybody's success, at any time
        found.since = None
    return found, seen


def _count(found: SignIns, batch: Batch, records: Iterable[LoginRecord]) -> None:
    if found.begun is None and batch.at is not None:
        found.begun, found.since = batch.at, batch.at - WINDOW
    for record in records:
        key = record.account_key
        if key:
            found.counts[key] += 1
        if record.succeeded and key:
            found.last[key] = max(found.last.get(key, record.at), record.at)
        elif record.succeeded:
            found.nobodys += 1
            found.newest_of_nobody = max(found.newest_of_nobody or record.at, record.at)


def doubted(client: Client, found: SignIns, keys: Iterable[str]) -> tuple[str | None, int]:
    """Why the list of sign-ins cannot be trusted, or None; and how many calls it took to know.

    Nobody counts for us how long it is, and "never signed in" rests on its wholeness. So each account in `keys` that it
    shows no success of is asked about by itself, up to `MOST` of them, and so are the busiest ones. One that has more
    sign-ins of its own than the list gave it proves that the list ended early.
    """
    unseen = [key for key in keys if key not in found.last]
    if len(unseen) > MOST:
        return f"{len(unseen)} accounts without a sign-in are too many to ask about one by one", 0
    calls = 0
    for key in (*(key for key, _ in found.counts.most_common(BUSIEST)), *unseen):
        own = 0
        for batch in walk(client, Place.LOGINS, [("userId", key)], limit=LIMIT):
            calls += 1
            records, _ = translate(batch, {})
            own += sum(each.account_key == key and (found.begun is None or each.at <= found.begun) for each in records)
        if own > found.counts[key]:
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
