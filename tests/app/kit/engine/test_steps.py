"""What a job's steps gave, and whose the job is."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.kit.db import Database
from app.kit.engine.runs import Interrupted
from app.kit.engine.steps import KeptSteps, as_json
from app.kit.engine.tables import StepRow


@pytest.fixture
def start(database: Database) -> Callable[[], KeptSteps]:
    """Starts the same job once more, as another process would."""
    return lambda: KeptSteps(database, "job:1", threading.Event())


def test_a_later_start_reads_back_what_an_earlier_one_kept(start: Callable[[], KeptSteps]) -> None:
    first = start()
    assert (first.step("a", lambda: 1), first.step("a", lambda: 2), first.step("b", lambda: None)) == (1, 2, None)
    second = start()
    assert (second.step("b", lambda: 9), second.step("a", lambda: 9), second.step("a", lambda: 9)) == (None, 1, 2)


def test_a_former_start_does_not_begin_another_step(start: Callable[[], KeptSteps]) -> None:
    former = start()
    start()
    ran: list[str] = []
    with pytest.raises(Interrupted):
        former.step("a", lambda: ran.append("a"))
    assert ran == []


def test_a_former_start_does_not_keep_what_its_last_step_gave(
    start: Callable[[], KeptSteps], database: Database
) -> None:
    former = start()
    with pytest.raises(Interrupted):
        former.step("a", lambda: [start() and "taken over meanwhile"])
    with database.reading() as session:
        assert session.scalars(select(StepRow)).all() == []


def test_a_former_start_does_not_postpone_the_next_attempt(start: Callable[[], KeptSteps]) -> None:
    former = start()
    start()
    with pytest.raises(Interrupted):
        former.failed(3600)
    assert start().attempt == 1


def test_starts_are_counted_until_a_step_ends(start: Callable[[], KeptSteps]) -> None:
    assert [start().starts for _ in range(3)] == [1, 2, 3]
    start().step("a", lambda: 1)
    assert start().starts == 1


def test_a_start_that_was_merely_stopped_does_not_count(start: Callable[[], KeptSteps]) -> None:
    for _ in range(3):
        stopped = start()
        assert stopped.starts == 1
        stopped.let_go()


def test_an_attempt_goes_on_where_the_last_process_left_it(start: Callable[[], KeptSteps]) -> None:
    start().failed(0)
    start().failed(0)
    assert start().attempt == 3


def test_a_pause_is_sat_out_by_whoever_goes_on_with_the_job(database: Database) -> None:
    stopping = threading.Event()
    KeptSteps(database, "job:1", stopping).failed(3600)
    stopping.set()
    with pytest.raises(Interrupted):
        KeptSteps(database, "job:1", stopping).wake()


def test_a_worker_that_is_stopping_begins_no_step(database: Database) -> None:
    stopping = threading.Event()
    steps = KeptSteps(database, "job:1", stopping)
    stopping.set()
    with pytest.raises(Interrupted):
        steps.step("a", lambda: 1)


@pytest.mark.parametrize("value", [object(), float("nan"), {1, 2}, b"bytes"])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="must be JSON"):
        as_json(value)
