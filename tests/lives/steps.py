"""What may happen in the life of a review, one row each: a name, how often, and what it does.

A step says in a few words what it tried; a verb's refusal is an answer like any other. A new verb is one more row: of a
team's steps (`OWN`) or of those that concern all (`COMMON`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.actors.actor import SCHEDULER
from app.inventory.tables import IdentityRow
from app.review import decisions, delegations, policy, successions, tasks
from app.review.aside import Aside
from app.review.decisions import Ask
from app.review.tables import ItemRow, TaskRow
from tests.app.review import cast
from tests.lives import course, readings, removing
from tests.lives.world import MACHINE, Person, Team, World

ANSWERS = (*policy.Answer, policy.WITHDRAW, *Aside, *[policy.Answer.KEEP] * 4)
TARGET = "role:more"


def _items(session: Session, team: Team) -> list[Any]:
    shares = select(ItemRow.id, ItemRow.version, ItemRow.task_id, TaskRow.reviewer_id)
    joined = shares.join(TaskRow, TaskRow.id == ItemRow.task_id)
    return list(session.execute(joined.where(ItemRow.id.in_(team.items)).order_by(ItemRow.id)))


def _circle(world: World, team: Team) -> list[Person]:
    return [team.manager, team.deputy, team.person, *world.template.others.values()]


def _reviewer(world: World, team: Team, reviewer_id: int) -> Person:
    """Whose item it is; now and then somebody else tries."""
    circle = _circle(world, team)
    whose = next((person for person in circle if person.id == reviewer_id), team.manager)
    return whose if team.random.random() < 0.9 else team.random.choice(circle)


# --- of one team ---


def decide(world: World, team: Team) -> str:
    """One person answers one item, or takes the answer back."""
    rng = team.random
    with world.database.transaction() as session:
        item = rng.choice(_items(session, team))
        by, answer = _reviewer(world, team, item.reviewer_id), str(rng.choice(ANSWERS))
        seen = item.version - (rng.random() < 0.1) if rng.random() < 0.5 else None
        until = world.now + timedelta(days=rng.randint(1, 9)) if rng.random() < 0.4 else None
        made = decisions.record(
            session, item.id, answer, reason="seen" if rng.random() < 0.9 else "",
            change_to=TARGET if answer == policy.Answer.CHANGE else None, version=seen, by=by.actor(), at=world.later(),
            until=until if answer == policy.Answer.REMOVE or rng.random() < 0.05 else None,
        )  # fmt: skip
        return f"{by.name}: {made.answer} {item.id}"


def decide_all(world: World, team: Team) -> str:
    """A reviewer answers everything of the team's at once, and may submit."""
    rng = team.random
    with world.database.transaction() as session:
        items = _items(session, team)
        by = _reviewer(world, team, items[0].reviewer_id)
        answer = str(rng.choice(("keep", "remove")))
        asks = [Ask(item.id, answer, "seen") for item in items]
        results = decisions.record_many(session, asks, by=by.actor(), at=world.later())
        refused = sum(result.refusal is not None for result in results)
    if not refused and rng.random() < 0.7:
        return f"{by.name}: {answer} all; {submit(world, team)}"
    return f"{by.name}: {answer} all, {refused} refused"


def submit(world: World, team: Team) -> str:
    """Somebody submits a share."""
    with world.database.transaction() as session:
        item = team.random.choice(_items(session, team))
        by = _reviewer(world, team, item.reviewer_id)
        tasks.submit(session, item.task_id, by=by.actor(), at=world.later())
    return f"{by.name} submits"


def reopen(world: World, team: Team) -> str:
    """An administrator opens a share again."""
    with world.database.transaction() as session:
        item = team.random.choice(_items(session, team))
        tasks.reopen(session, item.task_id, reason="a slip", by=world.admin, at=world.later())
    return f"share {item.task_id} is opened again"


def hand_on(world: World, team: Team) -> str:
    """A reviewer or an administrator hands some items on."""
    rng = team.random
    with world.database.transaction() as session:
        item, to = rng.choice(_items(session, team)), rng.choice(_circle(world, team))
        by = _reviewer(world, team, item.reviewer_id).actor() if rng.random() < 0.5 else world.admin
        given: dict[str, Any] = {"to_id": to.id, "reason": "knows better", "items": [item.id]}
        tasks.reassign(session, world.campaign_id, **given, by=by, at=world.later())
    return f"{by.name} hands {item.id} to {to.name}"


def escalate(world: World, team: Team) -> str:
    """What nobody answers goes to the owner or to a last resort, the whole share."""
    with world.database.transaction() as session:
        item = team.random.choice(_items(session, team))
        to = world.template.others[team.random.choice(("Cy", "Flo", "Fay"))]
        given: dict[str, Any] = {"to_id": to.id, "reason": "no answer", "task": item.task_id}
        tasks.reassign(session, world.campaign_id, **given, by=world.admin, at=world.later())
    return f"share {item.task_id} goes to {to.name}"


def leave(world: World, team: Team) -> str:
    """Somebody leaves the company, by the roster."""
    who = team.random.choice((team.manager, team.deputy, team.person))
    _roster(world, who, end=world.later().date() - timedelta(days=1))
    return f"{who.name} leaves"


def away(world: World, team: Team) -> str:
    """Somebody is away for a while, or back."""
    who, at = team.random.choice((team.manager, team.deputy)), world.later().date()
    gone = team.random.random() < 0.6
    _roster(world, who, away_from=at if gone else None, away_until=at + timedelta(days=60) if gone else None)
    return f"{who.name} is {'away' if gone else 'back'}"


def delegate(world: World, team: Team) -> str:
    """Somebody has a colleague decide for them, for a while."""
    rng, at = team.random, world.later()
    from_, to = rng.sample(_circle(world, team), 2)
    with world.database.transaction() as session:
        delegations.make(
            session, from_id=from_.id, to_id=to.id, reason="on a journey", until=at + timedelta(minutes=rng.randint(1, 20)),
            by=from_.actor() if rng.random() < 0.7 else world.admin, at=at,
        )  # fmt: skip
    return f"{to.name} decides for {from_.name}"


def _roster(world: World, who: Person, **values: Any) -> None:
    with world.database.transaction() as session:
        session.execute(update(IdentityRow).where(IdentityRow.id == who.id).values(**values))


# --- of all ---


def pass_on(world: World) -> str:
    """What lies with somebody who is not here moves on, as the worker does it after a roster's reading."""
    with world.database.transaction() as session:
        told = successions.pass_on(session, world.campaign_id, by=SCHEDULER, at=world.later())
    return str(told)


def keep_time(world: World) -> str:
    """Delegations begin and end by themselves."""
    with world.database.transaction() as session:
        return str(delegations.keep_time(session, by=SCHEDULER, at=world.later()))


def open_another(world: World) -> str:
    """Another review of the same things opens beside it."""
    with world.database.transaction() as session:
        return f"campaign {cast.opened(session, name=f'another {world.now}', by=MACHINE, at=world.later()).id}"


OWN: Mapping[str, tuple[int, Callable[[World, Team], str]]] = {
    "decide": (30, decide),
    "decide all": (16, decide_all),
    "submit": (6, submit),
    "reopen": (8, reopen),
    "hand on": (9, hand_on),
    "escalate": (4, escalate),
    "leave": (3, leave),
    "away": (3, away),
    "delegate": (4, delegate),
    "begin": (3, readings.begin),
}
# Of one team, once the review has ended.
OWN_AFTER: Mapping[str, tuple[int, Callable[[World, Team], str]]] = {
    "by hand": (5, removing.by_hand),
    "come back": (4, readings.come_back),
    "undo": (4, removing.undo),
    "move the end": (3, readings.move_end),
    "leave": (1, leave),
    "begin": (1, readings.begin),
}
# How often while a review goes on, when it may end, and after that.
COMMON: Mapping[str, tuple[int, int, int, Callable[[World], str]]] = {
    "days pass": (4, 1, 2, course.days_pass),
    "go on": (3, 2, 0, course.go_on),
    "escalate in time": (4, 1, 0, course.escalate_in_time),
    "ask others": (2, 1, 0, course.ask_others),
    "drift": (2, 0, 0, course.drift),
    "pass on": (2, 0, 0, pass_on),
    "keep time": (2, 0, 0, keep_time),
    "open another": (2, 0, 0, open_another),
    "close": (1, 1, 0, course.close),
    "end": (0, 16, 0, course.end),
    "close over silence": (0, 6, 0, course.close_over_silence),
    "cancel": (0, 2, 0, course.cancel),
    "stop": (1, 0, 1, removing.stop),
    "resume": (1, 0, 3, removing.resume),
    "promise": (0, 0, 8, removing.promise),
    "release": (0, 0, 8, removing.release),
    "carry out": (0, 0, 6, removing.carry_out),
    "carry out and stop": (0, 0, 2, removing.carry_out_and_stop),
    "read": (1, 0, 5, readings.read),
}
GOING_ON, ENDING, AFTER = range(3)
