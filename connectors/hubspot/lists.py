"""Read HubSpot's lists to their end, and keep for a while what several streams rest on.

HubSpot gives no counts, so completeness rests on the paging: a list has ended when an answer carries no `paging`. A
cursor seen before, or a page without `results`, is a Misread. Rows that stand on two pages are taken once and said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from connectors import pacing
from connectors.errors import Misread
from connectors.hubspot.client import Client, Query
from connectors.hubspot.paths import Place
from connectors.receipt import PageReceipt
from connectors.records import Stream

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """One page as it came: its rows without those seen before, and what the receipt needs."""

    asked: str
    rows: tuple[Row, ...]
    received: int
    digest: str
    at: datetime | None
    after: str | None  # the cursor of the next page; None on the last one
    repeated: tuple[str, ...] = ()
    calls: int = 1


def walk(
    client: Client, place: Place, query: Query = (), *, limit: int | None = None, after: str | None = None
) -> Iterator[Batch]:
    """Page through a list from its start, or from the cursor `after`.

    Raises Misread(restart=True) when that cursor is no longer good.
    """
    begin, pages, seen = after, pacing.Pages(str(place)), set[str]()
    while True:
        of_page = [*query, *([("limit", str(limit))] if limit else []), *([("after", after)] if after else [])]
        try:
            batch = _batch(client, place, of_page, seen)
        except Misread as error:
            if begin is not None and after == begin:
                raise Misread(f"{error}; the cursor may have aged", restart=True) from error
            raise
        yield batch
        if batch.after is None:
            return
        after = pages.turn(batch.after)


def receipt(
    batch: Batch, part: str, *, dropped: Sequence[str] = (), missing: Sequence[str] = (), last: bool | None = None
) -> PageReceipt:
    """What one page asked and got."""
    return PageReceipt(
        part=part,
        asked=batch.asked,
        rows=batch.received,
        digest=batch.digest,
        at=batch.at,
        last=batch.after is None if last is None else last,
        dropped=(*(f"{part} {each} stood on an earlier page as well" for each in batch.repeated), *dropped),
        missing=tuple(missing),
        calls=batch.calls,
    )


def folded(batches: Sequence[Batch], part: str, dropped: Sequence[str] = ()) -> PageReceipt:
    """One receipt for a whole list that only helps to read another one."""
    first, final = batches[0], batches[-1]
    digests = [batch.digest for batch in batches]
    more = f" and {len(batches) - 1} more pages" if len(batches) > 1 else ""
    repeated = [f"{part} {each} stood on an earlier page as well" for batch in batches for each in batch.repeated]
    return PageReceipt(
        part=part,
        asked=first.asked + more,
        rows=sum(batch.received for batch in batches),
        digest=digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest(),
        at=final.at,
        last=final.after is None,
        dropped=(*repeated, *dropped),
        calls=sum(batch.calls for batch in batches),
    )


def _batch(client: Client, place: Place, query: Query, seen: set[str]) -> Batch:
    answer = client.read(place, query=query)
    body = answer.body()
    results = body.get("results")
    if not isinstance(results, list) or not all(isinstance(row, dict) for row in results):
        raise Misread(f"{answer.asked}: no list of results in the answer")
    rows, repeated = [], []
    for row in results:
        key = text(row, "id")
        if key is not None and key in seen:
            repeated.append(key)
            continue
        if key is not None:
            seen.add(key)
        rows.append(row)
    after = _next(body, answer.asked)
    return Batch(answer.asked, tuple(rows), len(results), answer.digest, answer.at, after, tuple(repeated))


def _next(body: Row, asked: str) -> str | None:
    """The next page's cursor. HubSpot's link beside it is not followed: a cursor cannot lead to another host."""
    paging = body.get("paging")
    if paging is None:
        return None
    following = paging.get("next") if isinstance(paging, dict) else paging
    if following is None:
        return None
    after = following.get("after") if isinstance(following, dict) else None
    if after is None or after == "":
        raise Misread(f"{asked}: a next page without a cursor")
    return str(after)


def text(row: Row, name: str) -> str | None:
    """A field as text: ids come as text here and as numbers there. None when absent, null or empty."""
    value = row.get(name)
    if value is None or value == "" or isinstance(value, dict | list):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def texts(row: Row, name: str) -> tuple[str, ...]:
    """A list field as distinct texts, in order; empty when absent."""
    value = row.get(name)
    return tuple(dict.fromkeys(str(each) for each in value if each is not None)) if isinstance(value, list) else ()


def moment(row: Row, name: str) -> datetime | None:
    """A time field, in UTC; None when absent. Raises Misread for a text that is no time with its zone."""
    value = row.get(name)
    if value is None or value == "":
        return None
    try:
        when = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        raise Misread(f"{name} {value!r} is no time with a zone")
    return when.astimezone(UTC)


# Lists that tell whose an address is, and the field that says so.
ADDRESSES = {Place.USERS: "id", Place.LOGINS: "userId"}


@dataclass(slots=True)
class Shelf:
    """What this reader has fetched already, so that streams that rest on one list do not fetch it twice.

    Each stream takes a kept list once; asked again, it fetches anew. Receipts of a kept list say 0 calls. A list of more
    than `most` rows is not kept, to keep memory flat.
    """

    most: int = 100_000
    verified: set[Place] = field(default_factory=set)  # lists that a witness has confirmed to be whole
    addresses: dict[Place, dict[str, str]] = field(default_factory=dict)  # address -> account key, as lists told
    _kept: dict[Place, tuple[list[Batch], set[Stream]]] = field(default_factory=dict)

    def rows(self, place: Place) -> tuple[Row, ...]:
        """The rows of a list that is kept, or none."""
        return tuple(row for batch in self._kept[place][0] for row in batch.rows) if place in self._kept else ()

    def discard(self, place: Place) -> None:
        """Forget a list that proved untrustworthy."""
        self._kept.pop(place, None)
        self.verified.discard(place)

    def batches(self, place: Place, stream: Stream, fetch: Callable[[], Iterator[Batch]]) -> Iterator[Batch]:
        """The pages of a list, kept or fetched."""
        kept = self._kept.get(place)
        if kept and stream not in kept[1]:
            kept[1].add(stream)
            yield from (replace(batch, calls=0) for batch in kept[0])
            return
        self.discard(place)
        here: list[Batch] = []
        rows, of = 0, self.addresses.setdefault(place, {})
        for batch in fetch():
            rows += len(batch.rows)
            for row in batch.rows if place in ADDRESSES else ():
                address, account = text(row, "email"), text(row, ADDRESSES[place])
                if address and account:
                    of[address.lower()] = account
            if rows <= self.most:
                here.append(batch)
            yield batch
        if rows <= self.most:
            self._kept[place] = (here, {stream})
