"""Give a small stream's pages out one by one, so that a crashed reading goes on without a gap or a repetition.

Streams about people are joined from several lists and hold at most a few thousand rows, so they are read whole and then
given out. `resume` says how many pages were given and what they held; if a fresh reading does not begin with the same
records, the stream must begin again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from connectors.connector import Page
from connectors.errors import Misread
from connectors.receipt import PageReceipt
from connectors.records import GrantRecord, NestingRecord, Record, Stream

Sheet = tuple[Sequence[Record], PageReceipt]


def numbered(stream: Stream, sheets: Sequence[Sheet], resume: str | None) -> Iterator[Page]:
    """Yield the sheets as pages, from the one that `resume` names. Raises Misread(restart=True) when it fits no more."""
    begin, _, wanted = (resume or "0:").partition(":")
    if not begin.isdigit() or int(begin) >= len(sheets) or (resume and _mark(sheets[: int(begin)]) != wanted):
        raise Misread(f"{stream}: what was read before has changed since; begin the stream again", restart=True)
    for at in range(int(begin), len(sheets)):
        records, receipt = sheets[at]
        last = at + 1 == len(sheets)
        yield Page(stream, records, receipt, None if last else f"{at + 1}:{_mark(sheets[: at + 1])}")


def _mark(sheets: Sequence[Sheet]) -> str:
    names = (_name(record) for records, _ in sheets for record in records)
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def _name(record: Record) -> str:
    if isinstance(record, GrantRecord):
        return f"{record.account_key} {record.entitlement_key} {record.source}"
    if isinstance(record, NestingRecord):
        return f"{record.holder_key} {record.held_key}"
    return record.key
