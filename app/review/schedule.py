"""Which review is due at a moment, in the operator's time zone.

A schedule opens once a quarter, on a day and at an hour of the operator's own calendar. The latest slot whose moment has
passed is due until a campaign bears its name, so what was missed while the service was down starts on its return, late
and said to be late. Clock changes move no slot: the wall clock decides, and an hour that a change skips or repeats still
names exactly one moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.kit.refusal import Refusal

QUARTERLY = "quarterly"
PUNCTUAL = timedelta(minutes=15)  # a start within this is not called late: ticks have a period, and readings take time


@dataclass(frozen=True, slots=True)
class Plan:
    """When reviews open. `day` counts from 1, the quarter's first; `hour` is on the wall clock of `zone`."""

    name: str
    zone: str
    day: int
    hour: int
    due_days: int
    cadence: str = QUARTERLY


@dataclass(frozen=True, slots=True)
class Slot:
    """One quarter's turn of a plan. `id` is the same on every replica, so that it opens once."""

    id: str
    label: str  # 2026-Q4
    opens_at: datetime

    def late(self, at: datetime) -> timedelta | None:
        """By how much a start at `at` is late; None if it is punctual."""
        by = at - self.opens_at
        return by if by > PUNCTUAL else None


def why_not_plan(plan: Plan) -> Refusal | None:
    """Why a plan cannot be followed: an unknown cadence or zone, or a day, hour or term that some quarter lacks."""
    if plan.cadence != QUARTERLY:
        return _no(f'the cadence "{plan.cadence}" is not known', 'Use "quarterly".')
    if not plan.name.strip() or len(plan.name) > 100:
        return _no("a schedule needs a name of at most 100 characters", "Give it a short name.")
    try:
        ZoneInfo(plan.zone)
    except (ZoneInfoNotFoundError, ValueError):
        return _no(f'"{plan.zone}" is not a time zone', 'Use an IANA name such as "Europe/Berlin".')
    if not 1 <= plan.day <= 90:
        return _no(f"day {plan.day} is not in every quarter", "Use a day from 1 to 90.")
    if not 0 <= plan.hour <= 23:
        return _no(f"{plan.hour} is not an hour", "Use an hour from 0 to 23.")
    if not 1 <= plan.due_days <= 90:
        return _no(f"a review cannot be due after {plan.due_days} days", "Use 1 to 90 days.")
    return None


def latest(plan: Plan, at: datetime) -> Slot:
    """The last slot that has begun by `at`: this quarter's, or before its opening the last quarter's."""
    today = at.astimezone(ZoneInfo(plan.zone)).date()
    this = _slot(plan, today.year, (today.month - 1) // 3)
    return this if this.opens_at <= at else _slot(plan, *_before(today))


def following(plan: Plan, at: datetime) -> Slot:
    """The next slot to begin after `at`."""
    today = at.astimezone(ZoneInfo(plan.zone)).date()
    this = _slot(plan, today.year, (today.month - 1) // 3)
    if this.opens_at > at:
        return this
    quarter = (today.month - 1) // 3 + 1
    return _slot(plan, today.year + quarter // 4, quarter % 4)


def due_at(plan: Plan, start: datetime) -> datetime:
    """When a campaign that starts at `start` is due: the same wall-clock time `due_days` later."""
    local = start.astimezone(ZoneInfo(plan.zone))
    return _moment(local.date() + timedelta(days=plan.due_days), local.time(), plan.zone)


def _before(today: date) -> tuple[int, int]:
    quarter = (today.month - 1) // 3
    return (today.year, quarter - 1) if quarter else (today.year - 1, 3)


def _slot(plan: Plan, year: int, quarter: int) -> Slot:
    first = date(year, quarter * 3 + 1, 1)
    label = f"{year}-Q{quarter + 1}"
    opens = _moment(first + timedelta(days=plan.day - 1), time(plan.hour), plan.zone)
    return Slot(f"{plan.name}:{label}", label, opens)


def _moment(day: date, clock: time, zone: str) -> datetime:
    # fold=0: of an hour that comes twice the first; an hour that is skipped counts on from the one before it
    return datetime.combine(day, clock.replace(tzinfo=None, fold=0), ZoneInfo(zone)).astimezone(UTC)


def _no(reason: str, way_out: str) -> Refusal:
    return Refusal("bad_schedule", f"This schedule cannot be kept: {reason}.", way_out, status=422)
