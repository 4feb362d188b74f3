"""Moments as Salesforce writes them, and the ranges that its date literals stand for."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from connectors.sandbox.salesforce.errors import malformed

FORM = "%Y-%m-%dT%H:%M:%S"


def written(moment: datetime) -> str:
    """`2026-03-26T16:43:31.000+0000`: text that also sorts by time, since all of it is in UTC."""
    return moment.astimezone(UTC).strftime(FORM) + f".{moment.microsecond // 1000:03}+0000"


def read(text: str) -> datetime:
    """A moment as a query or a body may write it. Raises `ValueError` when it is none, or has no zone."""
    moment = datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return moment.astimezone(UTC)


def span(word: str, n: int, now: datetime) -> tuple[datetime, datetime]:
    """The `[start, end)` of a date literal such as LAST_N_DAYS:90, in UTC (the org's own zone)."""
    today = now.astimezone(UTC).date()
    start, end = _days(word, n, today)
    return _at(start), _at(end)


def _days(word: str, n: int, today: date) -> tuple[date, date]:
    day = timedelta(days=1)
    if word in {"TODAY", "YESTERDAY", "TOMORROW"}:
        start = today + {"TODAY": 0, "YESTERDAY": -1, "TOMORROW": 1}[word] * day
        return start, start + day
    if word.endswith("_90_DAYS"):
        word, n = word.replace("_90_", "_N_"), 90
    which, *_, unit = word.split("_")
    if unit in {"DAYS", "WEEKS"}:
        many = n * (7 if unit == "WEEKS" else 1)
        # LAST_N_DAYS reaches from the midnight n days ago up to the end of today.
        return (today - many * day, today + day) if which == "LAST" else (today + day, today + (many + 1) * day)
    if unit == "WEEK":
        start = today - ((today.weekday() + 1) % 7) * day + {"LAST": -7, "THIS": 0, "NEXT": 7}[which] * day
        return start, start + 7 * day
    if unit in {"MONTH", "MONTHS", "YEAR", "YEARS"}:
        return _months(which, unit, n, today)
    raise malformed(f"unexpected token: '{word}'")


def _months(which: str, unit: str, n: int, today: date) -> tuple[date, date]:
    first = today.replace(day=1) if unit.startswith("MONTH") else today.replace(month=1, day=1)
    step = 1 if unit.startswith("MONTH") else 12
    many = n if unit.endswith("S") else 1
    if which == "THIS":
        return first, _later(first, step)
    if which == "LAST":
        return _later(first, -step * many), first
    return _later(first, step), _later(first, step * (many + 1))


def _later(first: date, months: int) -> date:
    count = first.year * 12 + first.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def or_none(value: Any) -> str | None:
    """A moment written, `None` kept."""
    return written(value) if isinstance(value, datetime) else None
