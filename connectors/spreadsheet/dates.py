"""Read the dates of an export without guessing whether 03/04/2026 is in March or in April.

Pure. A date whose order cannot be known is not taken: by default the column itself must prove its order (some value with
a first or second part above 12); otherwise the config says `dates=dmy` or `dates=mdy`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo


class Order(StrEnum):
    """Which comes first in a date written with numbers only."""

    DMY = "dmy"
    MDY = "mdy"


class Ambiguous(ValueError):
    """The text may mean two different days, or is no date; the message says which."""


_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_TIME = r"(?:,?\s+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?\s*(?P<half>[ap]\.?m\.?)?)?"
_NUMBERS = re.compile(
    rf"(?P<first>\d{{1,2}})[/.-](?P<second_part>\d{{1,2}})[/.-](?P<year>\d{{4}}){_TIME}", re.IGNORECASE
)
_NAMED = (
    re.compile(rf"{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}}){_TIME}", re.IGNORECASE),
    re.compile(rf"(?P<day>\d{{1,2}})[\s-]+{_MONTH}[\s-]+(?P<year>\d{{4}}){_TIME}", re.IGNORECASE),
)


def proven(values: Iterable[str]) -> Order | None:
    """The order that a column's own values prove; None when they prove nothing, or contradict each other."""
    found: set[Order] = set()
    for text in values:
        match = _NUMBERS.fullmatch(text.strip())
        if match and int(match["first"]) > 12:
            found.add(Order.DMY)
        elif match and int(match["second_part"]) > 12:
            found.add(Order.MDY)
    return found.pop() if len(found) == 1 else None


def moment(text: str, order: Order | None, zone: ZoneInfo) -> datetime:
    """The moment that `text` names, in UTC; without a time of day, its day's beginning; without a zone, in `zone`.

    Raises Ambiguous when the order matters and is not known, or when the text is no date.
    """
    text = text.strip()
    when = _iso(text) or _named(text) or _numbers(text, order)
    if when.tzinfo is None:
        when = when.replace(tzinfo=zone)
    return when.astimezone(UTC)


def _iso(text: str) -> datetime | None:
    if not re.match(r"\d{4}-\d\d-\d\d", text):
        return None
    given = text
    text = re.sub(r"\s*UTC$", "Z", text)
    text = re.sub(r"\s+(?=[+-]\d\d:?\d\d$)", "", text)  # "2026-03-04 05:06 +0000"
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Ambiguous(f"{given!r} is no date") from None


def _named(text: str) -> datetime | None:
    match = next((found for pattern in _NAMED if (found := pattern.fullmatch(text))), None)
    return _built(text, match, _MONTHS.index(match["month"].lower()) + 1, int(match["day"])) if match else None


def _numbers(text: str, order: Order | None) -> datetime:
    match = _NUMBERS.fullmatch(text)
    if not match:
        raise Ambiguous(f"{text!r} is no date that we know; use 2026-03-04 or 2026-03-04T15:00:00Z")
    first, second = int(match["first"]), int(match["second_part"])
    if order is None:
        order = Order.DMY if first > 12 else Order.MDY if second > 12 or first == second else None
    if order is None:
        raise Ambiguous(f"{text!r} may be day first or month first; say dates=dmy or dates=mdy")
    day, month = (first, second) if order is Order.DMY else (second, first)
    if month > 12:
        raise Ambiguous(f"{text!r} is no date when read as {order}")
    return _built(text, match, month, day)


def _built(text: str, match: re.Match[str], month: int, day: int) -> datetime:
    """Without a zone: `moment` adds it."""
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    if match["half"]:
        if not 1 <= hour <= 12:
            raise Ambiguous(f"{text!r} is no time of day")
        hour = hour % 12 + (12 if match["half"].lower().startswith("p") else 0)
    try:
        return datetime(int(match["year"]), month, day, hour, minute, second)  # noqa: DTZ001
    except ValueError:
        raise Ambiguous(f"{text!r} is no date") from None
