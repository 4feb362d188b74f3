"""Reading a stream as parts: which columns exist, how many rows the server counts, page after page, and the receipts.

A part is one object with one condition, or one condition cut into windows that are read one after the other. A part that
`gathers` is needed to understand later parts; after a crash it is read again, silently, before the reading goes on.
What Salesforce's count and our distinct rows say is left to `receipt.judge`; here we only make sure that both are told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from connectors import pacing
from connectors.connector import Page
from connectors.errors import Denied, Misread
from connectors.receipt import PageReceipt
from connectors.records import Record, Stream
from connectors.salesforce.client import Client, QueryPage
from connectors.salesforce.refusals import NoSuchColumn, NoSuchObject
from connectors.salesforce.soql import Row, text


class Odd(ValueError):
    """A row that cannot be translated; the reading goes on without it and says so."""


@dataclass(slots=True)
class Gathered:
    """What the parts of one stream's reading know of each other, and of the moment of reading."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    rights: frozenset[str] | None = None
    sets: dict[str, set[str]] = field(default_factory=dict)
    maps: dict[str, dict[str, Any]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)  # names of parts that could not be read

    def group(self, name: str) -> set[str]:
        """The gathered set of that name."""
        return self.sets.setdefault(name, set())

    def table(self, name: str) -> dict[str, Any]:
        """The gathered mapping of that name."""
        return self.maps.setdefault(name, {})


Translate = Callable[[Row, Gathered], Iterable[Record]]
# The client, the anchor and the server's count give the anchor (made complete) and the conditions, in order.
Windows = Callable[[Client, str, int], tuple[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Part:
    """One object to read, and how to understand a row.

    `wish`: columns we would like, dotted ones included; those that do not exist are left out and named in the receipt.
    `optional`: the reading goes on where the object is not there or not for us. `lacking`: the right that may be the
    reason, so that its absence proves nothing and the stream stays incomplete; None: the feature is off. `lookup`: its
    rows only explain other rows, so without them nothing is lost but detail. `noted`: what is known to be missing
    before anything is asked. `counted=False`: the query's own totalSize has to do (tooling objects,
    and lookups whose rows are no records).
    """

    name: str
    source: str
    wish: tuple[str, ...]
    translate: Translate
    where: str = ""
    order: str = "Id"
    tooling: bool = False
    counted: bool = True
    optional: bool = False
    lacking: str | None = None
    gathers: bool = False
    lookup: bool = False
    noted: tuple[str, ...] = ()
    windows: Windows | None = None
    anchor: str = ""


@dataclass(slots=True)
class Place:
    """Where in a stream a reading stands; becomes the opaque `resume` text."""

    part: int = 0
    window: int = 0
    next: str | None = None
    said: int | None = None
    anchor: str = ""

    def text(self) -> str:
        """As opaque text, for `resume`."""
        return json.dumps([1, self.part, self.window, self.next, self.said, self.anchor], separators=(",", ":"))

    @classmethod
    def of(cls, resume: str | None, parts: int) -> Place:
        """Read a `resume` text back; one that is not ours is a Misread, and the stream begins again."""
        if resume is None:
            return cls()
        try:
            edition, part, window, link, said, anchor = json.loads(resume)
        except (ValueError, TypeError):
            edition, part = None, 0
        if edition != 1 or not 0 <= part < parts:
            raise Misread("the place to go on from is not one of ours; begin this stream again", restart=True)
        return cls(part, window, link, said, anchor)


def read_stream(
    client: Client, stream: Stream, parts: Sequence[Part], gathered: Gathered, resume: str | None, spent: int = 0
) -> Iterator[Page]:
    """All pages of a stream, from the start or from `resume`. `spent`: calls made already, told with the first page."""
    place, began = Place.of(resume, len(parts)), client.spent
    for part in parts[: place.part]:
        if part.gathers:
            for _ in _read_part(client, part, Place(), gathered):
                pass  # only to know again what it tells
    spent += client.spent - began
    for index in range(place.part, len(parts)):
        here = place if index == place.part else Place(index)
        for records, receipt, then in _read_part(client, parts[index], here, gathered):
            after = then or (Place(index + 1) if index + 1 < len(parts) else None)
            told, spent = replace(receipt, calls=receipt.calls + spent), 0
            yield Page(stream, records, told, after.text() if after else None)


Read = tuple[list[Record], PageReceipt, Place | None]


def _read_part(client: Client, part: Part, place: Place, gathered: Gathered) -> Iterator[Read]:
    before = client.spent
    try:
        columns, lost = _columns(client, part)
        reading = _Reading(client, part, gathered, columns, [*part.noted, *lost], before, place)
        pages = reading.pages()
        first = next(pages)
    except Denied as refused:
        if not part.optional or place.next:
            raise
        yield _absent(part, gathered, refused, client.spent - before)
        return
    yield first
    yield from pages


def _columns(client: Client, part: Part) -> tuple[list[str], list[str]]:
    """The wished columns that exist, and those that do not. Tooling objects are asked without a describe first."""
    if part.tooling:
        return list(part.wish), []
    known = client.columns(part.source)
    relations = {name for name in known.values() if name}
    there = [c for c in part.wish if (c.split(".")[0] in relations if "." in c else c in known)]
    return there, _named_lost(part.source, [c for c in part.wish if c not in there])


def _named_lost(source: str, columns: list[str]) -> list[str]:
    """Each lost column by name; permissions that this org does not know in one line, because they are many."""
    flags = [column.removeprefix("Permissions") for column in columns if column.startswith("Permissions")]
    others = [f"{source}.{column}" for column in columns if not column.startswith("Permissions")]
    return [*others, *([f"{source}.Permissions*: {', '.join(flags)}"] if flags else [])]


def _absent(part: Part, gathered: Gathered, refused: Denied, calls: int) -> Read:
    """The page of an optional object that we did not get: empty, and the end only if no right can be the reason."""
    gathered.unknown.add(part.name)
    lacking = part.lacking if isinstance(refused, NoSuchObject) else part.lacking or refused.missing
    receipt = PageReceipt(
        part.name,
        f"describe {part.source}",
        rows=0,
        digest="",
        last=lacking is None or part.lookup,
        missing=(f"{part.source}: {lacking or 'not in this org'}",),
        calls=calls,
    )
    return [], receipt, None


class _Reading:
    """One part's reading under way."""

    def __init__(
        self,
        client: Client,
        part: Part,
        gathered: Gathered,
        columns: list[str],
        lost: list[str],
        calls: int,
        place: Place,
    ) -> None:
        self.client, self.part, self.gathered, self.columns, self.lost = client, part, gathered, columns, lost
        self.calls, self.place, self.said = calls, place, place.said
        self.anchor = place.anchor or part.anchor
        self.guard = pacing.Pages(part.name)
        self.known: set[int] = (
            set()
        )  # hashes of the Ids received, 8 bytes' worth each: a row that comes twice is no row

    def pages(self) -> Iterator[Read]:
        if self.said is None and self.part.counted:
            self.said = self.client.count(self.part.source, self.part.where)
        windows = self._windows()
        for number in range(self.place.window, len(windows)):
            link = self.place.next if number == self.place.window else None
            soql = self._soql(windows[number])
            while True:
                page, soql = self._ask(soql, link, windows[number])
                if len(windows) == 1:
                    self.said = max(self.said or 0, page.total)
                link = self.guard.turn(page.next) if page.next else None
                records, dropped, rows = self._translate(page.rows)
                end = link is None and number + 1 == len(windows)
                then = self._then(number, link)
                yield records, self._receipt(page, soql, rows, dropped, end), None if end else then
                if link is None:
                    break

    def _windows(self) -> Sequence[str]:
        if self.part.windows is None:
            return [self.part.where]
        # After a crash it must be cut in the same way: what decides that travels in `resume` as the anchor.
        self.anchor, windows = self.part.windows(self.client, self.anchor, self.said or 0)
        return windows

    def _then(self, window: int, link: str | None) -> Place:
        return Place(self.place.part, window if link else window + 1, link, self.said, self.anchor)

    def _soql(self, where: str) -> str:
        soql = f"SELECT {', '.join(self.columns)} FROM {self.part.source}"
        return soql + (f" WHERE {where}" if where else "") + (f" ORDER BY {self.part.order}" if self.part.order else "")

    def _ask(self, soql: str, link: str | None, where: str) -> tuple[QueryPage, str]:
        """Ask for a page; a column that turns out not to exist after all is left out, and the question repeated."""
        while True:
            try:
                page = self.client.more(link, soql) if link else self.client.query(soql, tooling=self.part.tooling)
            except NoSuchColumn as error:
                unknown = [column for column in self.columns if _named(column, str(error), soql)]
                if link or not unknown or len(unknown) == len(self.columns):
                    raise
                self.lost += [f"{self.part.source}.{column}" for column in unknown]
                self.columns = [column for column in self.columns if column not in unknown]
                soql = self._soql(where)
            else:
                self.gathered.at = page.answer.at or self.gathered.at
                return page, soql

    def _translate(self, rows: list[Row]) -> tuple[list[Record], list[str], int]:
        records: list[Record] = []
        dropped: list[str] = []
        repeated = 0
        for row in rows:
            if (key := text(row, "Id")) is not None:
                if hash(key) in self.known:
                    repeated += 1
                    continue
                self.known.add(hash(key))
            try:
                records += self.part.translate(row, self.gathered)
            except ValueError as error:
                dropped.append(f"{self.part.source} {key or 'row'}: {pacing.redact(str(error))}")
        if repeated:
            dropped.append(f"{self.part.source}: {repeated} rows came twice and were counted once")
        return records, dropped, len(rows) - repeated

    def _receipt(self, page: QueryPage, soql: str, rows: int, dropped: list[str], end: bool) -> PageReceipt:
        after = self.client.count(self.part.source, self.part.where) if end and self.part.counted else None
        calls, self.calls = self.client.spent - self.calls, self.client.spent
        missing, self.lost = tuple(self.lost), []
        return PageReceipt(
            part=self.part.name,
            asked=soql,
            rows=rows,
            digest=page.answer.digest,
            at=page.answer.at,
            said=self.said,
            said_after=after,
            last=end,
            dropped=tuple(dropped),
            missing=missing,
            calls=calls,
        )


def _named(column: str, message: str, soql: str) -> bool:
    """Whether an error message names a column, apart from where it only quotes our question."""
    words = message.replace(soql, " ")
    return any(mark in words for mark in (f"'{column}'", f"'{column.split('.')[-1]}'", f" {column} "))
