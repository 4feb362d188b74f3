"""The audit evidence of a reading or an act: what was asked, by whom, when, and what came back.

A reader's pages carry a `PageReceipt` each; `judge` turns a stream's page receipts into its verdict. It is pure and it is
the only place that may call a stream complete: the server's own count, where there is one, must agree with the rows
received, and nothing may be missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """How far a stream may be trusted. Absence counts only in a COMPLETE or EXPLAINED reading."""

    COMPLETE = "complete"
    EXPLAINED = "explained"  # complete, with drift during the reading that is explained
    INCOMPLETE = "incomplete"
    NOT_COLLECTED = "not_collected"  # a right, a plan or a feature is missing


@dataclass(frozen=True, slots=True)
class PageReceipt:
    """What one request of a reading asked and got.

    `part` names the query or path inside the stream that this page belongs to, `said` that part's total by the server's
    own count when it gave one, `said_after` the same asked again after the last page. `digest` is SHA-256 of the raw body.
    """

    part: str
    asked: str  # exact query or path with parameters; never a secret
    rows: int
    digest: str
    at: datetime | None = None  # the server's own clock (Date header)
    said: int | None = None
    said_after: int | None = None
    last: bool = False  # the server said this was the part's last page
    dropped: tuple[str, ...] = ()  # rows refused, each with its reason
    missing: tuple[str, ...] = ()  # columns or rights that were not there
    calls: int = 1


@dataclass(frozen=True, slots=True)
class PartReceipt:
    """What the reading of one part of a stream amounts to. `asked` is its first question, later pages folded."""

    part: str
    asked: str
    pages: int
    rows: int
    calls: int
    said: int | None = None  # the server's own count before the first page, and after the last
    said_after: int | None = None
    ended: bool = False  # the server said that its last page was the last
    missing: tuple[str, ...] = ()  # columns or rights that were not there
    first_at: datetime | None = None  # the server's own clock, on the first page and on the last
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StreamReceipt:
    """What a whole stream's reading amounts to; kept with the snapshot and shown to auditors."""

    verdict: Verdict
    because: str
    pages: int = 0
    rows: int = 0
    calls: int = 0
    said: int | None = None
    missing: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()  # distinct questions, pages folded
    said_after: int | None = None  # None unless every part that was counted before was counted again
    parts: tuple[PartReceipt, ...] = ()


@dataclass(frozen=True, slots=True)
class ActReceipt:
    """What one act asked of the CRM and what it answered."""

    asked: str
    status: int
    digest: str
    at: datetime | None = None
    reference: str | None = None  # the vendor's correlation id


def judge(pages: Sequence[PageReceipt], *, required: Sequence[str] = ()) -> StreamReceipt:
    """Say how far one stream's pages may be trusted.

    INCOMPLETE when there is no page, when a part in `required` has no last page, when any part ended without the server
    saying so, or when the server's count and the rows received differ and the count did not move by exactly that much
    meanwhile (EXPLAINED if it did). Rows dropped with a reason, and columns missing, are carried along but do not by
    themselves spoil the count.
    """
    by_part: dict[str, list[PageReceipt]] = {}
    for page in pages:
        by_part.setdefault(page.part, []).append(page)
    parts = tuple(_folded(name, of_part) for name, of_part in by_part.items())
    troubles = [f"{name}: not read" for name in required if name not in by_part]
    explained: list[str] = []
    for part in parts:
        trouble, drift = _judge_part(part)
        troubles += trouble
        explained += drift
    if not pages:
        troubles.append("no page was read")
    verdict = Verdict.INCOMPLETE if troubles else Verdict.EXPLAINED if explained else Verdict.COMPLETE
    counted = [part for part in parts if part.said is not None]
    after = [part.said_after for part in counted if part.said_after is not None]
    return StreamReceipt(
        verdict=verdict,
        because="; ".join(troubles or explained) or _agreed(parts),
        pages=len(pages),
        rows=sum(p.rows for p in pages),
        calls=sum(p.calls for p in pages),
        said=sum(part.said or 0 for part in counted) if counted else None,
        missing=tuple(dict.fromkeys(m for p in pages for m in p.missing)),
        dropped=tuple(d for p in pages for d in p.dropped),
        asked=tuple(dict.fromkeys(part.asked for part in parts)),
        said_after=sum(after) if after and len(after) == len(counted) else None,
        parts=parts,
    )


def _agreed(parts: Sequence[PartReceipt]) -> str:
    """What a complete reading rests on: the server's own count, or, where it gives none, that it said where the end is."""
    counted = sum(part.said is not None for part in parts)
    if not counted:
        return "every list was read to the end that the server gave; it counts nothing"
    if counted < len(parts):
        return f"the server's count and the rows agree in {counted} of {len(parts)} lists; it does not count the others"
    return "the server's count and the rows agree"


def _folded(name: str, pages: Sequence[PageReceipt]) -> PartReceipt:
    moments = [page.at for page in pages if page.at is not None]
    return PartReceipt(
        part=name,
        asked=pages[0].asked,
        pages=len(pages),
        rows=sum(page.rows for page in pages),
        calls=sum(page.calls for page in pages),
        said=next((page.said for page in pages if page.said is not None), None),
        said_after=next((page.said_after for page in reversed(pages) if page.said_after is not None), None),
        ended=pages[-1].last,
        missing=tuple(dict.fromkeys(each for page in pages for each in page.missing)),
        first_at=moments[0] if moments else None,
        last_at=moments[-1] if moments else None,
    )


def _judge_part(part: PartReceipt) -> tuple[list[str], list[str]]:
    name, rows, said, after = part.part, part.rows, part.said, part.said_after
    if not part.ended and not rows and part.missing:
        return [f"{name}: not collected ({', '.join(part.missing)})"], []
    if not part.ended:
        return [f"{name}: the reading stopped before the last page ({rows} rows so far)"], []
    if said is None or (rows == said and after in (None, said)):
        return [], []
    if after is not None and min(said, after) <= rows <= max(said, after):
        return [], [f"{name}: {said} rows by the server's count before, {after} after, {rows} read"]
    return [f"{name}: {rows} rows read, {said} by the server's own count"], []
