"""What follows what: every kind of entry is either quiet or has jobs that exist, and no job waits for nobody."""

from __future__ import annotations

import ast

import pytest

from app import jobs
from app.ledger.kinds import QUIET, Kind
from tests.architecture.tree import modules


@pytest.mark.parametrize("kind", list(Kind))
def test_a_kind_is_quiet_or_something_follows_it_and_never_both(kind: Kind) -> None:
    assert kind in jobs.FOLLOWS, "it has no row in jobs.FOLLOWS and is not in QUIET"
    assert (kind in QUIET) != bool(jobs.FOLLOWS[kind])


def test_every_job_that_is_named_exists() -> None:
    named = {name for follow in jobs.FOLLOWS.values() for name in follow} | {tick.job for tick in jobs.SCHEDULE}
    assert named <= jobs.JOBS.keys()


def test_every_job_is_named_by_somebody() -> None:
    named = {name for follow in jobs.FOLLOWS.values() for name in follow} | {tick.job for tick in jobs.SCHEDULE}
    assert jobs.JOBS.keys() <= named, "these jobs never run"


def test_a_job_goes_by_its_own_name() -> None:
    assert all(name == job.name for name, job in jobs.JOBS.items())


def test_every_kind_is_written_by_somebody() -> None:
    """A kind that nobody records is a promise nobody keeps."""
    used = {
        node.attr
        for each in modules()
        if each.name.startswith("app.") and each.name != "app.ledger.kinds" and each.name != "app.jobs"
        for node in ast.walk(each.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Kind"
    } | {
        node.attr
        for node in ast.walk(next(each.tree for each in modules() if each.name == "app.jobs"))
        if isinstance(node, ast.Attribute) and node.attr in ("SYNC_REQUESTED", "REMOVAL_REQUESTED")
    }
    assert {kind.name for kind in Kind} == used & Kind.__members__.keys()


def test_many_workers_run_a_tick_once() -> None:
    """A tick's id is its slot: two moments of one slot are one id, two slots are two."""
    from datetime import UTC, datetime, timedelta

    from apscheduler.triggers.cron import CronTrigger

    for tick in jobs.SCHEDULE:
        trigger = CronTrigger(timezone=UTC, **dict(field.split("=", 1) for field in tick.every.split()))
        first = trigger.get_next_fire_time(None, datetime(2026, 11, 16, 9, 0, tzinfo=UTC))
        second = trigger.get_next_fire_time(first, first + timedelta(seconds=1))
        assert jobs.slot(tick, first) == jobs.slot(tick, first + timedelta(seconds=30))
        assert jobs.slot(tick, first) != jobs.slot(tick, second)
