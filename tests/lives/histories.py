"""Twenty histories side by side: random steps over the public verbs, some of which die half way, and then whatever is left
to do. Each team draws its own steps from its own seed; what concerns all is drawn from the first one's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random
from typing import Any

from sqlalchemy import func, select

from app.kit.refusal import Refused
from app.remediation.policy import TASKS, Status
from app.remediation.tables import RemediationRow
from tests.lives import course, readings, removing, steps, wrong
from tests.lives.world import TEAMS, Died, One, Team, Template, World, begin, status

ROUNDS = 5  # a step of each team, then some that concern all; in the second half it may end, and go on from there
ENDS = (steps.ENDING, steps.AFTER, steps.AFTER, steps.AFTER)
DIES = 0.1  # of the steps
CALLS_DIE = 0.3  # of the runs of the lane
Cheat = Callable[[World], None]


def live(
    database: One, template: Template, seed: int, cheat: Cheat | None = None, rounds: int = ROUNDS
) -> tuple[World, list[str]]:
    """Live the histories of `seed` and the nineteen after it, and undo them. Says what was wrong. `cheat` does, half way,
    something that no verb would."""
    with database.trying():
        world = begin(database, template, seed)
        for number in range(rounds):
            ends = number > rounds // 2
            for team in world.teams:
                _own(world, team, steps.OWN_AFTER if ends and team.random.random() < 0.7 else steps.OWN)
            for phase in ENDS if ends else (steps.GOING_ON,) * 2:
                _common(world, phase)
            if cheat is not None and number == rounds // 2:
                cheat(world)
        with database.reading() as session:
            found = list(wrong.now(session, world))
        return world, found or _rest(world)


def _own(world: World, team: Team, of: Mapping[str, Any]) -> None:
    (name,) = team.random.choices(list(of), [weight for weight, _ in of.values()])
    team.steps.append(f"{name}: {_tried(world, team.random, name, lambda: of[name][1](world, team))}")


def _common(world: World, phase: int) -> None:
    (name,) = world.random.choices(list(steps.COMMON), [row[phase] for row in steps.COMMON.values()])
    if name.startswith("carry out") and world.random.random() < CALLS_DIE:
        setattr(world.crm, world.random.choice(("before_look", "before_effect", "after_effect")), _die)
    said = _tried(world, world.random, name, lambda: steps.COMMON[name][3](world))
    for team in world.teams:
        team.steps.append(f"{name}: {said}")


def _tried(world: World, rng: Random, name: str, step: Callable[[], str]) -> str:
    """One step, or a part of it: the process dies at a statement or around a call, and what comes next goes on."""
    if rng.random() < DIES:
        world.database.dies_at = rng.randint(1, 40)
    try:
        said = step()
        world.done[name] += 1
        return said
    except Refused as refused:
        world.done["refused"] += 1
        return f"refused, {refused.refusal.code}"
    except Died:
        world.done["died"] += 1
        return "died"
    finally:
        world.database.dies_at = 0
        world.crm.before_effect = world.crm.after_effect = world.crm.before_look = lambda name: None


def _die(name: str) -> None:
    raise Died


def _rest(world: World) -> list[str]:
    """Bring the review to its end and every removal to its outcome, as operators and workers would."""
    with world.database.reading() as session:
        now = status(session, world.campaign_id)
    if now == "open":
        course.end(world)
    if now != "cancelled":
        world.now += timedelta(days=10)  # whatever was to end on a day has ended
        removing.promise(world)
        for go in (removing.carry_out, removing.carry_out_and_stop, removing.carry_out):  # nobody released what waits
            go(world)
        for _ in range(6):
            removing.let_go_on(world)
            removing.carry_out(world)
            _by_hand(world)
            readings.read_all(world)
            if not _moving(world):
                break
    with world.database.reading() as session:
        return [*wrong.now(session, world), *wrong.at_rest(session, world)]


def _by_hand(world: World) -> None:
    waiting = select(RemediationRow).where(RemediationRow.status.in_((*TASKS, Status.RETURNED)))
    with world.database.transaction() as session:
        for row in session.scalars(waiting.order_by(RemediationRow.id)).all():
            removing.do_by_hand(world, session, row, again=False)


def _moving(world: World) -> int:
    left = (
        select(func.count())
        .select_from(RemediationRow)
        .where(RemediationRow.status.not_in((Status.VERIFIED, Status.UNDONE)))
    )
    with world.database.reading() as session:
        return session.scalar(left) or 0


def told(world: World, found: list[str]) -> str:
    """What to read when something went wrong: what, the seeds, and every step of every team."""
    lines = [*found, f"make soak LIVES=1 SEED={world.teams[0].seed} RUNS={TEAMS}"]
    for team in world.teams:
        lines += [f"seed {team.seed}, items {list(team.items)}", *(f"    {step}" for step in team.steps)]
    return "\n".join(lines)
