"""Which quarter is due, on the operator's own clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.actors.actor import SCHEDULER
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow
from app.review import campaigns, queries, schedule, schedules, workdays
from app.review.schedule import Plan
from app.review.tables import CampaignRow
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW, SCOPE

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "America/St_Johns"]


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "hour", "at", "slot", "opens_at"),
    [
        # the moment itself is due, the minute before is still the last quarter's
        ("UTC", 1, 9, "2026-10-01 09:00", "q:2026-Q4", "2026-10-01 09:00"),
        ("UTC", 1, 9, "2026-10-01 08:59", "q:2026-Q3", "2026-07-01 09:00"),
        # before this year's first opening it is last year's fourth quarter
        ("UTC", 46, 0, "2027-01-10 00:00", "q:2026-Q4", "2026-11-15 00:00"),
        # the quarter turns on the operator's clock: 1 October in Auckland is 30 September in UTC
        ("Pacific/Auckland", 1, 0, "2026-09-30 11:00", "q:2026-Q4", "2026-09-30 11:00"),
        ("America/New_York", 1, 0, "2026-10-01 03:59", "q:2026-Q3", "2026-07-01 04:00"),
        # the same hour of the wall clock in summer and in winter
        ("Europe/Berlin", 46, 9, "2026-08-20 00:00", "q:2026-Q3", "2026-08-15 07:00"),
        ("Europe/Berlin", 46, 9, "2026-11-20 00:00", "q:2026-Q4", "2026-11-15 08:00"),
        # 29 March 2026, 02:00 to 03:00 does not exist in Berlin: it counts on from 01:00
        ("Europe/Berlin", 88, 2, "2026-03-29 01:00", "q:2026-Q1", "2026-03-29 01:00"),
        # 25 October 2026, 02:00 comes twice in Berlin: the first one counts
        ("Europe/Berlin", 25, 2, "2026-10-25 00:00", "q:2026-Q4", "2026-10-25 00:00"),
        # a leap day moves what comes after it
        ("UTC", 60, 0, "2028-02-29 00:00", "q:2028-Q1", "2028-02-29 00:00"),
        ("UTC", 60, 0, "2026-03-01 00:00", "q:2026-Q1", "2026-03-01 00:00"),
        # a zone of half hours
        ("Asia/Kolkata", 1, 0, "2026-09-30 18:30", "q:2026-Q4", "2026-09-30 18:30"),
    ],
)
def test_the_latest_slot(zone: str, day: int, hour: int, at: str, slot: str, opens_at: str) -> None:
    found = schedule.latest(Plan("q", zone, day, hour, 21), _utc(at))
    assert found is not None
    assert (found.id, found.opens_at) == (slot, _utc(opens_at))


@pytest.mark.parametrize(
    ("plan", "at", "labels"),
    [
        # each week, on its Wednesday
        (Plan("q", "UTC", 3, 9, 5, "weekly"), "2026-12-30 09:00", ["2027-W01", "2027-W02"]),
        # every third week from a Thursday on: that week's Wednesday has passed, so the first is three weeks later
        (Plan("q", "UTC", 3, 9, 5, "weekly", 3, date(2026, 11, 5)), "2026-11-01 00:00", ["2026-W48", "2026-W51"]),
        (Plan("q", "UTC", 3, 9, 5, "weekly", 3, date(2026, 11, 5)), "2026-11-25 09:00", ["2026-W51", "2027-W01"]),
        (Plan("q", "UTC", 28, 0, 5, "monthly"), "2027-02-28 00:00", ["2027-03", "2027-04"]),
        (Plan("q", "UTC", 1, 9, 5, "monthly", 2, date(2026, 11, 1)), "2026-11-01 09:00", ["2027-01", "2027-03"]),
        (Plan("q", "UTC", 10, 9, 5, "quarterly", 2, date(2026, 7, 1)), "2026-08-01 00:00", ["2027-Q1", "2027-Q3"]),
        (Plan("q", "UTC", 365, 9, 5, "yearly"), "2028-01-01 00:00", ["2028", "2029"]),
        (Plan("q", "UTC", 1, 9, 5, "yearly", 2, date(2030, 1, 1)), "2026-01-01 00:00", ["2030", "2032"]),
    ],
)
def test_the_next_slots_of_any_cadence(plan: Plan, at: str, labels: list[str]) -> None:
    assert schedule.why_not_plan(plan) is None
    found = schedule.upcoming(plan, _utc(at), 2)
    assert [slot.label for slot in found] == labels
    assert all(slot.opens_at > _utc(at) and slot.moved() is None for slot in found)
    assert schedule.latest(plan, found[1].opens_at) == found[1]


def test_nothing_opens_before_the_day_that_a_schedule_starts_on() -> None:
    plan = Plan("q", "UTC", 1, 9, 5, "weekly", 2, date(2026, 12, 7))
    assert schedule.latest(plan, _utc("2026-12-07 08:59")) is None
    first = schedule.latest(plan, _utc("2026-12-07 09:00"))
    assert first is not None
    assert (first.label, schedule.said(plan)) == ("2026-W50", "day 1 of every 2nd week from 2026-12-07, 9:00 (UTC)")


OFFICE = {
    "days": ["mon", "tue", "wed", "thu", "fri"],
    "closed": [{"from": "12-21", "until": "01-03", "because": "year end"}, {"from": "W48", "because": "Black Friday"}],
}


@pytest.mark.parametrize(
    ("cadence", "day", "at", "opens", "meant", "because"),
    [
        ("quarterly", 46, "2026-11-01 00:00", "2026-11-16 09:00", date(2026, 11, 15), "Sunday"),
        ("monthly", 28, "2026-12-01 00:00", "2027-01-04 09:00", date(2026, 12, 28), "year end"),
        ("weekly", 3, "2026-11-20 00:00", "2026-11-30 09:00", date(2026, 11, 25), "Black Friday"),
    ],
)
def test_a_closed_day_moves_a_slot_to_the_next_open_one_and_it_says_why(
    cadence: str, day: int, at: str, opens: str, meant: date, because: str
) -> None:
    plan = Plan("q", "UTC", day, 9, 5, cadence, calendar=workdays.read(OFFICE))
    slot = schedule.following(plan, _utc(at))
    assert (slot.opens_at, slot.meant_for, slot.because) == (_utc(opens), meant, because)
    assert slot.moved() == {"from": meant.isoformat(), "because": because}
    assert schedule.latest(plan, slot.opens_at - timedelta(seconds=1)) != slot
    assert schedule.latest(plan, slot.opens_at) == slot


def test_slots_that_closed_days_move_onto_each_other_are_one_review() -> None:
    plan = Plan("q", "UTC", 1, 9, 5, "weekly", calendar=workdays.read(OFFICE))
    found = schedule.upcoming(plan, _utc("2026-12-14 09:00"), 3)
    assert [(slot.label, slot.opens_at) for slot in found] == [
        ("2027-W01", _utc("2027-01-04 09:00")),
        ("2027-W02", _utc("2027-01-11 09:00")),
        ("2027-W03", _utc("2027-01-18 09:00")),
    ]


def test_a_review_is_due_on_an_open_day() -> None:
    plan = Plan("q", "UTC", 1, 9, 14, calendar=workdays.read(OFFICE))
    assert schedule.due_at(plan, _utc("2026-12-10 09:00")) == _utc("2027-01-04 09:00")


moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@st.composite
def _plans(draw: st.DrawFn) -> Plan:
    cadence = draw(st.sampled_from(schedule.Cadence))
    return Plan(
        "q",
        draw(st.sampled_from(ZONES)),
        draw(st.integers(1, schedule.LAST_DAY[cadence])),
        draw(st.integers(0, 23)),
        draw(st.integers(1, 90)),
        cadence,
        draw(st.integers(1, min(4, schedule.MOST_APART[cadence]))),
        draw(st.dates(date(2019, 1, 1), date(2020, 1, 1))),
        draw(st.sampled_from([workdays.EVERY_DAY, workdays.read(OFFICE)])),
    )


plans = _plans()


@given(plans, moments)
def test_at_every_moment_one_slot_is_the_latest_and_it_has_begun(plan: Plan, at: datetime) -> None:
    assert schedule.why_not_plan(plan) is None
    slot = schedule.latest(plan, at)
    if slot is None:  # the first is at most a turn away
        slot = schedule.following(plan, at)
        assert slot.opens_at.date() <= date(2024, 6, 1)
        return
    assert slot.opens_at <= at < schedule.following(plan, at).opens_at
    assert schedule.latest(plan, slot.opens_at) == slot
    before = schedule.latest(plan, slot.opens_at - timedelta(seconds=1))
    assert before is None or before.id != slot.id


@given(plans, moments, st.integers(0, 4_000))
def test_slots_never_go_back(plan: Plan, at: datetime, hours: int) -> None:
    later = schedule.latest(plan, at + timedelta(hours=hours))
    slot = schedule.latest(plan, at)
    assert slot is None or (later is not None and slot.opens_at <= later.opens_at)


def test_a_campaign_is_due_at_the_same_hour_of_the_wall_clock_across_a_clock_change() -> None:
    plan = Plan("q", "Europe/Berlin", 10, 9, 21)
    assert schedule.due_at(plan, _utc("2026-10-10 07:00")) == _utc("2026-10-31 08:00")


def test_a_start_within_a_tick_is_punctual_and_a_later_one_says_by_how_much() -> None:
    slot = schedule.latest(Plan("q", "UTC", 1, 9, 21), _utc("2026-10-02 09:00"))
    assert slot is not None
    assert slot.late(_utc("2026-10-01 09:10")) is None
    assert slot.late(_utc("2026-10-02 09:00")) == timedelta(days=1)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"cadence": "hourly"}, "hourly"),
        ({"cadence": "weekly", "day": 8}, "day 8 is not in every week"),
        ({"cadence": "monthly", "day": 29}, "day 29 is not in every month"),
        ({"every": 0}, "every 0"),
        ({"every": 9, "starts_on": date(2026, 1, 1)}, "every 9 quarters"),
        ({"every": 2}, "from which quarter"),
        ({"starts_on": date(1, 1, 1)}, "no day to start on"),
        ({"zone": "Europe/Atlantis"}, "Atlantis"),
        ({"zone": "../etc/passwd"}, "time zone"),
        ({"day": 0}, "day 0"),
        ({"day": 91}, "day 91"),
        ({"hour": 24}, "24"),
        ({"due_days": 0}, "0 days"),
        ({"name": " "}, "name"),
    ],
)
def test_a_plan_that_cannot_be_kept_is_refused(given: dict[str, object], word: str) -> None:
    values = {"name": "q", "zone": "UTC", "day": 1, "hour": 9, "due_days": 21} | given
    refusal = schedule.why_not_plan(Plan(**values))  # type: ignore[arg-type]
    assert refusal is not None
    assert word in refusal.reason
    assert schedule.why_not_plan(Plan("q", "Europe/Berlin", 90, 23, 90)) is None


# --- with rows ---


def _added(session: object, at: datetime, **given: object) -> object:
    values = {"name": "quarterly", "zone": "UTC", "opens_on_day": 46, "opens_at_hour": 9, "scope": SCOPE}
    return schedules.add(session, **(values | given), by=make.ADMIN, at=at)  # type: ignore[arg-type]


def test_a_schedule_is_due_from_its_moment_until_a_campaign_bears_its_slot(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session, read_at=_utc("2026-11-15 08:00"))
        _added(session, _utc("2026-10-05 00:00"))
        assert queries.due_slots(session, _utc("2026-11-15 08:59")) == []
        [due] = queries.due_slots(session, _utc("2026-11-15 09:00"))
        assert (due.slot.id, due.late) == ("quarterly:2026-Q4", False)
        at = _utc("2026-11-15 09:00")
        campaigns.open(
            session,
            name="Q4",
            scope=due.schedule.scope,
            due_at=due.due_at,
            slot=due.slot.id,
            planned_at=due.slot.opens_at,
            by=SCHEDULER,
            at=at,
        )
        assert queries.due_slots(session, _utc("2026-12-24 00:00")) == []


def test_what_was_missed_while_down_is_due_on_return_and_late(database: Database) -> None:
    with database.transaction() as session:
        _added(session, _utc("2026-10-05 00:00"))
        [due] = queries.due_slots(session, _utc("2027-01-07 00:00"))
        assert (due.slot.id, due.late) == ("quarterly:2026-Q4", True)
        assert due.due_at == _utc("2027-01-28 00:00")  # reviewers get their days all the same


def test_a_schedule_added_after_its_day_waits_for_the_next_quarter(database: Database) -> None:
    with database.transaction() as session:
        _added(session, _utc("2026-12-01 00:00"))
        assert queries.due_slots(session, _utc("2026-12-02 00:00")) == []
        [due] = queries.due_slots(session, _utc("2027-02-15 09:00"))
        assert due.slot.id == "quarterly:2027-Q1"


def test_a_paused_schedule_opens_nothing_and_resuming_skips_what_it_slept_through(database: Database) -> None:
    with database.transaction() as session:
        row = _added(session, _utc("2026-10-05 00:00"))
        schedules.pause(session, row.id, by=make.ADMIN, at=NOW)  # type: ignore[attr-defined]
        assert queries.due_slots(session, _utc("2026-11-20 00:00")) == []
        schedules.resume(session, row.id, by=make.ADMIN, at=_utc("2026-11-20 00:00"))  # type: ignore[attr-defined]
        assert queries.due_slots(session, _utc("2026-11-21 00:00")) == []
        [due] = queries.due_slots(session, _utc("2027-02-15 09:00"))
        assert due.slot.id == "quarterly:2027-Q1"
        told = session.scalars(select(EntryRow.kind).order_by(EntryRow.id)).all()
        assert told == ["schedule.added", "schedule.changed", "schedule.changed"]


def test_a_schedule_is_changed_by_whom_saw_it_last(database: Database) -> None:
    with database.transaction() as session:
        row = _added(session, NOW)
        with pytest.raises(Refused) as refused:
            schedules.pause(session, row.id, version=7, by=make.ADMIN, at=NOW)  # type: ignore[attr-defined]
        assert refused.value.refusal.status == 412
        with pytest.raises(Refused):
            schedules.pause(session, 999, by=make.ADMIN, at=NOW)


def test_a_schedule_that_is_not_understood_is_not_kept(database: Database) -> None:
    with database.transaction() as session:
        _added(session, NOW)
        for given in ({"zone": "Mars"}, {"scope": {"systems": "all"}}, {}):
            with pytest.raises(Refused):
                _added(session, NOW, **given)
        assert session.scalars(select(CampaignRow.id)).all() == []
