"""What becomes of work when processes die, stop, stall, or meet: nothing lost, nothing twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from sqlalchemy import select, update

from app.kit.db import Database
from app.kit.engine import EmbeddedLock, Engine, RunStatus, Steps
from app.kit.engine.tables import JobRow, WorkerRow
from app.kit.refusal import Refused

from .conftest import Place

Payload = Mapping[str, Any]


def three_steps(place: Place, *, stuck: bool) -> Callable[[Steps, Payload], str]:
    """A job of three steps, which in a process that will be killed never ends its second."""

    def run(steps: Steps, payload: Payload) -> str:
        steps.step("one", lambda: place.trace("one"))
        steps.step("two", lambda: (place.trace("two"), time.sleep(60) if stuck else None)[0])
        steps.step("three", lambda: place.trace("three"))
        return "done"

    return run


def test_kill_9_in_the_middle_resumes_at_the_unfinished_step(place: Place) -> None:
    def child() -> None:
        engine = place.launched({"job": three_steps(place, stuck=True)}, executor_id="w1")
        engine.enqueue("job", "job:1", {})

    pid = place.in_child(child)
    place.trace.wait_for("two")
    place.kill(pid)
    engine = place.launched({"job": three_steps(place, stuck=False)}, executor_id="w1")
    assert engine.wait("job:1", 15).result == "done"
    assert place.trace.lines == ["one", "two", "two", "three"]


def test_embedded_the_next_process_finds_its_own_work_without_being_told_a_name(
    place_on: Callable[[str], Place],
) -> None:
    place = place_on("sqlite")
    pid = place.in_child(lambda: place.launched({"job": three_steps(place, stuck=True)}).enqueue("job", "job:1", {}))
    place.trace.wait_for("two")
    place.kill(pid)
    assert place.launched({"job": three_steps(place, stuck=False)}).wait("job:1", 15).result == "done"


def test_a_live_worker_takes_over_from_a_dead_one_and_repeats_no_finished_step(
    place_on: Callable[[str], Place],
) -> None:
    place = place_on("postgresql")

    def child() -> None:
        engine = place.launched({"job": three_steps(place, stuck=True), "lane": three_steps(place, stuck=True)})
        engine.enqueue("job", "job:1", {})
        place.trace.wait_for("two")
        engine.enqueue("lane", "lane:1", {}, lane="crm")

    pid = place.in_child(child)
    place.trace.wait_for("two")
    deadline = time.monotonic() + 10
    while place.trace.lines.count("two") < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    survivor = place.launched({"job": three_steps(place, stuck=False), "lane": three_steps(place, stuck=False)})
    survivor.enqueue("lane", "lane:2", {}, lane="crm")
    time.sleep(1.5)
    assert survivor.find("job:1").status is RunStatus.RUNNING, "nobody takes over from a worker that lives"  # type: ignore[union-attr]
    place.kill(pid)
    for key in ("job:1", "lane:1", "lane:2"):
        assert survivor.wait(key, 15).result == "done"
    assert sorted(place.trace.lines) == sorted(["one", "two", "three"] * 3 + ["two"] * 2)
    queues = {each.queue_name for each in survivor._dbos.list_workflows()}
    assert queues == {"jobs", "lanes"}, "taken-over work stays within its queue's limits"
    assert survivor.find("lane:1").lane == "crm", "taken-over work keeps its lane"  # type: ignore[union-attr]


def test_each_worker_on_postgresql_has_a_name_of_its_own_and_its_row_goes_with_it(
    place_on: Callable[[str], Place],
) -> None:
    place = place_on("postgresql")
    one, two = place.engine(), place.engine()
    assert one.executor_id != two.executor_id
    one.launch()
    database = Database(place.url)
    with database.reading() as session:
        assert session.scalars(select(WorkerRow.id)).all() == [one.executor_id]
    one.close()
    with database.reading() as session:
        assert session.scalars(select(WorkerRow.id)).all() == []
    database.close()


def test_one_lane_never_runs_twice_at_once_across_processes(place_on: Callable[[str], Place]) -> None:
    place = place_on("postgresql")

    def slow(steps: Steps, payload: Payload) -> None:
        place.trace("begin")
        time.sleep(0.03)
        place.trace("end")

    for _ in range(2):
        place.in_child(lambda: (place.launched({"lane": slow}), place.trace("up"))[0])
    deadline = time.monotonic() + 15
    while place.trace.lines.count("up") < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    engine = place.launched({"lane": slow})
    for number in range(12):
        engine.enqueue("lane", f"lane:{number}", {}, lane="crm")
    for number in range(12):
        engine.wait(f"lane:{number}", 30)
    assert [line for line in place.trace.lines if line != "up"] == ["begin", "end"] * 12


def test_a_worker_that_was_only_slow_keeps_its_lane_and_nobody_repeats_its_step(
    place_on: Callable[[str], Place],
) -> None:
    """Its heartbeat was missed and its job given away; it is still inside a step of it."""
    place = place_on("postgresql")

    def job(steps: Steps, payload: Payload) -> None:
        steps.step("act", lambda: (place.trace("act begins"), time.sleep(1.0), place.trace("act ends"))[0])
        steps.step("after", lambda: place.trace("after"))

    engine = place.launched({"lane": job})
    engine.enqueue("lane", "lane:1", {}, lane="crm")
    place.trace.wait_for("act begins")
    assert engine._hand_back(alive=set()) == 1  # what a survivor would do that believes us dead
    engine.wait("lane:1", 15)
    assert place.trace.lines.count("after") == 1
    acts = [line for line in place.trace.lines if line.startswith("act")]
    assert acts == ["act begins", "act ends"], "who held the lane ended the step; nobody repeated it meanwhile"
    time.sleep(1.2)  # the former start asks once a second what became of the job, and must not find the database gone


def test_a_former_start_of_a_job_stops_at_its_next_step(place: Place) -> None:
    go_on = threading.Event()

    def job(steps: Steps, payload: Payload) -> None:
        steps.step("first", lambda: (place.trace("first"), go_on.wait(10))[0])
        steps.step("second", lambda: place.trace("second"))

    engine = place.launched({"job": job})
    engine.enqueue("job", "job:1", {})
    place.trace.wait_for("first")
    database = Database(place.url)
    with database.transaction() as session:
        session.execute(update(JobRow).values(owner="somebody else"))
    database.close()
    go_on.set()
    time.sleep(0.5)
    assert place.trace.lines == ["first"]


def test_what_kills_every_worker_is_given_up_in_the_end(place: Place) -> None:
    def child() -> None:
        def deadly(steps: Steps, payload: Payload) -> None:
            place.trace("dying")
            time.sleep(60)

        place.launched({"deadly": deadly}, executor_id="w1").enqueue("deadly", "deadly:1", {})

    for number in range(1, 6):
        pid = place.in_child(child)
        deadline = time.monotonic() + 10
        while place.trace.lines.count("dying") < number and time.monotonic() < deadline:
            time.sleep(0.02)
        place.kill(pid)
    engine = place.launched({"deadly": lambda steps, payload: place.trace("ran")}, executor_id="w1")
    run = engine.wait("deadly:1", 15)
    assert run.status is RunStatus.FAILED
    assert "may be what stops the workers" in str(run.because)
    assert "ran" not in place.trace.lines


def test_a_worker_that_is_stopped_ends_its_step_and_the_next_goes_on(place: Place) -> None:
    def job(steps: Steps, payload: Payload) -> str:
        steps.step("one", lambda: (place.trace("one"), time.sleep(0.3))[0])
        steps.sleep(1.0)
        steps.step("two", lambda: place.trace("two"))
        return "done"

    for _ in range(7):  # more often than a job may be started without ending a step
        first = place.launched({"job": job}, executor_id="w1")
        first.enqueue("job", "job:1", {})
        place.trace.wait_for("one")
        began = time.monotonic()
        first.close()
        assert time.monotonic() - began < 5, "a sleeping job does not hold up the stop"
        if "two" in place.trace.lines:
            break
    last = place.launched({"job": job}, executor_id="w1")
    assert last.wait("job:1", 15).result == "done"
    assert place.trace.lines == ["one", "two"]


def test_work_in_flight_survives_an_upgrade_whose_code_differs(place: Place) -> None:
    engine = place.launched({"job": lambda steps, payload: "old"}, executor_id="w1")
    engine.enqueue("job", "job:1", {}, delay_s=1.0)
    engine.close()

    def new(steps: Steps, payload: Payload) -> str:
        return str(steps.step("new", lambda: "new"))

    upgraded = place.launched({"job": new, "another": lambda steps, payload: None}, executor_id="w1")
    assert upgraded.wait("job:1", 15).result == "new"


def test_a_second_embedded_worker_is_refused_and_told_who_is_first(place_on: Callable[[str], Place]) -> None:
    place = place_on("sqlite")
    pid = place.in_child(lambda: (place.launched({}, holder="rolecall serve"), place.trace("up"))[0])
    place.trace.wait_for("up")
    second = place.engine()
    with pytest.raises(Refused, match=rf"in the hands of rolecall serve \(process {pid}\).*PostgreSQL"):
        second.launch()
    assert EmbeddedLock.holder(place.home) == f"rolecall serve (process {pid})"
    place.kill(pid)
    assert EmbeddedLock.holder(place.home) is None, "the lock goes with the process, however it ended"
    place.launched({})


def test_the_lock_is_free_again_after_a_close(place_on: Callable[[str], Place]) -> None:
    place = place_on("sqlite")
    assert EmbeddedLock.holder(place.home) is None
    engine: Engine = place.launched({})
    assert EmbeddedLock.holder(place.home)
    engine.close()
    assert EmbeddedLock.holder(place.home) is None


def test_nothing_is_sent_anywhere_but_to_the_database(
    place_on: Callable[[str], Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    reached: list[Any] = []
    connect = socket.socket.connect

    def noted(self: socket.socket, address: Any) -> Any:
        reached.append(address)
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", noted)
    engine = place_on("sqlite").launched({"job": lambda steps, payload: "ran"})
    engine.enqueue("job", "1", {})
    engine.wait("1", 10)
    engine.close()
    assert reached == []


def test_engine_files_never_meet_the_applications_database(place_on: Callable[[str], Place]) -> None:
    """Its polling must not wait for the application's writer, nor the writer for it."""
    place = place_on("sqlite")
    engine = place.launched({"job": lambda steps, payload: "ran"})
    assert (place.home / "engine.db").exists()
    database = Database(place.url)
    with database.transaction() as session:
        session.execute(update(WorkerRow).values(beat=None))  # holds the application's write lock
        engine.enqueue("job", "1", {})
        time.sleep(0.3)
        assert engine.find("1").status in (RunStatus.WAITING, RunStatus.RUNNING)  # type: ignore[union-attr]
    assert engine.wait("1", 10).result == "ran"
    database.close()
