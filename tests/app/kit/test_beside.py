"""A process beside: its work is as if it had been done here, and it is done here wherever that process cannot."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.kit.beside import Beside


def where(number: int) -> tuple[int, int]:
    return number, os.getpid()


def times(number: int, factor: int) -> tuple[int, int]:
    return number * factor, os.getpid()


def slowly(number: int) -> int:
    time.sleep(0.01)
    return number


def refusing(number: int) -> int:
    if number == 3:
        raise ValueError("three is not wanted")
    return number


@pytest.fixture
def beside() -> Iterator[Beside]:
    with Beside(able=True) as one:
        yield one


def test_what_is_asked_is_done_by_another_process_and_always_by_the_same(beside: Beside) -> None:
    first, second = beside.do(where, 1), beside.do(where, 2)
    assert first is not None
    assert second is not None
    assert (first[0], second[0]) == (1, 2)
    assert first[1] == second[1] != os.getpid()


def test_each_comes_in_order_with_what_was_told_once(beside: Beside) -> None:
    made = list(beside.each(times, range(200), 3))
    assert [number for number, _ in made] == [3 * number for number in range(200)]
    assert len({where for _, where in made} - {os.getpid()}) == 1
    assert [number for number, _ in beside.each(times, range(5), 2)] == [0, 2, 4, 6, 8]
    assert list(beside.each(times, ())) == []


def test_two_at_a_time_do_not_take_each_others_knowledge(beside: Beside) -> None:
    one, other = beside.each(times, range(30), 3), beside.each(times, range(30), 5)
    both = [(a[0], b[0]) for a, b in zip(one, other, strict=True)]
    assert both == [(3 * number, 5 * number) for number in range(30)]


def test_who_waits_does_some_of_it_in_the_meantime(beside: Beside) -> None:
    assert list(beside.each(slowly, range(30))) == list(range(30))
    made = [where for _, where in beside.each(sleepy, range(30))]
    assert len(set(made)) == 2


def sleepy(number: int) -> tuple[int, int]:
    time.sleep(0.02)
    return number, os.getpid()


def test_a_process_that_is_killed_costs_nothing_but_time(beside: Beside, caplog: pytest.LogCaptureFixture) -> None:
    making = beside.each(times, range(100), 3)
    made = [next(making)]
    said = beside.do(where, 0)
    assert said is not None
    os.kill(said[1], signal.SIGKILL)
    with caplog.at_level(logging.WARNING):
        made += making
    assert [number for number, _ in made] == [3 * number for number in range(100)]
    assert beside.do(where, 1) is None
    assert [record.message for record in caplog.records if "beside" in record.message] == [
        "the process beside this one has ended; its work is done here, and takes longer"
    ]


def stuck(number: int, where: int) -> int:
    if os.getpid() != where:
        time.sleep(600)
    return number


@pytest.fixture
def impatient() -> Iterator[Beside]:
    with Beside(able=True, patience=2) as one:
        yield one


def test_a_process_that_is_stuck_is_killed_and_its_work_done_here(
    impatient: Beside, caplog: pytest.LogCaptureFixture
) -> None:
    said, begun = impatient.do(where, 0), time.monotonic()
    assert said is not None
    with caplog.at_level(logging.WARNING):
        assert list(impatient.each(stuck, range(20), os.getpid())) == list(range(20))
    assert 2 <= time.monotonic() - begun < 60
    assert not _lives_on(said[1])
    assert impatient.do(where, 1) is None
    assert [record.message for record in caplog.records if "beside" in record.message] == [
        "the process beside this one has given no answer for 2 s, and was killed; its work is done here, and takes longer"
    ]


def test_who_waits_while_others_get_their_answers_is_not_taken_for_stuck(impatient: Beside) -> None:
    assert impatient.do(where, 0) is not None
    with ThreadPoolExecutor(6) as asking:
        made = list(asking.map(lambda number: impatient.do(at_leisure, number), range(6)))
    assert [said and said[0] for said in made] == list(range(6))
    assert {said and said[1] for said in made} != {os.getpid()}


def at_leisure(number: int) -> tuple[int, int]:
    time.sleep(0.6)
    return number, os.getpid()


@pytest.mark.parametrize("well", [True, False])
def test_a_process_that_is_stuck_keeps_nobody_from_going(impatient: Beside, well: bool) -> None:
    said = impatient.do(where, 0)
    assert said is not None
    with ThreadPoolExecutor(1) as asking:
        waiting = asking.submit(impatient.do, stuck, 1, os.getpid())
        until = time.monotonic() + 1
        while time.monotonic() < until and not waiting.running():
            time.sleep(0.01)
        time.sleep(0.3)  # until it is begun there: what has not been begun is called off
        begun = time.monotonic()
        impatient.end(wait=well)
        assert waiting.result() is None
    assert time.monotonic() - begun < 60
    assert not _lives_on(said[1])


def telling(number: int) -> int:
    raise ValueError(f"Bo Brandt, {number}")


def test_what_is_logged_of_a_failure_there_is_its_kind_and_no_value(
    beside: Beside, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert beside.do(telling, 4711) is None
    told = [logging.Formatter().format(record) for record in caplog.records if record.name == "app.kit.beside"]
    assert told == ["a piece of work could not be done beside: ValueError"]


def test_what_cannot_be_handed_over_or_fails_there_is_told_here(beside: Beside) -> None:
    assert beside.do(where, lambda: 1) is None  # no other process can have this
    assert beside.do(refusing, 3) is None
    with pytest.raises(ValueError, match="three is not wanted"):
        list(beside.each(refusing, range(6)))
    assert [number for number, _ in beside.each(times, range(3), 4)] == [0, 4, 8]


def test_without_a_core_for_it_all_is_done_here() -> None:
    with Beside(able=False) as beside:
        assert beside.do(where, 1) is None
        assert list(beside.each(where, range(3))) == [(number, os.getpid()) for number in range(3)]


def test_once_it_is_let_go_all_is_done_here(beside: Beside) -> None:
    said = beside.do(where, 1)
    assert said is not None
    beside.end()
    assert not _lives(said[1])
    assert beside.do(where, 1) is None
    assert list(beside.each(where, range(3))) == [(number, os.getpid()) for number in range(3)]


def test_it_needs_two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    with Beside() as beside:
        assert beside.do(where, 1) is None


PARENT = """
import os, sys, time
from app.kit.beside import Beside
if __name__ == "__main__":
    with Beside(able=True) as beside:
        print(beside.do(os.getpid), flush=True)
        time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_the_one_that_started_it_however_that_ends(how: signal.Signals, tmp_path: object) -> None:
    script = f"{tmp_path}/parent.py"
    with open(script, "w") as file:
        file.write(PARENT)
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        os.kill(child, 0)
        os.kill(parent.pid, how)
    assert not _lives_on(child)


def _lives_on(number: int) -> bool:
    """Whether it is still there in a while."""
    until = time.monotonic() + 10
    while time.monotonic() < until and _lives(number):
        time.sleep(0.02)
    return _lives(number)


def _lives(number: int) -> bool:
    try:
        with open(f"/proc/{number}/stat") as told:
            return told.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
