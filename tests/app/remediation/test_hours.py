"""When a system may be changed, on its own wall clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app import settings
from app.remediation import hours
from app.remediation.hours import Hours

OFFICE = Hours("Mon-Thu 09:00-17:00, Fri 09:00-13:00", "Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-11-16 08:00", None),  # Monday, 09:00 in Berlin: the first minute
        ("2026-11-16 07:59", "2026-11-16 08:00"),
        ("2026-11-16 15:59", None),
        ("2026-11-16 16:00", "2026-11-17 08:00"),  # 17:00: the hour is over
        ("2026-11-20 12:00", "2026-11-23 08:00"),  # Friday, 13:00: until Monday
        ("2026-11-22 23:30", "2026-11-23 08:00"),  # Monday already in Berlin
        ("2026-03-27 12:00", "2026-03-30 07:00"),  # the clocks changed between
    ],
)
def test_it_may_be_changed_in_its_hours_and_says_when_they_come(at: str, opens: str | None) -> None:
    assert hours.open_at(OFFICE, utc(at)) is (opens is None)
    assert hours.next_opening(OFFICE, utc(at)) == utc(opens or at)


def test_days_that_are_left_out_are_closed_even_without_hours() -> None:
    when = Hours("", "UTC", ("2026-12-24..2026-12-26", "2026-12-31"))
    assert hours.open_at(when, utc("2026-12-23 23:59"))
    assert not hours.open_at(when, utc("2026-12-24 00:00"))
    assert hours.next_opening(when, utc("2026-12-24 10:00")) == utc("2026-12-27 00:00")
    assert when.said == "at any time, not on 2026-12-24 to 2026-12-26, 2026-12-31"


def test_hours_go_over_a_weekend_and_to_the_end_of_a_day() -> None:
    when = Hours("Sat-Mon 22:00-24:00")
    late = [hours.open_at(when, utc(f"2026-11-{day} 23:59")) for day in (20, 21, 22, 23, 24)]
    assert late == [False, True, True, True, False]
    assert not hours.open_at(when, utc("2026-11-24 00:00"))


def test_the_day_is_that_of_its_own_zone_and_the_first_hours_of_a_day_come_first() -> None:
    when = Hours("Mon 13:00-17:00, Mon 00:00-02:00", "Europe/Berlin")
    assert hours.open_at(when, utc("2026-11-22 23:30")), "Monday already in Berlin"
    assert hours.next_opening(when, utc("2026-11-22 22:00")) == utc("2026-11-22 23:00")


def test_what_is_left_out_for_years_never_comes() -> None:
    assert hours.next_opening(Hours("", "UTC", ("2026-01-01..2029-12-31",)), utc("2026-11-16 09:00")) is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (Hours("weekdays"), "write them like Mon-Fri 09:00-17:00"),
        (Hours("Mon-Fri 17:00-09:00"), "must begin before it ends"),
        (Hours("Mon 09:60-17:00"), "must begin before it ends"),
        (Hours("Mon 09:00-24:30"), "must begin before it ends"),
        (Hours("Mon-Fry 09:00-17:00"), "'Fry' is no day of the week"),
        (Hours("", "Mars/Olympus"), "no time zone"),
        (Hours("", "UTC", ("24.12.",)), "is no day"),
        (Hours("", "UTC", ("2026-12-26..2026-12-24",)), "ends before it begins"),
        (OFFICE, None),
    ],
)
def test_what_cannot_be_meant_is_said(given: Hours, said: str | None) -> None:
    told = hours.wrong(given)
    assert told is None if said is None else said in str(told)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Mon-Thu 09:00-17:00, Fri 09:00-13:00", True), ("Sat 00:00-24:00", True), ("mon 09:00-17:00", False),
        ("Mon 9:00-17:00", False), ("Mon 17:00-17:00", False), ("Mon 09:00-25:00", False), ("always", False),
    ],
)  # fmt: skip
def test_what_the_settings_take_can_be_meant(text: str, right: bool) -> None:
    if right:
        assert settings.read({"ROLECALL_REMOVAL_HOURS": text}).removal_hours == text
        assert hours.wrong(Hours(text)) is None
    else:
        with pytest.raises(settings.SettingsWrong, match="ROLECALL_REMOVAL_HOURS"):
            settings.read({"ROLECALL_REMOVAL_HOURS": text})


def test_days_that_are_left_out_are_read_from_the_settings() -> None:
    told = settings.read({"ROLECALL_REMOVAL_LEFT_OUT": "2026-12-24..2027-01-01, 2027-04-05"}).removal_left_out
    assert told == ("2026-12-24..2027-01-01", "2027-04-05")
    with pytest.raises(settings.SettingsWrong, match="is no day"):
        settings.read({"ROLECALL_REMOVAL_LEFT_OUT": "2027-01-01..2026-12-24"})
