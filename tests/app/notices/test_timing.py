"""When we may speak: on the reader's wall clock, across clock changes, and never later than needed."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.notices import timing
from app.notices.timing import Quiet

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns")
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
# Around the changes of the clock in Berlin, New York and on Lord Howe Island (half an hour).
CHANGES = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes),
    st.sampled_from(
        [
            datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC),
            datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC),
            datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
        ]
    ),
    st.integers(-2000, 2000),
)  # fmt: skip
QUIETS = st.builds(Quiet, st.sampled_from(ZONES), st.integers(0, 1439), st.integers(0, 1439), st.booleans())


@settings(max_examples=150, deadline=None)
@given(st.one_of(MOMENTS, CHANGES), QUIETS)
def test_nobody_is_spoken_to_in_quiet_hours_and_everybody_as_soon_as_they_end(at: datetime, quiet: Quiet) -> None:
    told = timing.may_speak(at, quiet)
    assert told >= at
    assert not timing.is_quiet(told, quiet)
    assert timing.may_speak(told, quiet) == told
    if told > at:
        assert timing.is_quiet(at, quiet)
        # Nothing before it would have done: looked at each quarter of an hour, and just before it. Where the clock skips
        # the very minute at which quiet hours end, the end comes at most as much later as was skipped.
        moment = at
        while moment < told - timedelta(hours=1):
            assert timing.is_quiet(moment, quiet), moment
            moment += timedelta(minutes=15)


@pytest.mark.parametrize(
    ("at", "speaks"),
    [
        ("2026-11-16T18:59:00+01:00", "2026-11-16T18:59:00+01:00"),
        ("2026-11-16T20:00:00+01:00", "2026-11-17T07:00:00+01:00"),
        ("2026-11-17T06:59:00+01:00", "2026-11-17T07:00:00+01:00"),
        ("2026-11-20T20:30:00+01:00", "2026-11-23T07:00:00+01:00"),  # Friday evening: Monday morning
        ("2026-03-27T21:00:00+01:00", "2026-03-30T07:00:00+02:00"),  # over a weekend on which the clock changes
        ("2026-10-23T21:00:00+02:00", "2026-10-26T07:00:00+01:00"),
    ],
)
def test_quiet_evenings_and_weekends_in_berlin(at: str, speaks: str) -> None:
    quiet = Quiet("Europe/Berlin", 20 * 60, 7 * 60, weekends=True)
    assert timing.may_speak(datetime.fromisoformat(at), quiet) == datetime.fromisoformat(speaks)


def test_an_hour_that_comes_twice_is_quiet_twice() -> None:
    quiet = Quiet("Europe/Berlin", 2 * 60, 2 * 60 + 30)  # 02:00 to 02:30; on 25 October 2026 that is twice
    for utc in ("2026-10-25T00:10:00+00:00", "2026-10-25T01:10:00+00:00"):
        at = datetime.fromisoformat(utc)
        assert timing.is_quiet(at, quiet)
        assert timing.may_speak(at, quiet) == at.replace(minute=30)


def test_an_hour_that_is_skipped_ends_quiet_hours_all_the_same() -> None:
    quiet = Quiet("Europe/Berlin", 22 * 60, 2 * 60 + 30)  # 02:30 is not there on 29 March 2026
    told = timing.may_speak(datetime(2026, 3, 29, 0, 0, tzinfo=UTC), quiet)
    assert datetime(2026, 3, 29, 1, 0, tzinfo=UTC) <= told <= datetime(2026, 3, 29, 2, 0, tzinfo=UTC)


def test_the_hour_of_digests_is_on_the_readers_wall_clock() -> None:
    at = datetime(2026, 10, 24, 7, 0, tzinfo=UTC)  # 09:00 in Berlin, the day before the clock goes back
    assert timing.next_hour(at, 8, "Europe/Berlin") == datetime(2026, 10, 25, 7, 0, tzinfo=UTC)


@settings(max_examples=100, deadline=None)
@given(CHANGES, st.integers(0, 23), st.sampled_from(ZONES))
def test_a_digests_hour_comes_within_a_day(at: datetime, hour: int, zone: str) -> None:
    told = timing.next_hour(at, hour, zone)
    assert at < told <= at + timedelta(hours=26)
    shown = told.astimezone(ZoneInfo(zone))
    assert shown.hour == hour or shown.utcoffset() != (told - timedelta(hours=2)).astimezone(ZoneInfo(zone)).utcoffset()


# --- trying again ---


def tries(wish: timedelta | None = None, most: int = timing.TRIES) -> list[datetime]:
    since = at = datetime(2026, 11, 16, 9, tzinfo=UTC)
    made = [at]
    while True:
        then = timing.next_try(len(made), since, at, wish=wish, most=most, key="a message")
        if then is None:
            return made
        at = then
        made.append(at)


def test_fifty_tries_fill_three_days_and_no_more() -> None:
    made = tries()
    assert len(made) == 50
    assert timedelta(days=2, hours=12) < made[-1] - made[0] <= timedelta(days=3)
    pauses = [after - before for before, after in itertools.pairwise(made)]
    assert pauses[0] <= timedelta(seconds=30)
    assert all(pause <= timedelta(hours=2) for pause in pauses)


def test_a_wish_lengthens_a_pause_and_never_beyond_a_day_or_the_end() -> None:
    assert tries(timedelta(hours=5))[1] - tries()[0] == timedelta(hours=5)
    made = tries(timedelta(days=400))
    assert [moment - made[0] for moment in made[1:]] == [timedelta(days=1), timedelta(days=2), timedelta(days=3)]


def test_messages_that_failed_together_are_not_all_tried_together() -> None:
    at = datetime(2026, 11, 16, 9, tzinfo=UTC)
    then = {timing.next_try(8, at, at, key=str(number)) for number in range(20)}
    assert len(then) > 15


@pytest.mark.parametrize("clock", ["7:00", "24:00", "07:00:30", "seven", "07:00+01:00"])
def test_what_is_no_time_of_day_is_refused(clock: str) -> None:
    with pytest.raises(ValueError):
        timing.minutes(clock)
    assert timing.clock_of(timing.minutes("07:05")) == "07:05"
