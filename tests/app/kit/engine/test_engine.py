"""Handing over work, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.kit.engine import Engine, RunStatus, Steps
from app.kit.refusal import Refusal, Refused

from .conftest import Place

Payload = Mapping[str, Any]


def test_a_job_runs_and_its_result_is_kept(place: Place) -> None:
    engine = place.launched({"add": lambda steps, payload: steps.step("sum", lambda: payload["a"] + payload["b"])})
    engine.enqueue("add", "add:1", {"a": 1, "b": 2})
    run = engine.wait("add:1", 10)
    assert (run.status, run.result, run.name) == (RunStatus.DONE, 3, "add")
    assert run.ended is not None


def test_the_same_key_runs_once(place: Place) -> None:
    engine = place.launched({"note": lambda steps, payload: place.trace("ran")})
    for _ in range(5):
        engine.enqueue("note", "note:1", {})
    engine.wait("note:1", 10)
    engine.enqueue("note", "note:1", {})
    time.sleep(0.3)
    assert place.trace.lines == ["ran"]


def test_what_is_handed_over_here_begins_at_once_however_seldom_the_queues_are_looked_at(place: Place) -> None:
    def note(steps: Steps, payload: Payload) -> None:
        place.trace(steps.key)

    engine = place.launched({"note": note, "lane": note}, poll_s=20)
    engine.enqueue("note", "note:1", {})
    for number in range(4):
        engine.enqueue("lane", f"lane:{number}", {}, lane="one")
    engine.wait("note:1", 10)
    began = time.monotonic()
    engine.wait("lane:3", 50)  # each would wait for the next look, and be late
    assert time.monotonic() - began < 30


def test_a_forgotten_job_keeps_its_key_spent(place: Place) -> None:
    engine = place.launched({"note": lambda steps, payload: place.trace("ran")})
    engine.enqueue("note", "note:1", {})
    engine.wait("note:1", 10)
    assert engine.forget(datetime.now(UTC) - timedelta(days=1)) == 0
    assert engine.forget(datetime.now(UTC) + timedelta(seconds=5)) == 1
    assert engine.list() == []
    engine.enqueue("note", "note:1", {})
    time.sleep(0.3)
    assert engine.find("note:1") is None
    assert place.trace.lines == ["ran"]


def test_a_failing_job_is_tried_again_and_keeps_the_steps_it_ended(place: Place) -> None:
    def flaky(steps: Steps, payload: Payload) -> str:
        steps.step("first", lambda: place.trace("first"))
        if steps.attempt < 3:
            raise ConnectionError("the CRM is away")
        return f"attempt {steps.attempt}"

    engine = place.launched({"flaky": flaky})
    engine.enqueue("flaky", "flaky:1", {})
    assert engine.wait("flaky:1", 10).result == "attempt 3"
    assert place.trace.lines == ["first"]


def test_a_step_that_raised_is_run_again(place: Place) -> None:
    def second_time_lucky() -> str:
        place.trace("tried")
        if len(place.trace.lines) < 2:
            raise ConnectionError("away")
        return "read"

    engine = place.launched({"read": lambda steps, payload: steps.step("ask", second_time_lucky)})
    engine.enqueue("read", "read:1", {})
    assert engine.wait("read:1", 10).result == "read"


def test_a_job_that_keeps_failing_ends_with_its_reason(place: Place) -> None:
    def broken(steps: Steps, payload: Payload) -> None:
        place.trace("tried")
        raise KeyError("nowhere")

    engine = place.launched({"broken": broken}, attempts=3)
    engine.enqueue("broken", "broken:1", {})
    run = engine.wait("broken:1", 10)
    assert run.status is RunStatus.FAILED
    assert run.because == "KeyError: 'nowhere' (after 3 attempts)"
    assert len(place.trace.lines) == 3


def test_a_refused_job_ends_with_the_refusal_and_is_not_tried_again(place: Place) -> None:
    def refused(steps: Steps, payload: Payload) -> None:
        place.trace("tried")
        raise Refused(Refusal("roster_too_old", "The roster is 9 days old.", "Upload a new one."))

    engine = place.launched({"refused": lambda steps, payload: steps.step("ask", lambda: refused(steps, payload))})
    engine.enqueue("refused", "refused:1", {})
    run = engine.wait("refused:1", 10)
    assert (run.status, run.code) == (RunStatus.FAILED, "roster_too_old")
    assert run.because == "The roster is 9 days old. Upload a new one."
    assert place.trace.lines == ["tried"]


def test_an_error_that_asks_for_time_is_given_it(place: Place) -> None:
    class Throttled(Exception):
        wait = 0.6

    def throttled(steps: Steps, payload: Payload) -> None:
        place.trace(f"{time.monotonic()}")
        if steps.attempt == 1:
            raise Throttled

    engine = place.launched({"throttled": throttled})
    engine.enqueue("throttled", "throttled:1", {})
    engine.wait("throttled:1", 10)
    first, second = map(float, place.trace.lines)
    assert second - first >= 0.6


def test_a_delayed_job_waits(place: Place) -> None:
    engine = place.launched({"note": lambda steps, payload: place.trace("ran")})
    engine.enqueue("note", "note:1", {}, delay_s=30)
    time.sleep(0.3)
    assert [run.status for run in engine.list(name="note")] == [RunStatus.WAITING]
    assert place.trace.lines == []


def test_a_cancelled_job_stops_before_its_next_step(place: Place) -> None:
    go_on = threading.Event()

    def long(steps: Steps, payload: Payload) -> None:
        steps.step("first", lambda: (place.trace("first"), go_on.wait(10))[0])
        steps.step("second", lambda: place.trace("second"))

    engine = place.launched({"long": long})
    engine.enqueue("long", "long:1", {})
    place.trace.wait_for("first")
    engine.cancel("long:1")
    go_on.set()
    assert engine.wait("long:1", 10).status is RunStatus.CANCELLED
    time.sleep(0.3)
    assert place.trace.lines == ["first"]


def test_jobs_are_listed_newest_first_by_name_and_status(place: Place) -> None:
    def fail(steps: Steps, payload: Payload) -> None:
        raise Refused(Refusal("no", "No."))

    engine = place.launched({"good": lambda steps, payload: None, "bad": fail})
    for key, name in (("1", "good"), ("2", "bad"), ("3", "good")):
        engine.enqueue(name, key, {})
        engine.wait(key, 10)
    assert [run.key for run in engine.list()] == ["3", "2", "1"]
    assert [run.key for run in engine.list(name="good", limit=1)] == ["3"]
    assert [run.key for run in engine.list(status=RunStatus.FAILED)] == ["2"]


def test_what_one_lane_holds_runs_one_at_a_time_and_other_lanes_run_beside_it(place: Place) -> None:
    both = threading.Barrier(2)

    def together(steps: Steps, payload: Payload) -> None:
        place.trace(f"begin {payload['lane']}")
        both.wait(15)  # breaks unless the other lane has one at work, too
        place.trace(f"end {payload['lane']}")

    engine = place.launched({"lane": together})
    for number in range(3):
        for lane in ("a", "b"):
            engine.enqueue("lane", f"{lane}{number}", {"lane": lane}, lane=lane)
    for number in range(3):
        for lane in ("a", "b"):
            engine.wait(f"{lane}{number}", 15)
    of_a = [line for line in place.trace.lines if line.endswith("a")]
    assert of_a == ["begin a", "end a"] * 3


def test_what_waits_for_its_lane_takes_nobody_elses_place(place: Place) -> None:
    def slow(steps: Steps, payload: Payload) -> None:
        time.sleep(payload["seconds"])
        place.trace(payload["says"])

    engine = place.launched({"lane": slow}, threads=2)
    for number in range(3):
        engine.enqueue("lane", f"a{number}", {"seconds": 1.0, "says": "a"}, lane="a")
    engine.enqueue("lane", "b", {"seconds": 0, "says": "b"}, lane="b")
    engine.wait("b", 10)
    assert place.trace.lines == ["b"]


@pytest.mark.parametrize(("name", "lane"), [("lane", None), ("plain", "a"), ("unknown", None)])
def test_a_job_handed_over_wrongly_is_refused_at_once(
    place_on: Callable[[str], Place], name: str, lane: str | None
) -> None:
    engine = place_on("sqlite").launched({"lane": lambda s, p: None, "plain": lambda s, p: None})
    with pytest.raises(ValueError, match="job"):
        engine.enqueue(name, "1", {}, lane=lane)


def test_what_a_step_gives_must_be_json(place_on: Callable[[str], Place]) -> None:
    engine = place_on("sqlite").launched({"job": lambda s, p: s.step("now", lambda: datetime.now(UTC))}, attempts=1)
    engine.enqueue("job", "1", {})
    assert "must be JSON" in str(engine.wait("1", 10).because)


def test_a_step_gives_the_same_value_before_and_after_it_was_kept(place_on: Callable[[str], Place]) -> None:
    engine = place_on("sqlite").launched({"job": lambda s, p: repr(s.step("pair", lambda: {"a": (1, 2)}))})
    engine.enqueue("job", "1", {})
    assert engine.wait("1", 10).result == "{'a': [1, 2]}"


def test_the_same_step_name_twice_is_two_steps(place_on: Callable[[str], Place]) -> None:
    engine = place_on("sqlite").launched({"job": lambda s, p: [s.step("page", lambda n=n: n) for n in range(3)]})
    engine.enqueue("job", "1", {})
    assert engine.wait("1", 10).result == [0, 1, 2]


def test_waiting_for_an_unknown_job_says_so(place_on: Callable[[str], Place]) -> None:
    engine = place_on("sqlite").launched({})
    with pytest.raises(LookupError, match="nothing"):
        engine.wait("nothing", 1)


def test_waiting_too_short_says_where_the_job_stands(place_on: Callable[[str], Place]) -> None:
    engine = place_on("sqlite").launched({"job": lambda s, p: None})
    engine.enqueue("job", "1", {}, delay_s=60)
    with pytest.raises(TimeoutError, match="waiting"):
        engine.wait("1", 0.1)


def test_an_engine_can_be_launched_where_an_event_loop_runs(place_on: Callable[[str], Place]) -> None:
    place = place_on("sqlite")

    async def serve() -> Engine:
        return place.launched({"job": lambda s, p: "ran"})

    engine = asyncio.run(serve())
    engine.enqueue("job", "1", {})
    assert engine.wait("1", 10).result == "ran"


def test_sqlite_without_being_embedded_is_refused(place_on: Callable[[str], Place]) -> None:
    with pytest.raises(ValueError, match="one process only"):
        place_on("sqlite").engine(embedded=False)


def test_a_worker_that_cannot_launch_leaves_its_lock(place_on: Callable[[str], Place]) -> None:
    place = place_on("sqlite")
    place.home.mkdir()
    (place.home / "engine.db").write_text("this is no database" * 100)
    with pytest.raises(Exception, match="database"):
        place.launched({})
    os.unlink(place.home / "engine.db")
    place.launched({})
