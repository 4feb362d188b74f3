"""Reading a stream as parts: which columns exist, how many rows the server counts, page after page, and the receipts.

What Salesforce's count and our distinct rows say is left to `receipt.judge`; here we only make sure that both are told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from connectors import pacing
from connectors.connector import Aside, Packed, Page
from connectors.errors import Denied, Misread
from connectors.receipt import PageReceipt
from connectors.records import Record, Stream
from connectors.salesforce import ahead, apart
from connectors.salesforce.client import Apart, Client, QueryPage, Understood
from connectors.salesforce.parts import Gathered, Part, Place, Said
from connectors.salesforce.refusals import NoSuchColumn, NoSuchObject

LARGE = 50_000  # rows of a part, from which on another process is worth its start


def read_stream(
    client: Client,
    stream: Stream,
    parts: Sequence[Part],
    gathered: Gathered,
    resume: str | None,
    spent: int = 0,
    aside: Aside | None = None,
) -> Iterator[Page]:
    """All pages of a stream, from the start or from `resume`. `spent`: calls made already, told with the first page.

    `aside` is asked to understand what can be understood apart, of parts that are large.
    """
    place, began = Place.of(resume, len(parts)), client.spent
    for part in parts[: place.part]:
        if part.gathers:
            for _ in _read_part(client, part, Place(), gathered, None):
                pass  # only to know again what it tells
    spent += client.spent - began
    for index in range(place.part, len(parts)):
        here = place if index == place.part else Place(index)
        for records, receipt, then in _read_part(client, parts[index], here, gathered, aside):
            after = then or (Place(index + 1) if index + 1 < len(parts) else None)
            told, spent = replace(receipt, calls=receipt.calls + spent), 0
            packed = records if isinstance(records, Packed) else None
            yield Page(
                stream, () if isinstance(records, Packed) else records, told, after.text() if after else None, packed
            )


Records = list[Record] | Packed
Read = tuple[Records, PageReceipt, Place | None]
Taken = tuple[Records, list[str], int]  # records, rows that were dropped with the reason, and rows that count


def _read_part(client: Client, part: Part, place: Place, gathered: Gathered, aside: Aside | None) -> Iterator[Read]:
    before = client.spent
    if part.call:
        yield from _call(client, part, part.call, gathered)
        return
    try:
        columns, lost = _columns(client, part)
        reading = _Reading(client, part, gathered, columns, [*part.noted, *lost], before, place, aside)
        pages = reading.pages()
        first = next(pages)
    except Denied as refused:
        if not part.optional or place.next:
            raise
        yield _absent(part, gathered, refused, client.spent - before)
        return
    yield first
    yield from pages


def _call(client: Client, part: Part, call: Callable[[Client], Iterable[Said]], gathered: Gathered) -> Iterator[Read]:
    """A part that is asked in one go, whatever number of questions that takes; it is one page of records."""
    before, records, said, dropped = client.spent, list[Record](), list[Said](), list[str]()
    try:
        if part.lacking:
            raise Denied(f"{part.name}: our user lacks {part.lacking}", missing=part.lacking)
        said += call(client)
    except (Denied, Misread) as refused:
        if not part.optional:
            raise
        told = refused if isinstance(refused, Denied) else Denied(str(refused), missing=str(refused))
        yield _absent(part, gathered, told, client.spent - before)
        return
    rows = [row for each in said for row in each.rows]
    for row in rows:
        try:
            records += part.translate(row, gathered)
        except ValueError as error:
            dropped.append(f"{part.name}: {pacing.redact(str(error))}")
    digests = [each.answer.digest for each in said]
    digest = digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()
    at = next((each.answer.at for each in reversed(said) if each.answer.at), None)
    asked = "; ".join(each.asked for each in said)
    receipt = PageReceipt(part.name, asked, len(rows), digest, at, last=True, dropped=tuple(dropped))
    missing = (*part.noted, *(each for one in said for each in one.lacks))
    yield records, replace(receipt, missing=missing, calls=client.spent - before), None


def _columns(client: Client, part: Part) -> tuple[list[str], list[str]]:
    """The wished columns that exist, and those that do not."""
    try:
        known = client.columns(part.source, tooling=part.tooling)
    except NoSuchObject:
        if not part.tooling:
            raise
        return list(part.wish), []  # some tooling objects are not described; the query itself tells whether they exist
    if part.tooling:  # nor are all their relations
        there = [column for column in part.wish if "." in column or column in known]
        return there, _named_lost(part.source, [column for column in part.wish if column not in there])
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
        aside: Aside | None,
    ) -> None:
        self.client, self.part, self.gathered, self.columns, self.lost = client, part, gathered, columns, lost
        self.calls, self.place, self.said, self.aside = calls, place, place.said, aside
        self.anchor = place.anchor or part.anchor

    def pages(self) -> Iterator[Read]:
        if self.said is None and self.part.counted:
            self.said = self.client.count(self.part.source, self.part.where)
        windows = self._windows()
        for number, page, soql, (records, dropped, rows) in self._answers(windows):
            if len(windows) == 1:
                self.said = max(self.said or 0, page.total)
            end = page.next is None and number + 1 == len(windows)
            then = self._then(number, page.next)
            yield records, self._receipt(page, soql, rows, dropped, end), None if end else then

    def _answers(self, windows: Sequence[str]) -> Iterator[tuple[int, QueryPage, str, Taken]]:
        """Every page of every window in order, and what it says. The first shows which columns there are; the others are
        asked ahead."""
        first, link = self.place.window, self.place.next
        soql, guard, known = self._soql(windows[first]), pacing.Pages(self.part.name), set[int]()
        while True:
            page, soql = self._ask(soql, link, windows[first])
            link = guard.turn(page.next) if page.next else None
            yield first, page, soql, self._take(page, known)
            if link is None:
                break
        rest = [self._soql(where) for where in windows[first + 1 :]]
        large = self.part.apart and (self.said or 0) >= LARGE
        understand = apart.by(self.aside, self.part, self.gathered) if self.aside and large else None
        asks = [partial(self._ask_through, soql, understand) for soql in rest]
        window = -1
        for number, (page, taken) in ahead.in_order(self.client, asks, packed=understand is not None):
            self.gathered.at = page.answer.at or self.gathered.at
            if number != window:
                window, known = number, set()
            yield first + 1 + number, page, rest[number], taken or self._take(page, known)

    def _windows(self) -> Sequence[str]:
        if self.part.windows is None:
            return [self.part.where]
        # After a crash it must be cut in the same way: what decides that travels in `resume` as the anchor.
        self.anchor, windows = self.part.windows(self.client, self.anchor, self.said or 0)
        if self.place.window and self.place.window >= len(windows):
            raise Misread(f"{self.part.name}: it is divided otherwise by now; begin this stream again", restart=True)
        return windows or [self.part.where]

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

    def _ask_through(
        self, soql: str, understand: Apart | None, line: Client
    ) -> Iterator[tuple[QueryPage, Taken | None]]:
        """Every page of one question, asked ahead; where rows are understood apart, only what they say is kept waiting."""
        guard, known = pacing.Pages(self.part.name), set[int]()

        def elsewhere(raw: bytes, at: datetime | None) -> Understood | None:
            said = understand(raw, at) if understand else None
            return said if said is not None and _all_new(said.ids, known) else None  # with repeats it is taken here

        asked = elsewhere if understand else None
        page = line.query(soql, tooling=self.part.tooling, apart=asked)
        while True:
            taken = self._take(page, known) if self.part.apart else None
            if taken is not None:
                page = replace(page, rows=[], answer=replace(page.answer, body=None), understood=None)
            yield page, taken
            if page.next is None:
                return
            page = line.more(guard.turn(page.next), soql, apart=asked)

    def _take(self, page: QueryPage, known: set[int]) -> Taken:
        """What a page says. `known`: hashes of the Ids that came in this window before, 8 bytes' worth each.

        A row that comes twice is no row; and none is in two windows, so what came in the last one need not be known.
        """
        if (said := page.understood) is not None and said.packed is not None:
            return said.packed, said.dropped, len(said.ids)
        rows, gathered = page.rows, self.gathered
        if not _all_new([key for row in rows if (key := row.get("Id")) is not None], known):
            rows = [row for row in rows if (key := row.get("Id")) is None or _new(key, known)]
        if self.part.apart:
            gathered = replace(gathered, at=page.answer.at or gathered.at)
        records, dropped = apart.translated(rows, self.part.source, self.part.translate, gathered)
        if repeated := len(page.rows) - len(rows):
            dropped.append(f"{self.part.source}: {repeated} rows came twice and were counted once")
        return records, dropped, len(rows)

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


def _all_new(keys: Sequence[str], known: set[int]) -> bool:
    """Whether none came twice, nor was known; then all are known."""
    marks = set(map(hash, keys))
    if len(marks) < len(keys) or not known.isdisjoint(marks):
        return False
    known |= marks
    return True


def _new(key: str, known: set[int]) -> bool:
    if (mark := hash(key)) in known:
        return False
    known.add(mark)
    return True


def _named(column: str, message: str, soql: str) -> bool:
    """Whether an error message names a column, apart from where it only quotes our question."""
    words = message.replace(soql, " ")
    return any(mark in words for mark in (f"'{column}'", f"'{column.split('.')[-1]}'", f" {column} "))
