"""Which days are open: weekdays, closed stretches by day and by week, once and each year."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.refusal import Refused
from app.review import workdays
from app.review.workdays import LONGEST, WEEKDAYS


def _closed(begins: str, ends: str | None = None) -> dict[str, Any]:
    return {"closed": [{"from": begins, "because": "closed"} | ({"until": ends} if ends else {})]}


@pytest.mark.parametrize(
    ("calendar", "day", "because"),
    [
        (None, date(2026, 11, 28), None),
        ({"days": ["mon"]}, date(2026, 11, 28), "Saturday"),
        ({"days": ["mon"]}, date(2026, 11, 30), None),
        (_closed("12-21", "01-03"), date(2026, 12, 20), None),
        (_closed("12-21", "01-03"), date(2026, 12, 21), "closed"),
        (_closed("12-21", "01-03"), date(2031, 1, 3), "closed"),
        (_closed("12-21", "01-03"), date(2031, 1, 4), None),
        (_closed("02-29"), date(2028, 2, 29), "closed"),
        (_closed("2027-05-06"), date(2027, 5, 6), "closed"),
        (_closed("2027-05-06"), date(2028, 5, 6), None),
        (_closed("W53", "W01"), date(2027, 1, 3), "closed"),
        (_closed("W53", "W01"), date(2027, 1, 10), "closed"),
        (_closed("W53", "W01"), date(2027, 1, 11), None),
        (_closed("2026-W48"), date(2026, 11, 29), "closed"),
        (_closed("2026-W48"), date(2026, 11, 30), None),
        (_closed("2026-W52", "2027-W01"), date(2027, 1, 1), "closed"),
    ],
)
def test_a_day_is_open_or_says_why_not(calendar: dict[str, Any] | None, day: date, because: str | None) -> None:
    assert workdays.read(calendar).why_closed(day) == because


@pytest.mark.parametrize(
    ("calendar", "word"),
    [
        ({"weekends": True}, "weekends"),
        ({"days": ["someday"]}, "days of the week"),
        ({"days": "mon"}, "days of the week"),
        ({"closed": "Christmas"}, "not a list"),
        ({"closed": [{"from": "12-24"}]}, '"because"'),
        ({"closed": [{"from": "12-24", "because": " "}]}, "without a reason"),
        (_closed("24.12."), "24.12."),
        (_closed("02-30"), "02-30"),
        (_closed("2027-02-29"), "2027-02-29"),
        (_closed("2027-W53"), "2027-W53"),
        (_closed("12-24", "W01"), "not written alike"),
        (_closed("12-24", "13-01"), "13-01"),
        (_closed("2027-02-02", "2027-02-01"), "is before"),
        (_closed("01-01", "12-31"), "on no day"),
        (
            {"closed": [*_closed("06-01", "07-15")["closed"], *_closed("2027-07-16", "2027-08-30")["closed"]]},
            "2027-06-01",
        ),
    ],
)
def test_a_calendar_that_is_not_understood_or_leaves_no_day_is_refused(calendar: dict[str, Any], word: str) -> None:
    with pytest.raises(Refused) as refused:
        workdays.read(calendar)
    assert word in refused.value.refusal.reason


def test_a_calendar_is_kept_as_it_was_said_and_as_people_write_it() -> None:
    text = "12-21 to 01-03 year end\n2027-05-06 Ascension"
    kept = workdays.read({"days": ["fri", "mon"], "closed": workdays.from_lines(text)}).written()
    assert kept is not None
    assert kept["days"] == ["mon", "fri"]
    assert workdays.read(kept).written() == kept
    assert workdays.lines(kept) == text
    assert workdays.read({"days": list(WEEKDAYS)}).written() is None


@given(
    st.sets(st.sampled_from(WEEKDAYS), min_size=1),
    st.lists(st.tuples(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(0, 70), st.booleans()), max_size=4),
    st.dates(date(2025, 6, 1), date(2029, 1, 1)),
)
def test_a_calendar_that_was_taken_always_has_an_open_day_soon(
    days: set[str], stretches: list[tuple[date, int, bool]], day: date
) -> None:
    form = {True: "%m-%d", False: "%Y-%m-%d"}
    closed = [
        {"from": begins.strftime(form[yearly]), "because": "closed",
         "until": (begins + timedelta(days=length)).strftime(form[yearly])}
        for begins, length, yearly in stretches
    ]  # fmt: skip
    try:
        calendar = workdays.read({"days": sorted(days), "closed": closed})
    except Refused:
        return
    found = calendar.next_open(day)
    assert calendar.why_closed(found) is None
    assert day <= found <= day + timedelta(days=LONGEST + 7)
