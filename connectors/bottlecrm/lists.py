"""Walks BottleCRM's paged lists and notices when one moved under us.

Lists are ordered by random id and paged by offset, so somebody who joins or leaves shifts everything behind them. Each
page is therefore asked with the last row of the one before as its first: another row there is a Misread, and the stream
begins again. A list that only ever grows at its top (the audit log) may push that row further down, but not lose it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from connectors.bottlecrm.client import Answer, Client
from connectors.errors import Misread
from connectors.receipt import PageReceipt

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One of the lists that an answer holds side by side: all its rows by the server's count, and those on this page."""

    count: int
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Place:
    """Where to go on: the offset of the last row seen, per column its id (None: that column has ended) and its count."""

    offset: int = 0
    ends: Sequence[str | None] = ()
    counts: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked for: a path with its filters, how its answer falls into columns, and whether it grows on top."""

    part: str
    path: str
    columns: Callable[[Any], Sequence[Column]]
    filters: Mapping[str, str]
    limit: int
    grows_on_top: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """One page: the rows not seen before, what the receipt will say, and where to go on (None on the last page)."""

    rows: Sequence[Row]
    receipt: PageReceipt
    resume: str | None
    answer: Answer


def people(client: Client, resume: str | None = None) -> Iterator[Listed]:
    """Everybody with a membership, active or not, as profile rows. The credential's owner must be an admin."""
    return _walk(client, Asking("people", "/api/users/", people_columns, {}, client.access.page_size), resume)


def teams(client: Client, resume: str | None = None) -> Iterator[Listed]:
    """Every team with its members."""
    return _walk(client, Asking("teams", "/api/teams/", _team_columns, {}, client.access.page_size), resume)


def audit(client: Client, event: str, since: str, resume: str | None = None) -> Iterator[Listed]:
    """The audit log's rows of one kind of event since a day (YYYY-MM-DD, the organisation's), newest first."""
    filters = {"event_type": event, "from": since}
    limit = min(100, client.access.page_size)  # more is cut to 100 by the server
    return _walk(
        client, Asking(event, "/api/org/audit-log/", _audit_columns, filters, limit, grows_on_top=True), resume
    )


def _walk(client: Client, asking: Asking, resume: str | None) -> Iterator[Listed]:
    place = Place(**json.loads(resume)) if resume else Place()
    while True:
        first = not place.ends
        answer = client.get(asking.path, {**asking.filters, "limit": asking.limit, "offset": place.offset})
        found = columns(answer, asking.columns)
        fresh = [row for number in range(len(found)) for row in _fresh(answer, asking, place, found[number], number)]
        place = _next(answer, place, found)
        done = not any(place.ends)
        said = sum(place.counts)
        receipt = PageReceipt(
            part=asking.part,
            asked=answer.asked,
            rows=len(fresh),
            digest=answer.digest,
            at=answer.at,
            said=said if first else None,
            said_after=said if done and not first else None,
            last=done,
        )
        yield Listed(fresh, receipt, None if done else json.dumps(asdict(place)), answer)
        if done:
            return


def _fresh(answer: Answer, asking: Asking, place: Place, column: Column, number: int) -> Sequence[Row]:
    """The column's rows that were not on an earlier page; refuses a page that does not join on to the one before."""
    if not place.ends:
        return column.rows
    moved = Misread(f"BottleCRM, {answer.asked}: the list moved while it was read; read it again", restart=True)
    end = place.ends[number]
    if end is None:  # it was read to its end before
        if column.count != place.counts[number]:
            raise moved
        return ()
    places = [at for at, row in enumerate(column.rows) if _id(answer, row) == end]
    if not places or (places[0] > 0 and not asking.grows_on_top):
        raise moved
    return column.rows[places[0] + 1 :]


def _next(answer: Answer, place: Place, found: Sequence[Column]) -> Place:
    """The place whose first row will be the last one of this page; a column ends when its count is reached."""
    ends: list[str | None] = []
    for number, column in enumerate(found):
        more = place.offset + len(column.rows) < column.count and (not place.ends or place.ends[number] is not None)
        if more and len(column.rows) < 2:  # one row is the join, so nothing new would ever come
            raise Misread(f"BottleCRM, {answer.asked}: a page without new rows before the end of the list")
        ends.append(_id(answer, column.rows[-1]) if more else None)
    turned = min((len(column.rows) for column, end in zip(found, ends, strict=True) if end), default=1) - 1
    return Place(place.offset + turned, ends, [column.count for column in found])


def columns(answer: Answer, fall: Callable[[Any], Sequence[Column]]) -> Sequence[Column]:
    """The lists in an answer, by the function that knows where they are. Raises Misread when they are not there."""
    try:
        return fall(answer.body)
    except (KeyError, TypeError, ValueError) as error:
        raise Misread(f"BottleCRM, {answer.asked}: the answer has no list where one was due") from error


def _id(answer: Answer, row: Row) -> str:
    try:
        return str(row["id"])
    except (KeyError, TypeError) as error:
        raise Misread(f"BottleCRM, {answer.asked}: a row without an id") from error


def people_columns(body: Any) -> Sequence[Column]:
    """Active and inactive members."""
    names = ("active_users", "inactive_users")
    return [Column(int(body[name][f"{name}_count"]), list(body[name][name])) for name in names]


def _team_columns(body: Any) -> Sequence[Column]:
    return [Column(int(body["teams_count"]), list(body["teams"]))]


def _audit_columns(body: Any) -> Sequence[Column]:
    return [Column(int(body["count"]), list(body["results"]))]
