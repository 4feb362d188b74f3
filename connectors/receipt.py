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
    parts: dict[str, list[PageReceipt]] = {}
    for page in pages:
        parts.setdefault(page.part, []).append(page)
    troubles = [f"{name}: not read" for name in required if name not in parts]
    explained: list[str] = []
    for name, of_part in parts.items():
        trouble, drift = _judge_part(name, of_part)
        troubles += trouble
        explained += drift
    if not pages:
        troubles.append("no page was read")
    verdict = Verdict.INCOMPLETE if troubles else Verdict.EXPLAINED if explained else Verdict.COMPLETE
    counts = [
        max(p.said for p in of if p.said is not None) for of in parts.values() if any(p.said is not None for p in of)
    ]
    return StreamReceipt(
        verdict=verdict,
        because="; ".join(troubles or explained) or "the server's count and the rows agree",
        pages=len(pages),
        rows=sum(p.rows for p in pages),
        calls=sum(p.calls for p in pages),
        said=sum(counts) if counts else None,
        missing=tuple(dict.fromkeys(m for p in pages for m in p.missing)),
        dropped=tuple(d for p in pages for d in p.dropped),
        asked=tuple(dict.fromkeys(p.asked for of in parts.values() for p in of[:1])),
    )


def _judge_part(name: str, pages: Sequence[PageReceipt]) -> tuple[list[str], list[str]]:
    rows = sum(p.rows for p in pages)
    if not pages[-1].last and not rows and pages[-1].missing:
        return [f"{name}: not collected ({', '.join(pages[-1].missing)})"], []
    if not pages[-1].last:
        return [f"{name}: the reading stopped before the last page ({rows} rows so far)"], []
    said = next((p.said for p in pages if p.said is not None), None)
    after = next((p.said_after for p in reversed(pages) if p.said_after is not None), None)
    if said is None or (rows == said and after in (None, said)):
        return [], []
    if after is not None and min(said, after) <= rows <= max(said, after):
        return [], [f"{name}: {said} rows by the server's count before, {after} after, {rows} read"]
    return [f"{name}: {rows} rows read, {said} by the server's own count"], []
