"""How far the readings that a review would rest on may be trusted.

A review of readings that lack pages, rights or freshness reviews something else than what is there. Each lack names the
system, the stream, the verdict and why, so that somebody can act on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

TRUSTED = frozenset({"complete", "explained"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What an operator can turn about reviews, with what is sensible where nothing was said."""

    reading_max_age: timedelta = timedelta(days=2)
    roster_max_age: timedelta = timedelta(days=7)
    roster_max_shrink_percent: int = 5
    most_answers: int | None = None  # for one reviewer, without a reason; None: any number
    security_owner: str | None = None  # roster key of who decides on administrators where a scope names nobody
    control_owner: str | None = None  # roster key of who accepts and signs where a scope names nobody
    owned: bool = False  # whether nothing opens without somebody who does


@dataclass(frozen=True, slots=True)
class Stream:
    """How far one stream of a reading may be trusted."""

    verdict: str
    because: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A system's latest sealed reading, as far as opening depends on it. `snapshot_id` None: there is none."""

    system: str
    needs: tuple[str, ...]
    snapshot_id: int | None = None
    began_at: datetime | None = None
    streams: Mapping[str, Stream] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RosterReading:
    """A roster's latest sealed reading. `extracted_at` is when the file was taken from the personnel system, where it
    says so; `before` counts the people of the last roster that was another one."""

    system: str
    snapshot_id: int | None = None
    extracted_at: datetime | None = None
    people: Stream | None = None
    rows: int = 0
    before: int | None = None


def lacking(
    readings: Sequence[Reading], rosters: Sequence[RosterReading], *, needs_roster: bool, limits: Limits, at: datetime
) -> list[dict[str, str]]:
    """Everything the readings lack for this scope, each as {system, stream, verdict, because}."""
    lacks = [lack for reading in readings for lack in _reading_lacks(reading, limits, at)]
    if needs_roster and not rosters:
        lacks.append(_lack("(no roster)", "people", "not_collected", "no roster is connected, so nobody has a manager"))
    return lacks + [lack for roster in rosters for lack in _roster_lacks(roster, limits, at)]


def _reading_lacks(reading: Reading, limits: Limits, at: datetime) -> list[dict[str, str]]:
    if not reading.needs:
        return []
    if reading.snapshot_id is None or reading.began_at is None:
        return [_lack(reading.system, stream, "not_collected", "never read") for stream in reading.needs]
    age = at - reading.began_at
    if age > limits.reading_max_age:
        because = f"read {age.days} days ago; a review needs a reading from the last {_hours(limits.reading_max_age)}"
        return [_lack(reading.system, stream, "stale", because) for stream in reading.needs]
    lacks = []
    for stream in reading.needs:
        seen = reading.streams.get(stream, Stream("not_collected", "this reading does not have it"))
        if seen.verdict not in TRUSTED:
            lacks.append(_lack(reading.system, stream, seen.verdict, seen.because))
    return lacks


def _roster_lacks(roster: RosterReading, limits: Limits, at: datetime) -> list[dict[str, str]]:
    if roster.snapshot_id is None or roster.people is None or roster.extracted_at is None:
        return [_lack(roster.system, "people", "not_collected", "never read")]
    if roster.people.verdict not in TRUSTED:
        return [_lack(roster.system, "people", roster.people.verdict, roster.people.because)]
    age = at - roster.extracted_at
    if age > limits.roster_max_age:
        because = (
            f"{age.days} days old; who manages whom needs a roster from the last {limits.roster_max_age.days} days"
        )
        return [_lack(roster.system, "people", "stale", because)]
    if roster.before and (roster.before - roster.rows) * 100 > limits.roster_max_shrink_percent * roster.before:
        because = (
            f"{roster.rows} people after {roster.before}, more than {limits.roster_max_shrink_percent} % fewer at once"
        )
        return [_lack(roster.system, "people", "shrunk", because)]
    return []


def _lack(system: str, stream: str, verdict: str, because: str) -> dict[str, str]:
    return {"system": system, "stream": stream, "verdict": verdict, "because": because}


def _hours(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    return f"{hours // 24} days" if hours % 24 == 0 and hours > 24 else f"{hours} hours"
