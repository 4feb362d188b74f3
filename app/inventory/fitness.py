"""How fit a system is to be read: what each stream lacks, what reading costs, how far apart the clocks are.

Put together from what the system says now and what its last reading left. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connectors.connector import Coverage
from connectors.records import Stream

SKEW_SECONDS = 120  # more, and tokens are refused or sign-ins seem to come from the future
SHARE_PERCENT = 20  # of a day's calls; more, and a reading starves whoever else uses them
SOON_DAYS = 30  # a credential that ends within these needs a successor


class Receipt(Protocol):
    """What is asked of a stream's receipt of the last reading."""

    @property
    def stream(self) -> str: ...
    @property
    def verdict(self) -> str: ...
    @property
    def because(self) -> str: ...
    @property
    def calls(self) -> int: ...
    @property
    def missing(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class StreamFitness:
    """One stream: whether it can be read now, what it lacks for that or lacked last time, and what reading it took."""

    stream: str
    readable: bool
    missing: tuple[str, ...]
    note: str | None
    verdict: str | None  # of the last reading
    calls: int | None


@dataclass(frozen=True, slots=True)
class Fitness:
    """A system's. `share`: per cent of the allowance that a full reading takes. `doubts`: sentences with a way out."""

    streams: tuple[StreamFitness, ...]
    calls: int | None
    used: int | None
    allowed: int | None
    period: str | None
    share: float | None
    skew_seconds: int | None
    principal: str | None
    ends: datetime | None
    doubts: tuple[str, ...]


def examine(coverage: Coverage, last: Sequence[Receipt], *, ends: datetime | None = None, at: datetime) -> Fitness:
    """Judge what a check said at moment `at`, beside the receipts of the last reading.

    `ends`: when the principal's credential ends as far as readings told, where the check itself does not say.
    """
    before = {receipt.stream: receipt for receipt in last}
    streams = tuple(_stream(str(stream), coverage, before) for stream in Stream if stream in coverage.streams)
    calls = sum(receipt.calls for receipt in last) if last else None
    allowance = coverage.allowance
    share = round(100 * calls / allowance.allowed, 1) if calls is not None and allowance and allowance.allowed else None
    skew = round((at - coverage.server_at).total_seconds()) if coverage.server_at is not None else None
    until = coverage.ends or ends
    return Fitness(
        streams,
        calls,
        allowance.used if allowance else None,
        allowance.allowed if allowance else None,
        allowance.period if allowance else None,
        share,
        skew,
        coverage.principal,
        until,
        tuple(_doubts(calls, coverage, share, skew, until, at)),
    )


def _stream(stream: str, coverage: Coverage, before: Mapping[str, Receipt]) -> StreamFitness:
    now, last = coverage.streams[Stream(stream)], before.get(stream)
    lacks = [now.missing] if now.missing else []
    if now.readable and last is not None:  # what may not be read at all is told by now alone
        lacks += [each for each in last.missing if each not in lacks]
    return StreamFitness(
        stream,
        now.readable,
        tuple(lacks),
        now.note,
        last.verdict if last is not None else None,
        last.calls if last is not None else None,
    )


def _doubts(
    calls: int | None,
    coverage: Coverage,
    share: float | None,
    skew: int | None,
    ends: datetime | None,
    at: datetime,
) -> list[str]:
    said: list[str] = []
    allowance = coverage.allowance
    if allowance is not None and calls is not None and allowance.used + calls > allowance.allowed:
        said.append(
            f"a full reading takes {calls} calls, but only {allowance.allowed - allowance.used} are left of the "
            f"{allowance.period}'s {allowance.allowed}: wait, or read fewer streams"
        )
    if share is not None and share > SHARE_PERCENT:
        said.append(f"a full reading takes {share} % of all calls: read less often, or ask the vendor for more")
    if skew is not None and abs(skew) > SKEW_SECONDS:
        said.append(
            f"our clock is {abs(skew)} seconds {'ahead of' if skew > 0 else 'behind'} the system's: set this machine's "
            "clock by the network"
        )
    if ends is not None and (ends - at).days < SOON_DAYS:
        over = "ended" if ends <= at else "ends"
        said.append(f"the credential {over} on {ends.date().isoformat()}: replace it with `rolecall system credential`")
    return said
