"""Dates are read without guessing their order."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.spreadsheet.dates import Ambiguous, Order, moment, proven

ZONE = ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-03-04", datetime(2026, 3, 4)),
        ("2026-03-04T05:06:07.000Z", datetime(2026, 3, 4, 5, 6, 7)),
        ("2026-03-04T05:06:07.000+0000", datetime(2026, 3, 4, 5, 6, 7)),
        ("2026-03-04 05:06 +0100", datetime(2026, 3, 4, 4, 6)),
        ("2026-03-04 05:06 UTC", datetime(2026, 3, 4, 5, 6)),
        ("25/03/2026", datetime(2026, 3, 25)),
        ("3/25/2026, 3:45 PM", datetime(2026, 3, 25, 15, 45)),
        ("3/25/2026 12:05 AM", datetime(2026, 3, 25, 0, 5)),
        ("25.03.2026 12:05", datetime(2026, 3, 25, 12, 5)),
        ("05/05/2026", datetime(2026, 5, 5)),
        ("Nov 20, 2026 3:45 pm", datetime(2026, 11, 20, 15, 45)),
        ("20 November 2026", datetime(2026, 11, 20)),
        ("1-Sept-2026", datetime(2026, 9, 1)),
    ],
)
def test_what_can_mean_one_moment_only_is_read(text: str, wanted: datetime) -> None:
    assert moment(text, None, ZONE) == wanted.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["03/04/2026", "3.4.2026", "30/02/2026", "2026-02-30", "yesterday", "3/25/26", "46123", "3/25/2026 13:00 PM"],
)
def test_what_may_mean_two_days_or_none_is_not(text: str) -> None:
    with pytest.raises(Ambiguous):
        moment(text, None, ZONE)


def test_the_config_decides_and_may_not_be_contradicted() -> None:
    assert moment("03/04/2026", Order.DMY, ZONE).month == 4
    assert moment("03/04/2026", Order.MDY, ZONE).month == 3
    with pytest.raises(Ambiguous, match="mdy"):
        moment("25/03/2026", Order.MDY, ZONE)


def test_a_column_proves_its_order_only_without_contradiction() -> None:
    assert proven(["03/04/2026", "25/04/2026", ""]) is Order.DMY
    assert proven(["03/04/2026", "04/25/2026 1:00 PM"]) is Order.MDY
    assert proven(["03/04/2026", "2026-04-25"]) is None
    assert proven(["25/04/2026", "04/25/2026"]) is None


def test_a_time_without_a_zone_is_taken_in_the_configured_one() -> None:
    assert moment("2026-07-01 10:00", None, ZoneInfo("Europe/Berlin")) == datetime(2026, 7, 1, 8, tzinfo=UTC)


@given(st.lists(st.dates(date(2000, 1, 1), date(2030, 1, 1)), min_size=1), st.sampled_from(Order))
def test_whatever_is_read_is_the_day_that_was_written(days: list[date], order: Order) -> None:
    pattern = "%d/%m/%Y" if order is Order.DMY else "%m/%d/%Y"
    written = [day.strftime(pattern) for day in days]
    found = proven(written)
    assert found in (order, None)
    for day, text in zip(days, written, strict=True):
        try:
            assert moment(text, found, ZONE).date() == day
        except Ambiguous:
            assert day.day <= 12
