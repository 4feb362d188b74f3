"""Which review is due at a moment, in the operator's time zone.

A schedule opens once in every so many weeks, months, quarters or years, on a day and at an hour of the operator's own
calendar; a day that is closed there moves it to the next open one. The latest slot whose moment has passed is due until a
campaign bears its name, so what was missed while the service was down starts on its return, late and said to be late. Clock
changes move no slot: the wall clock decides, and an hour that a change skips or repeats still names exactly one moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.kit.refusal import Refusal
from app.review.workdays import EVERY_DAY, Calendar
from app.ways import Way


class Cadence(StrEnum):
    """Once a what."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"


WEEKLY, MONTHLY, QUARTERLY, YEARLY = Cadence
MONTHS: Mapping[str, int] = {MONTHLY: 1, QUARTERLY: 3, YEARLY: 12}
# How far apart a cadence may be, which day every one of its units has, and what people call a unit.
MOST_APART: Mapping[str, int] = {WEEKLY: 52, MONTHLY: 24, QUARTERLY: 8, YEARLY: 3}
LAST_DAY: Mapping[str, int] = {WEEKLY: 7, MONTHLY: 28, QUARTERLY: 90, YEARLY: 365}
USUAL_DAY: Mapping[str, int] = {WEEKLY: 1, MONTHLY: 10, QUARTERLY: 45, YEARLY: 45}  # when nobody closes books
UNITS: Mapping[str, str] = {WEEKLY: "week", MONTHLY: "month", QUARTERLY: "quarter", YEARLY: "year"}
PUNCTUAL = timedelta(minutes=15)  # a start within this is not called late: ticks have a period, and readings take time
_EPOCH = date(1, 1, 1)  # a Monday
_YEARS = range(2000, 2100)


@dataclass(frozen=True, slots=True)
class Plan:
    """When reviews open. `day` counts from 1, the unit's first; `hour` is on the wall clock of `zone`. With `every` 2 it
    is every second unit, counted from the one that `starts_on` is in; before that day nothing opens."""

    name: str
    zone: str
    day: int
    hour: int
    due_days: int
    cadence: str = QUARTERLY
    every: int = 1
    starts_on: date | None = None
    calendar: Calendar = EVERY_DAY


@dataclass(frozen=True, slots=True)
class Slot:
    """One turn of a plan. `id` is the same on every replica, so that it opens once. `meant_for` is the day that the plan
    names, if it was closed; then `because` says why."""

    id: str
    label: str  # 2026-Q4, 2026-W48, 2026-11, 2026
    opens_at: datetime
    meant_for: date | None = None
    because: str | None = None

    def late(self, at: datetime) -> timedelta | None:
        """By how much a start at `at` is late; None if it is punctual."""
        return late(self.opens_at, at)

    def moved(self) -> dict[str, str] | None:
        """From which day it was moved and why, as it is kept with the campaign; None if it was not."""
        if self.meant_for is None or self.because is None:
            return None
        return {"from": self.meant_for.isoformat(), "because": self.because}


def late(planned: datetime | None, at: datetime) -> timedelta | None:
    """By how much a start at `at` is later than it was planned for; None if it is punctual, or nobody planned it."""
    by = at - planned if planned is not None else timedelta()
    return by if by > PUNCTUAL else None


def why_not_plan(plan: Plan) -> Refusal | None:
    """Why a plan cannot be followed: an unknown cadence or zone, or a day, hour or term that some unit lacks."""
    if plan.cadence not in UNITS:
        return _no(f'the cadence "{plan.cadence}" is not known', f"Use one of {', '.join(Cadence)}.")
    if not plan.name.strip() or len(plan.name) > 100:
        return _no("a schedule needs a name of at most 100 characters", "Give it a short name.")
    try:
        ZoneInfo(plan.zone)
    except (ZoneInfoNotFoundError, ValueError):
        return _no(f'"{plan.zone}" is not a time zone', 'Use an IANA name such as "Europe/Berlin".')
    if plan.starts_on is not None and plan.starts_on.year not in _YEARS:
        return _no(f"{plan.starts_on.isoformat()} is no day to start on", "Use one of this century.")
    unit, last, apart = UNITS[plan.cadence], LAST_DAY[plan.cadence], MOST_APART[plan.cadence]
    if not 1 <= plan.every <= apart:
        return _no(f"every {plan.every} {unit}s is no cadence", f"Use every 1 to {apart} {unit}s.")
    if plan.every > 1 and plan.starts_on is None:
        return _no(f"nobody said from which {unit} every {plan.every} {unit}s count", "Say the day it starts on.")
    if not 1 <= plan.day <= last:
        return _no(f"day {plan.day} is not in every {unit}", f"Use a day from 1 to {last}.")
    if not 0 <= plan.hour <= 23:
        return _no(f"{plan.hour} is not an hour", "Use an hour from 0 to 23.")
    if not 1 <= plan.due_days <= 90:
        return _no(f"a review cannot be due after {plan.due_days} days", "Use 1 to 90 days.")
    return None


def why_none_opens(schedules: int, paused: int) -> Refusal | None:
    """Why no review opens by itself, of so many schedules; None: one runs."""
    if schedules > paused:
        return None
    why = (
        "there is no schedule"
        if not schedules
        else "the schedule is paused"
        if paused == 1
        else "every schedule is paused"
    )
    reason = (
        f"No review opens by itself: {why}. That goes for the small ones too: of a new administrator, a new integration, "
        "somebody who moved, temporary access that outlived its end, a mass of exports."
    )
    first = "Take it up again, or make another." if schedules else "Make a schedule."
    return Refusal("none_opens", reason, first, way=Way.MAKE_SCHEDULE)


def latest(plan: Plan, at: datetime) -> Slot | None:
    """The last slot that has begun by `at`; None before the first."""
    number = _turn(plan, at.astimezone(ZoneInfo(plan.zone)).date())
    while (slot := _slot(plan, number)) is not None:
        if slot.opens_at <= at:
            return slot
        number -= 1
    return None


def following(plan: Plan, at: datetime) -> Slot:
    """The next slot to begin after `at`."""
    return next(_after(plan, at))


def upcoming(plan: Plan, at: datetime, count: int) -> list[Slot]:
    """The next slots. Two that fall on one moment, because closed days moved them there, are one review, the later's."""
    return list(islice(_after(plan, at), count))


def due_at(plan: Plan, start: datetime) -> datetime:
    """When a campaign that starts at `start` is due: the same wall-clock time `due_days` later, or on the next open day."""
    local = start.astimezone(ZoneInfo(plan.zone))
    return _moment(plan.calendar.next_open(local.date() + timedelta(days=plan.due_days)), local.time(), plan.zone)


def local(plan: Plan, at: datetime) -> datetime:
    """A moment on the schedule's own clock."""
    return at.astimezone(ZoneInfo(plan.zone))


def said(plan: Plan) -> str:
    """When reviews open, in words: "day 3 of every 2nd week from 2027-01-04, 9:00 (Europe/Berlin)"."""
    unit = UNITS[plan.cadence]
    which = f"each {unit}" if plan.every == 1 else f"every {_ordinal(plan.every)} {unit}"
    since = f" from {plan.starts_on.isoformat()}" if plan.starts_on is not None else ""
    return f"day {plan.day} of {which}{since}, {plan.hour}:00 ({plan.zone})"


def _after(plan: Plan, at: datetime) -> Iterator[Slot]:
    """The slots that begin after `at`, one for each moment."""
    today = at.astimezone(ZoneInfo(plan.zone)).date()
    number = _turn(plan, max(today, plan.starts_on or today))
    while (before := _slot(plan, number)) is not None and before.opens_at > at:
        number -= 1
    waiting: Slot | None = None
    while True:
        number += 1
        slot = _slot(plan, number)
        if slot is None or slot.opens_at <= at:
            continue
        if waiting is not None and waiting.opens_at != slot.opens_at:
            yield waiting
        waiting = slot


def _turn(plan: Plan, day: date) -> int:
    """The number of the turn whose unit, or the units after it that are passed over, holds a day."""
    return (_unit(plan, day) - _first(plan)) // plan.every


def _first(plan: Plan) -> int:
    return _unit(plan, plan.starts_on or _EPOCH)


def _unit(plan: Plan, day: date) -> int:
    """The number of the week, month, quarter or year that a day is in."""
    if plan.cadence == WEEKLY:
        return (day - _EPOCH).days // 7
    return (day.year * 12 + day.month - 1) // MONTHS[plan.cadence]


def _slot(plan: Plan, number: int) -> Slot | None:
    """A turn by its number; None for one before the schedule starts."""
    unit = _first(plan) + number * plan.every
    first = _EPOCH + timedelta(weeks=unit) if plan.cadence == WEEKLY else _month(unit * MONTHS[plan.cadence])
    meant = first + timedelta(days=plan.day - 1)
    if plan.starts_on is not None and meant < plan.starts_on:
        return None
    day, because = plan.calendar.next_open(meant), plan.calendar.why_closed(meant)
    label = _label(plan.cadence, first)
    opens = _moment(day, time(plan.hour), plan.zone)
    return Slot(f"{plan.name}:{label}", label, opens, meant if because else None, because)


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def _label(cadence: str, first: date) -> str:
    if cadence == WEEKLY:
        year, week, _ = first.isocalendar()
        return f"{year}-W{week:02}"
    if cadence == MONTHLY:
        return f"{first.year}-{first.month:02}"
    return f"{first.year}-Q{(first.month + 2) // 3}" if cadence == QUARTERLY else str(first.year)


def _moment(day: date, clock: time, zone: str) -> datetime:
    # fold=0: of an hour that comes twice the first; an hour that is skipped counts on from the one before it
    return datetime.combine(day, clock.replace(tzinfo=None, fold=0), ZoneInfo(zone)).astimezone(UTC)


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"


def _no(reason: str, way_out: str) -> Refusal:
    return Refusal("bad_schedule", f"This schedule cannot be kept: {reason}.", way_out, status=422)
