"""How much of what is limited is used: seats, as the users have them, and the calls of private apps today.

How many seats are left is behind a scope that may also change the bill (settings.billing.write), which no reader should
hold: the number allowed is not told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from connectors.connector import Page
from connectors.errors import Denied
from connectors.hubspot import accounts, refusals, seats, turns
from connectors.hubspot.client import Client
from connectors.hubspot.lists import Row, Shelf, folded, receipt, text, walk
from connectors.hubspot.paths import Place
from connectors.records import Stream, UsageRecord


def pull(client: Client, shelf: Shelf, resume: str | None) -> Iterator[Page]:
    """One page for the seats and one for the calls; Denied when neither may be read."""
    sheets: list[turns.Sheet] = []
    missing: list[str] = []
    try:
        batches = list(seats.kept(client, shelf, Stream.USAGE))
        counted = [row for batch in batches for row in batch.rows]
        named = {key: "user list" for row in shelf.rows(Place.USERS) if (key := text(row, "id"))}
        accounts.insist_complete(client, counted, named, what="list of seats")
        missing += seats.unsaid(batches)
        sheets.append((of_seats(seats.counted(seats.by_user(batches))), folded(batches, "seats")))
    except Denied as error:
        missing.append(f"seats: {refusals.closed(error)}")
    try:
        for batch in walk(client, Place.API_USAGE):
            records, unread = of_calls(batch.rows)
            sheets.append((records, receipt(batch, "API usage", dropped=unread)))
    except Denied as error:
        missing.append(f"API usage: {refusals.closed(error)}")
    if not sheets:
        raise Denied("neither seats nor calls may be read", missing="; ".join(missing))
    records_of_last, of_last = sheets[-1]
    sheets[-1] = (records_of_last, replace(of_last, missing=tuple(missing)))
    return turns.numbered(Stream.USAGE, sheets, resume)


def of_seats(counts: dict[str, int]) -> tuple[UsageRecord, ...]:
    """A record for each kind of seat that somebody has."""
    return tuple(UsageRecord(f"seat:{name}", f"{name} seat", used=number) for name, number in counts.items())


def of_calls(rows: Sequence[Row]) -> tuple[tuple[UsageRecord, ...], tuple[str, ...]]:
    """A record for each allowance, and the rows whose figures HubSpot itself could not fetch (its `fetchStatus`)."""
    records: list[UsageRecord] = []
    unread: list[str] = []
    for row in rows:
        name, status = text(row, "name"), text(row, "fetchStatus")
        if name is None or status not in ("SUCCESS", "CACHED"):
            unread.append(f"API usage {name or 'without a name'}: HubSpot says {status or 'nothing of its state'}")
            continue
        used, allowed = row.get("currentUsage"), row.get("usageLimit")
        records.append(
            UsageRecord(
                f"api:{name}",
                f"API calls: {name}",
                used=used if isinstance(used, int) else None,
                allowed=allowed if isinstance(allowed, int) else None,
                period="day",
            )
        )
    return tuple(records), tuple(unread)
