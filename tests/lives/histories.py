"""Twenty histories side by side: random steps over the public verbs, some of which die half way, and then whatever is left
to do. Each team draws its own steps from its own seed; what concerns all is drawn from the first one's.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from sqlalchemy import func, select

from app.kit.refusal import Refused
from app.remediation.policy import TASKS, Status
from app.remediation.tables import RemediationRow
from tests.lives import readings, steps, wrong
from tests.lives.world import TEAMS, Died, One, Team, Template, World, begin, status

ROUNDS = 5  # a step of each team, then one that concerns all; in the second half it may end, and go on from there
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
            for team in world.teams:
                _own(world, team)
            for phase in (steps.ENDING, steps.AFTER, steps.AFTER) if number > rounds // 2 else (steps.GOING_ON,):
                _common(world, phase)
            if cheat is not None and number == rounds // 2:
                cheat(world)
        with database.reading() as session:
            found = list(wrong.now(session, world))
        return world, found or _rest(world)


def _own(world: World, team: Team) -> None:
    (name,) = team.random.choices(list(steps.OWN), [weight for weight, _ in steps.OWN.values()])
    team.steps.append(f"{name}: {_tried(world, team.random, name, lambda: steps.OWN[name][1](world, team))}")


def _common(world: World, phase: int) -> None:
    (name,) = world.random.choices(list(steps.COMMON), [row[phase] for row in steps.COMMON.values()])
    if name == "carry out" and world.random.random() < CALLS_DIE:
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
        _close(world)
    if now != "cancelled":
        steps.promise(world)
        for _ in range(5):
            steps.carry_out(world)
            _by_hand(world)
            readings.read_all(world)
            if not _moving(world):
                break
    with world.database.reading() as session:
        return [*wrong.now(session, world), *wrong.at_rest(session, world)]


def _close(world: World) -> None:
    """Silence keeps what it may, and takes away the rest."""
    for silent in ("keep", "remove"):
        try:
            steps.close(world, silent)
            return
        except Refused as refused:
            if refused.refusal.code == "drift_undecided":
                steps.decide_drift(world)
    steps.close(world, "remove")


def _by_hand(world: World) -> None:
    waiting = select(RemediationRow).where(RemediationRow.status.in_((*TASKS, Status.RETURNED)))
    with world.database.transaction() as session:
        for row in session.scalars(waiting.order_by(RemediationRow.id)).all():
            steps.do_by_hand(world, session, row, again=False)


def _moving(world: World) -> int:
    left = select(func.count()).select_from(RemediationRow).where(RemediationRow.status != Status.VERIFIED)
    with world.database.reading() as session:
        return session.scalar(left) or 0


def told(world: World, found: list[str]) -> str:
    """What to read when something went wrong: what, the seeds, and every step of every team."""
    lines = [*found, f"make soak LIVES=1 SEED={world.teams[0].seed} RUNS={TEAMS}"]
    for team in world.teams:
        lines += [f"seed {team.seed}, items {list(team.items)}", *(f"    {step}" for step in team.steps)]
    return "\n".join(lines)
