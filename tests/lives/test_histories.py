"""Whatever people, workers and crashes do to a review, it never has an item without a reviewer, a decision without an
author, a removal without an outcome, or two. Two hundred random histories on each database; `make soak` has more."""

from __future__ import annotations

import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import update

from app.kit.db import Database
from app.review.tables import CampaignRow, DecisionRow, ItemRow, TaskRow
from tests.lives import histories, steps
from tests.lives.histories import Cheat
from tests.lives.world import COURSES, NOW, TEAMS, Company, One, World, company, opened

pytestmark = pytest.mark.slow

FIRST, HISTORIES = int(os.environ.get("LIVES_SEED", "0")), int(os.environ.get("LIVES_RUNS", "200"))


@contextmanager
def town(database: Database) -> Iterator[tuple[One, Company]]:
    one = One(database)
    try:
        yield one, company(one)
    finally:
        one.undo()


def test_no_history_loses_a_reviewer_an_author_or_an_outcome(database: Database) -> None:
    done: Counter[str] = Counter()
    with town(database) as (one, whose):
        for number, course in enumerate(COURSES):
            with one.trying():
                template = opened(one, whose, course)
                for seed in range(FIRST, FIRST + HISTORIES, TEAMS):
                    if seed // TEAMS % len(COURSES) == number:
                        world, wrong = histories.live(one, template, seed)
                        assert wrong == [], histories.told(world, wrong)
                        done += world.done
    if HISTORIES < 200:
        return
    # It is no use if nothing happens: each step came about (but closing without a word, which always finds somebody who
    # has not answered, and of two hundred those that few reviews see), and many died.
    rare = (
        {"close"} if HISTORIES >= 2_000 else {"close", "cancel", "close over silence", "resume", "carry out and stop"}
    )
    assert {*steps.OWN, *steps.OWN_AFTER, *steps.COMMON} - done.keys() <= rare
    assert done["died"] > 10
    assert done["refused"] < sum(done.values()) / 2


def _moved_away(world: World) -> None:
    """An item goes to a task of another review."""
    with world.database.transaction() as session:
        other = CampaignRow(
            name="elsewhere", status="cancelled", scope={}, opened_at=NOW, opened_by="x", due_at=NOW, closed_at=NOW
        )
        session.add(other)
        session.flush()
        task = TaskRow(campaign_id=other.id, reviewer_id=world.teams[0].manager.id)
        session.add(task)
        session.flush()
        session.execute(update(ItemRow).where(ItemRow.id == world.teams[0].items[0]).values(task_id=task.id))


def _nobody_said_so(world: World) -> None:
    """A decision is there that nobody gave."""
    with world.database.transaction() as session:
        item, at = world.teams[0].items[0], world.later()
        session.add(DecisionRow(id=uuid.uuid4(), item_id=item, answer="keep", reason="", by="", way="cli", at=at))
        session.execute(update(ItemRow).where(ItemRow.id == item).values(outcome="keep"))


def _trigger(when: str, then: str) -> Cheat:
    def cheat(world: World) -> None:
        with world.database.transaction() as session:
            session.connection().exec_driver_sql(f"CREATE TRIGGER cheat {when} BEGIN {then}; END")

    return cheat


CHEATS = {
    "no reviewer": _moved_away,
    "no author": _nobody_said_so,
    "has 0 removals": _trigger("AFTER INSERT ON remediations", "DELETE FROM remediations WHERE id = new.id"),
    "and the last decision was": _trigger(
        "AFTER UPDATE OF outcome ON items WHEN new.outcome = 'keep'",
        "UPDATE items SET outcome = 'remove' WHERE id = new.id",
    ),
}


def test_each_of_the_four_would_be_found(make_database: Callable[[str], str]) -> None:
    database = Database(make_database("sqlite"), durable=False)
    with town(database) as (one, whose):
        template = opened(one, whose, COURSES[0])
        for says, cheat in CHEATS.items():
            _, wrong = histories.live(one, template, 0, cheat, rounds=2)
            assert any(says in each for each in wrong), (says, wrong)
    database.close()
