"""When a system may be changed: hours of the week on its own wall clock, and days on which nothing is changed. Pure.

Clock changes move nothing: the wall clock decides. Without hours it is any time, except on days that are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FARTHEST = 800  # days that are looked ahead: what is left out for longer is as good as never
_WINDOW = re.compile(r"(\w{3})(?:-(\w{3}))? (\d{2}):(\d{2})-(\d{2}):(\d{2})")


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of some days of the week, in minutes of the day; 0 is Monday."""

    days: frozenset[int]
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Hours:
    """When a system may be changed. `text` and `left_out` as somebody wrote them; no window is any time."""

    text: str = ""
    zone: str = "UTC"
    left_out: tuple[str, ...] = ()

    @property
    def windows(self) -> tuple[Window, ...]:
        """The stretches of a week."""
        return windows(self.text)

    @property
    def said(self) -> str:
        """All of it in words."""
        told = f"{self.text} ({self.zone})" if self.text else "at any time"
        return f"{told}, not on {', '.join(self.left_out).replace('..', ' to ')}" if self.left_out else told


ALWAYS = Hours()


def windows(text: str) -> tuple[Window, ...]:
    """ "Mon-Thu 09:00-17:00, Fri 09:00-13:00" as stretches. Raises ValueError, naming what is wrong."""
    return tuple(_window(each.strip()) for each in text.split(",") if each.strip())


def days(text: str) -> tuple[date, date]:
    """ "2026-12-24" or "2026-12-24..2027-01-01", the last day included. Raises ValueError, naming what is wrong."""
    first, _, last = text.strip().partition("..")
    try:
        begins, ends = date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError:
        raise ValueError(f"{text!r} is no day; write 2026-12-24, or 2026-12-24..2027-01-01") from None
    if ends < begins:
        raise ValueError(f"{text!r} ends before it begins")
    return begins, ends


def wrong(hours: Hours) -> str | None:
    """What cannot be meant, in words; None if it can."""
    try:
        windows(hours.text)
        for each in hours.left_out:
            days(each)
        ZoneInfo(hours.zone)
    except ZoneInfoNotFoundError:
        return f"there is no time zone {hours.zone!r}; write it like Europe/Berlin"
    except (ValueError, OSError) as error:
        return str(error)
    return None


def open_at(hours: Hours, at: datetime) -> bool:
    """Whether the system may be changed at this moment."""
    return any(begins <= at < ends for begins, ends in _stretches(hours, at, 1))


def next_opening(hours: Hours, at: datetime) -> datetime | None:
    """The first moment from `at` on at which it may be; None if there is none within two years."""
    return next((max(begins, at) for begins, ends in _stretches(hours, at, _FARTHEST) if ends > at), None)


def _stretches(hours: Hours, at: datetime, count: int) -> Iterator[tuple[datetime, datetime]]:
    """The stretches of so many days from that of `at` on, in order."""
    zone, left_out = ZoneInfo(hours.zone), [days(each) for each in hours.left_out]
    week = hours.windows or (Window(frozenset(range(7)), 0, 24 * 60),)
    first = at.astimezone(zone).date()
    for day in (first + timedelta(days=number) for number in range(count)):
        if any(begins <= day <= ends for begins, ends in left_out):
            continue
        for each in sorted(week, key=lambda window: window.begins):
            if day.weekday() in each.days:
                yield _moment(day, each.begins, zone), _moment(day, each.ends, zone)


def _moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """A minute of a day on the wall clock; minute 1440 is the next day's first."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _window(text: str) -> Window:
    told = _WINDOW.fullmatch(text)
    if told is None:
        raise ValueError(f"{text!r} are no hours; write them like Mon-Fri 09:00-17:00")
    first, last = _day(told[1]), _day(told[2] or told[1])
    numbers = [int(each) for each in told.group(3, 4, 5, 6)]
    begins, ends = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
    if max(numbers[1], numbers[3]) > 59 or not begins < ends <= 24 * 60:
        raise ValueError(f"{text!r} must begin before it ends, on the same day (24:00 is its end)")
    return Window(frozenset(_from_to(first, last)), begins, ends)


def _day(name: str) -> int:
    if name.capitalize() not in DAYS:
        raise ValueError(f"{name!r} is no day of the week; there are {', '.join(DAYS)}")
    return DAYS.index(name.capitalize())


def _from_to(first: int, last: int) -> Sequence[int]:
    """The days from one to another, over the weekend if need be."""
    return [(first + number) % 7 for number in range((last - first) % 7 + 1)]
