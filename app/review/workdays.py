"""Which days a review may open and be due on: the weekdays that people work, less the days and weeks that are closed.

    {"days": ["mon", "tue", "wed", "thu", "fri"],                                   all seven without
     "closed": [{"from": "12-21", "until": "01-03", "because": "year end"},         each year
                {"from": "2027-05-06", "because": "Ascension"},                     once
                {"from": "W48", "because": "Black Friday"}]}                        a week of each year; "2026-W48": once

Both ends belong to what is closed, and are written alike. What falls on a closed day moves to the next open one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from app.kit.refusal import Refusal, Refused

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LONGEST = 60  # days in a row that may be closed: a review that waits longer is another quarter's
MOST = 100  # closed stretches in one calendar
_FORMS = {
    "once": re.compile(r"(\d{4})-(\d{2})-(\d{2})"),
    "yearly": re.compile(r"(\d{2})-(\d{2})"),
    "week": re.compile(r"(\d{4})-W(\d{2})"),
    "yearly week": re.compile(r"W(\d{2})"),
}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Closed:
    """Days on which nothing opens and nothing is due. `begins` and `ends` are of one form, both within."""

    begins: str
    ends: str
    because: str

    def holds(self, day: date) -> bool:
        """Whether a day is among them; what comes each year may reach over its end."""
        first, last = _parts(self.begins), _parts(self.ends)
        if _form(self.begins) in ("once", "yearly"):
            here: tuple[int, ...] = (day.year, day.month, day.day)
        else:
            here = day.isocalendar()[:2]
        here = here[-len(first) :]
        return first <= here <= last if first <= last else here >= first or here <= last


@dataclass(frozen=True, slots=True)
class Calendar:
    """The open days. Without anything said every day is open."""

    days: tuple[str, ...] = WEEKDAYS
    closed: tuple[Closed, ...] = ()

    def why_closed(self, day: date) -> str | None:
        """Why nothing opens on a day, in words; None if it is open."""
        stretch = next((each for each in self.closed if each.holds(day)), None)
        if stretch is not None:
            return stretch.because
        return None if WEEKDAYS[day.weekday()] in self.days else NAMES[day.weekday()]

    def next_open(self, day: date) -> date:
        """The day itself, or the first open one after it."""
        found = day
        while self.why_closed(found) is not None and found - day <= 2 * LONGEST * _DAY:
            found += _DAY
        return found

    def written(self) -> dict[str, Any] | None:
        """As it is kept; None where every day is open."""
        if self == EVERY_DAY:
            return None
        closed = [{"from": each.begins, "until": each.ends, "because": each.because} for each in self.closed]
        return {"days": list(self.days), "closed": closed}


EVERY_DAY = Calendar()


def read(written: Mapping[str, Any] | None) -> Calendar:
    """Read a calendar, or raise Refused (422) naming the first thing in it that is not understood or leaves no day."""
    if written is None:
        return EVERY_DAY
    strange = sorted(set(written) - {"days", "closed"})
    if strange:
        raise _no(f'"{strange[0]}" is not known', 'Say "days" and "closed".')
    days, closed = written.get("days") or list(WEEKDAYS), written.get("closed") or []
    if not isinstance(days, list) or not set(map(str, days)) <= set(WEEKDAYS):
        raise _no("its days are not days of the week", f"Known are {', '.join(WEEKDAYS)}.")
    if not isinstance(closed, list) or len(closed) > MOST:
        raise _no(f"what is closed is not a list of at most {MOST}", "Write a list.")
    calendar = Calendar(tuple(day for day in WEEKDAYS if day in days), tuple(_closed(entry) for entry in closed))
    _insist_on_open_days(calendar)
    return calendar


def lines(written: Mapping[str, Any] | None) -> str:
    """What is closed as a person writes it, one stretch a line: `12-21 to 01-03 year end`."""
    told = [
        f"{each['from']}{'' if each['until'] == each['from'] else ' to ' + each['until']} {each['because']}"
        for each in (written or {}).get("closed", ())
    ]
    return "\n".join(told)


def from_lines(text: str) -> list[dict[str, str]]:
    """The stretches behind such lines, for `read` to judge."""
    found = []
    for line in filter(str.strip, text.splitlines()):
        begins, _, rest = line.strip().partition(" ")
        ends = begins
        if rest.strip().startswith("to "):
            ends, _, rest = rest.strip().removeprefix("to ").strip().partition(" ")
        found.append({"from": begins, "until": ends, "because": rest.strip()})
    return found


def _closed(entry: Any) -> Closed:
    if not isinstance(entry, Mapping) or not {"from", "because"} <= set(entry) <= {"from", "until", "because"}:
        raise _no('each closed stretch has "from", "because" and perhaps "until", and nothing else', "Complete it.")
    begins, because = str(entry["from"]), str(entry["because"]).strip()
    ends = str(entry.get("until") or begins)
    form = _form(begins)
    if form is None or not _exists(begins) or not _exists(ends):
        wrong = ends if form is not None and _exists(begins) else begins
        raise _no(f'"{wrong}" is no day and no week', 'Write "12-24", "2026-12-24", "W52" or "2026-W52".')
    if form != _form(ends):
        raise _no(f'"{begins}" and "{ends}" are not written alike', "Write both as days or both as weeks.")
    if not because or len(because) > 100:
        raise _no(f"{begins} is closed without a reason of at most 100 characters", "Say why; people are told.")
    if form in ("once", "week") and _parts(ends) < _parts(begins):
        raise _no(f"{ends} is before {begins}", "Turn them round.")
    return Closed(begins, ends, because)


def _insist_on_open_days(calendar: Calendar) -> None:
    """Refuse a calendar with a closed run that is too long. A run begins at the start of a stretch, or at most six days
    before it, so that those of the years that are named, and of a few others, are all there are."""
    named = {int(match[1]) for each in calendar.closed if (match := re.match(r"(\d{4})-", each.begins))}
    years = {year + off for year in named for off in (-1, 0, 1)} | {2027, 2028}  # one of them is a leap year
    for year in sorted(years):
        for first in _starts(calendar.closed, year):
            gone = calendar.next_open(first) - first
            if gone > LONGEST * _DAY:
                told = f"from {first.isoformat()} on no day is open for more than {LONGEST} days"
                raise _no(told, "Close less; pause the schedule for longer times.")


def _starts(closed: Iterable[Closed], year: int) -> Iterable[date]:
    for each in closed:
        parts = _parts(each.begins)
        form = _form(each.begins)
        try:
            if form in ("once", "yearly"):
                yield date(year, *parts[-2:]) if form == "yearly" else date(parts[0], parts[1], parts[2])
            else:
                yield date.fromisocalendar(year if form == "yearly week" else parts[0], parts[-1], 1)
        except ValueError:
            continue  # 29 February, or the 53rd week, in a year that has none


def _form(written: str) -> str | None:
    return next((name for name, form in _FORMS.items() if form.fullmatch(written)), None)


def _parts(written: str) -> tuple[int, ...]:
    form = _form(written)
    match = _FORMS[form].fullmatch(written) if form else None
    return tuple(int(part) for part in match.groups()) if match else ()


def _exists(written: str) -> bool:
    """Whether there is such a day or week, in some year at least."""
    parts, form = _parts(written), _form(written)
    try:
        if form == "once":
            date(parts[0], parts[1], parts[2])
        elif form == "yearly":
            date(2028, parts[0], parts[1])
        elif form is not None:
            date.fromisocalendar(parts[0] if form == "week" else 2026, parts[-1], 1)  # 2026 has 53 weeks
    except ValueError:
        return False
    return form is not None


def _no(reason: str, way_out: str) -> Refused:
    return Refused(Refusal("bad_calendar", f"This calendar cannot be kept: {reason}.", way_out, status=422))
