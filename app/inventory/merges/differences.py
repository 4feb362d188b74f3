"""What a reading says otherwise than the one before it, found line by line, so that only that is staged and merged.

Where all that was read was taken as it came, its pages stay in the spool until the next reading is sealed: they are what
our rows say. Both readings are in the CRM's own order, so what is alike meets within a few pages, and what has met nothing
in the end is the difference. Where that might not lead where the whole would lead, the whole is merged: once an account or
an entitlement has ended, where a row came twice, where the two are in quite another order. A release that takes the same
rows otherwise must not be misled by pages that an earlier one kept, so pages of another release count as none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, delete, exists, not_, select

from app.inventory import packing
from app.inventory.merges.sealing import Page, Part, Sealing, packed_pages
from app.inventory.tables import AccountRow, EntitlementRow, SnapshotRow, SpoolRow
from app.kit import bulk
from connectors.records import Stream

KINDS = {Stream.GRANTS: "GrantRecord", Stream.LOGINS: "LoginRecord"}  # of these streams pages are kept
MOST = 100_000  # lines that may wait to meet their like: more are no difference, but two things
AT_ONCE = 2_000  # lines turned into rows at a time
Fill = Callable[[Table, Iterable[Page]], bool]  # stages rows; False if not every one could be taken as it came


def stage(
    sealing: Sealing,
    stream: Stream,
    staged: Table,
    fill: Fill,
    *,
    target: Table,
    key: Sequence[str],
    live: Sequence[ColumnElement[bool]],
) -> Table | None:
    """Stage only what differs from the last reading, ready to be merged. Returns what that had otherwise, staged too.

    None: it is not certain what differs; then the whole is to be staged anew. `live`: which rows of the target count.
    """
    last = _kept(sealing, stream)
    found = _Difference.between(sealing, stream, last) if last is not None and not _ended(sealing) else None
    if found is None:
        return None
    columns = [Column(column.name, column.type) for column in staged.columns]
    gone = bulk.stage(sealing.session, f"gone_{target.name}", columns)
    if not fill(gone, found.pages(stream, found.gone)) or not fill(staged, found.pages(stream, found.new)):
        return None
    repeats = [bulk.ready(sealing.session, table, key) for table in (gone, staged)]
    return None if any(repeats) or _came_twice(sealing, staged, gone, target, key, live) else gone


def settle(sealing: Sealing, stream: Stream, *, as_they_came: bool) -> None:
    """Note that our rows now say what the pages say, if they do; then the pages are worth keeping."""
    if as_they_came and not sealing.repeats[stream]:
        sealing.settled.add(stream)


def clear(sealing: Sealing) -> None:
    """Delete the pages of this reading, and of those before it, but for what was settled."""
    ours = select(SnapshotRow.id).where(SnapshotRow.system_id == sealing.system_id, SnapshotRow.status == "sealed")
    kept = and_(SpoolRow.snapshot_id == sealing.snapshot_id, SpoolRow.stream.in_(sealing.settled))
    sealing.session.execute(delete(SpoolRow).where(SpoolRow.snapshot_id.in_(ours), not_(kept)))


def _kept(sealing: Sealing, stream: Stream) -> int | None:
    """The sealed snapshot whose pages were kept by this release: there is one at most, and it is the last."""
    kept = (
        select(SpoolRow.snapshot_id)
        .join(SnapshotRow, SnapshotRow.id == SpoolRow.snapshot_id)
        .where(SnapshotRow.system_id == sealing.system_id, SnapshotRow.status == "sealed", SpoolRow.stream == stream)
        .limit(1)
    )
    if sealing.session.scalar(kept.where(SpoolRow.form.is_distinct_from(packing.FORM))) is not None:
        return None
    return sealing.session.scalar(kept)


def _ended(sealing: Sealing) -> bool:
    """Whether this reading has ended accounts or entitlements: rows that name them are taken otherwise than before."""
    return any(
        sealing.session.scalar(
            select(of.id).where(of.system_id == sealing.system_id, of.ended == sealing.moment).limit(1)
        )
        for of in (AccountRow, EntitlementRow)
    )


def _came_twice(
    sealing: Sealing, staged: Table, gone: Table, target: Table, key: Sequence[str], live: Sequence[ColumnElement[bool]]
) -> bool:
    """Whether a row is new although ours has its key, and the last reading's row of that key is in this one too."""
    there = select(staged.c[key[0]]).join(target, and_(*(target.c[name] == staged.c[name] for name in key)))
    met = not_(exists().where(*(gone.c[name] == staged.c[name] for name in key)))
    return sealing.session.execute(there.where(*live, met).limit(1)).first() is not None


@dataclass(slots=True)
class _Difference:
    """Lines that wait to meet their like: of the last reading, and of this one, with the part that each belongs to."""

    gone: dict[bytes, Part] = field(default_factory=dict)
    new: dict[bytes, Part] = field(default_factory=dict)

    @classmethod
    def between(cls, sealing: Sealing, stream: Stream, last: int) -> _Difference | None:
        """What two readings do not have in common. None: one has a line twice, or they differ too much."""
        made, kind = cls(), KINDS[stream]
        sides = {
            True: ((part, packing.lines(packed, kind)) for part, packed in packed_pages(sealing, stream, last)),
            False: ((part, packing.lines(packed, kind)) for part, packed in packed_pages(sealing, stream)),
        }
        while sides:  # on goes whichever is behind
            old = len(made.gone) <= len(made.new) if len(sides) == 2 else next(iter(sides))
            page = next(sides[old], None)
            if page is None:
                del sides[old]
            elif not (made._meet(*page, made.gone, made.new) if old else made._meet(*page, made.new, made.gone)):
                return None
        return made

    def _meet(self, part: Part, found: list[bytes], mine: dict[bytes, Part], theirs: dict[bytes, Part]) -> bool:
        once = set(found)
        met = once & theirs.keys()
        for line in met:
            del theirs[line]
        once -= met
        if len(once) + len(met) < len(found) or not mine.keys().isdisjoint(once):
            return False
        mine |= dict.fromkeys(once, part)
        return len(self.gone) + len(self.new) <= MOST

    def pages(self, stream: Stream, waiting: dict[bytes, Part]) -> Iterator[Page]:
        """Lines as rows, so many at a time that memory does not notice."""
        for part in sorted(set(waiting.values())):
            mine = [line for line, of in waiting.items() if of == part]
            for begin in range(0, len(mine), AT_ONCE):
                yield part, {KINDS[stream]: packing.of_lines(mine[begin : begin + AT_ONCE])}


def only_in(target: Table, gone: Table, staged: Table, key: Sequence[str]) -> list[Any]:
    """The conditions for rows of the target that the last reading had and this one has not."""
    was = select(target.c.id).join(gone, and_(*(target.c[name] == gone.c[name] for name in key)))
    return [target.c.id.in_(was.where(target.c.ended.is_(None))), bulk.absent(target, staged, key)]
