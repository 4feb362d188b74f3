"""What the merges of one sealing share: its pages, its verdicts, and the merge of rows that have a key of their own.

Unchanged rows are not rewritten, absence ends a row only where `absence.counts` says so, and what had ended and is there
again goes on in its old row, with the gap kept in `returns`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Select,
    String,
    Table,
    and_,
    case,
    cast,
    insert,
    literal,
    not_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.inventory import absence, packing
from app.inventory.early import LARGE, Staged
from app.inventory.tables import (
    AccountRow,
    AlterationRow,
    EntitlementRow,
    IntegrationRow,
    ReturnRow,
    SpoolRow,
    StreamRow,
)
from app.kit import bulk, postgres
from app.kit.beside import Beside
from connectors.records import Stream

ALTERATIONS: Table = AlterationRow.__table__  # type: ignore[assignment]
RETURNS: Table = ReturnRow.__table__  # type: ignore[assignment]
BATCH = 16  # pages fetched from the spool at a time


@dataclass
class Sealing:
    """One snapshot on its way from spool to history. `moment` is when its reading began: began and ended are that."""

    session: Session
    system_id: int
    snapshot_id: int
    moment: datetime
    streams: dict[Stream, StreamRow]
    parts: dict[Stream, dict[str, bool]]  # names of each stream's parts, in order, and whether the server counted them
    previous: datetime | None = None  # when the last reading with trusted accounts began
    beside: Beside | None = None  # a process that may be asked to prepare pages
    early: Mapping[Stream, Staged] = field(default_factory=dict)  # staged while reading, for a system's first sealing
    use: Table | None = None  # that such sign-ins tell of, until it is noted with the accounts
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    repeats: Counter[Stream] = field(default_factory=Counter)  # records that were there twice
    ids: dict[tuple[str, bool], dict[str, int]] = field(default_factory=dict)  # what `ids_of` has found before
    settled: set[Stream] = field(
        default_factory=set
    )  # of which our rows now say what the pages say, no more and no less

    def ends(self, stream: Stream) -> bool:
        """Whether absence from this stream ends rows."""
        return absence.counts(stream, {each: row.verdict for each, row in self.streams.items()})

    def mark(self, table: Table) -> dict[str, Any]:
        """What is set on each row that this reading writes otherwise, so that rules know whom to ask about again."""
        return {"touched": self.moment} if "touched" in table.c else {}

    def count(self, table: str, **numbers: int) -> None:
        """Note how many rows of a table began, changed, returned or ended."""
        self.counts.setdefault(table, {}).update({name: number for name, number in numbers.items() if number})


Part = int
Page = tuple[Part, Mapping[str, list[list[Any]]]]


def pages(sealing: Sealing, stream: Stream, *, times: bool = True) -> Iterator[Page]:
    """The stream's spooled pages in order: the number of the part each belongs to, and its rows by kind of record.

    Without `times` these are ISO text, which is all that staging needs.
    """
    for part, packed in packed_pages(sealing, stream):
        yield part, packing.unpack(packed, times=times)


def packed_pages(sealing: Sealing, stream: Stream, of: int | None = None) -> Iterator[tuple[Part, bytes]]:
    """The stream's spooled pages in order, as they were packed; `of`: another snapshot's, whose parts are all 0."""
    parts = {name: number for number, name in enumerate(sealing.parts.get(stream, {}))} if of is None else {}
    mine = (SpoolRow.snapshot_id == (of or sealing.snapshot_id), SpoolRow.stream == stream)
    last = -1
    while True:
        # Fetched in batches, not streamed: PostgreSQL allows no COPY while a cursor on the same connection is open.
        found = sealing.session.execute(
            select(SpoolRow.number, SpoolRow.records, SpoolRow.receipt)
            .where(*mine, SpoolRow.number > last)
            .order_by(SpoolRow.number)
            .limit(BATCH)
        ).all()
        if not found:
            return
        for number, records, receipt in found:
            last = number
            yield parts.get(receipt["part"], 0), records


Told = TypeVar("Told")
# Rows as columns for staging, and what there is to say of them. By what it is given besides: our ids, for instance.
Resolve = Callable[..., tuple[list[Sequence[Any]], Told]]


def stage_pages(
    sealing: Sealing, stream: Stream, kind: str, staged: Table, resolve: Resolve[Told], *known: Any
) -> Iterator[Told]:
    """Stage a stream's rows of one kind, page by page, and give what `resolve` says of each.

    Pages of a large stream are prepared by the process beside, if there is one: `resolve` is a function of a module, pure.
    """
    prepare = partial(_prepared, kind, bulk.shape(sealing.session, staged), resolve)
    found = packed_pages(sealing, stream)
    if sealing.beside is not None and sealing.streams[stream].records >= LARGE:
        prepared = sealing.beside.each(prepare, found, *known)
    else:
        prepared = (prepare(page, *known) for page in found)
    for rows, told in prepared:
        bulk.write(sealing.session, staged, rows)
        yield told


def as_they_are(rows: Sequence[Sequence[Any]]) -> tuple[list[Sequence[Any]], int]:
    """Rows as columns, and how many they are."""
    return list(zip(*rows, strict=True)), len(rows)


def stage_rows(
    sealing: Sealing, staged: Table, part: Part, rows: Sequence[Sequence[Any]], resolve: Resolve[Told], *known: Any
) -> Told:
    """The same of rows that are at hand."""
    shape = bulk.shape(sealing.session, staged)
    prepared, told = _resolved(shape, part, rows, resolve, known)
    bulk.write(sealing.session, staged, prepared)
    return told


def _prepared(
    kind: str, shape: bulk.Shape, resolve: Resolve[Told], page: tuple[Part, bytes], *known: Any
) -> tuple[bulk.Rows, Told]:
    part, packed = page
    return _resolved(shape, part, packing.unpack(packed, times=False).get(kind, ()), resolve, known)


def _resolved(
    shape: bulk.Shape, part: Part, rows: Sequence[Sequence[Any]], resolve: Resolve[Told], known: tuple[Any, ...]
) -> tuple[bulk.Rows, Told]:
    columns, told = resolve(rows, *known)
    return bulk.shaped([[part] * len(columns[0]), *columns], shape) if columns else bulk.Rows(), told


def insert_early(
    sealing: Sealing, stream: Stream, target: Table, names: Sequence[str], rows: Callable[[Table], Select[Any]]
) -> int | None:
    """Insert what was staged while reading, as `rows` makes it, if the system has no such rows yet. Returns how many.

    None, and nothing is done, where there is none, or one is there twice or names what was not read.
    """
    staged = sealing.early.get(stream)
    ours = target.c.system_id == sealing.system_id
    if staged is None or sealing.session.scalar(select(target.c.id).where(ours).limit(1)) is not None:
        return None
    statement = insert(target).from_select(names, rows(staged.table))
    try:
        with sealing.session.begin_nested():
            with postgres.parents_known(sealing.session), postgres.by_hash(sealing.session):
                written = bulk.written(sealing.session, statement)
            if written != staged.rows:
                raise _Unfit
    except (_Unfit, IntegrityError):
        return None
    return written


class _Unfit(Exception):
    """Not every row found what it names."""


def ids_of(
    sealing: Sealing, of: type[AccountRow] | type[EntitlementRow] | type[IntegrationRow], *, live: bool = False
) -> dict[str, int]:
    """Our ids of the system's rows by the CRM's keys; with `live`, only of those that have not ended.

    Asked once they were merged: what it finds is kept for the rest of the sealing.
    """
    if (of.__tablename__, live) not in sealing.ids:
        there = select(of.key, of.id, of.ended.is_(None)).where(of.system_id == sealing.system_id)
        every, living = dict[str, int](), dict[str, int]()
        for key, number, lives in sealing.session.execute(there, execution_options={"yield_per": 5_000}):
            every[key] = number
            if lives:
                living[key] = number  # the same text and number: a key is in memory once
        # Where nobody has gone the two are one, which is what a first reading of many has.
        sealing.ids[of.__tablename__, False] = every
        sealing.ids[of.__tablename__, True] = living if len(living) < len(every) else every
    return sealing.ids[of.__tablename__, live]


def told_repeats(sealing: Sealing, stream: Stream, repeats: Mapping[int, int], what: str) -> None:
    """Say in the stream's receipt which rows came twice, and distrust it where that hides others."""
    if not repeats:
        return
    sealing.repeats[stream] += sum(repeats.values())
    row = sealing.streams[stream]
    named = list(sealing.parts[stream])
    by_name = {named[part]: count for part, count in repeats.items()}
    counted = {name for name, said in sealing.parts[stream].items() if said}
    row.verdict, row.because = absence.after_repeats(row.verdict, row.because, by_name, counted)
    say(row, [f"{sum(repeats.values())} {what} came twice and were kept once"])


def told_losses(sealing: Sealing, stream: Stream, lost: Sequence[str], what: str) -> None:
    """Say in the stream's receipt which rows were set aside because they point nowhere, and distrust it."""
    if not lost:
        return
    row = sealing.streams[stream]
    row.verdict, row.because = absence.after_losses(row.verdict, row.because, len(lost), what)
    say(row, [f"{len(lost)} {what} set aside", *absence.examples(lost)])


def say(row: StreamRow, sentences: Sequence[str]) -> None:
    """Add to what a receipt says about rows that were not taken as they came."""
    row.dropped = [*row.dropped, *sentences]


def merge_keyed(
    sealing: Sealing,
    stream: Stream,
    target: Table,
    staged: Table,
    columns: Sequence[str],
    *,
    kind: str,
    ends: bool | None = None,
    spared: Sequence[ColumnElement[bool]] = (),
) -> None:
    """Merge staged rows into a table whose rows are told apart by (system, key). Absence never ends what is `spared`."""
    session = sealing.session
    ours = target.c.system_id == sealing.system_id
    returned = take_back(sealing, target, staged, kind, [ours])
    changed = bulk.update_changed(
        session, target, staged, on=["key"], columns=columns, where=[ours], constants=sealing.mark(target)
    )
    constants = {"system_id": sealing.system_id, "began": sealing.moment}
    began = bulk.insert_new(
        session, target, staged, on=["key"], columns=["key", *columns], constants=constants, where=[ours]
    )
    ended = 0
    if sealing.ends(stream) if ends is None else ends:
        ended = end(sealing, target, [ours, bulk.absent(target, staged, ["key"]), *(not_(each) for each in spared)])
    sealing.count(target.name, began=began, changed=changed, returned=returned, ended=ended)


def keep_former(
    sealing: Sealing,
    target: Table,
    staged: Table,
    kind: str,
    fields: Sequence[str],
    *,
    on: Sequence[str],
    where: Sequence[ColumnElement[bool]],
) -> None:
    """Before rows are brought to what is staged, write down what these fields were where they differ."""
    same = [target.c[name] == staged.c[name] for name in on]
    for name in fields:
        column = target.c[name]
        flag = (
            case((column.is_(True), "true"), (column.is_(False), "false")) if isinstance(column.type, Boolean) else None
        )
        before = cast(column, String) if flag is None else flag
        rows = (
            select(literal(kind), target.c.id, literal(sealing.snapshot_id), literal(name), before)
            .select_from(target.join(staged, and_(*same)))
            .where(*where, column.is_distinct_from(staged.c[name]))
        )
        names = ["kind", "subject_id", "snapshot_id", "field", "before"]
        sealing.session.connection().execute(insert(ALTERATIONS).from_select(names, rows))


def end(sealing: Sealing, target: Table, where: Sequence[Any]) -> int:
    """End the rows that are still there and meet the conditions. Returns how many."""
    statement = update(target).where(target.c.ended.is_(None), *where).values(ended=sealing.moment)
    return bulk.written(sealing.session, statement)


def take_back(sealing: Sealing, target: Table, staged: Table, kind: str, where: Sequence[ColumnElement[bool]]) -> int:
    """Let rows that had ended and were read again go on, and note the gap. Returns how many."""
    session = sealing.session
    back = (*where, target.c.ended.is_not(None), target.c["key"] == staged.c["key"])
    noted = select(
        literal(kind),
        target.c.id,
        target.c.ended,
        literal(sealing.moment, RETURNS.c.back.type),
        literal(sealing.snapshot_id),
    ).where(*back)
    names = ["kind", "subject_id", "gone", "back", "snapshot_id"]
    found = bulk.written(session, insert(RETURNS).from_select(names, noted))
    if found:
        bulk.written(session, update(target).where(*back).values(ended=None, **sealing.mark(target)))
    return found
