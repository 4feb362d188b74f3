"""Steps of removals: promised, held, released, stopped, carried out, done by a person, and undone."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import SCHEDULER, Actor
from app.kit.refusal import Refused
from app.kit.secrets import Keys
from app.remediation import braking, lane, releases, remediations, stops, undoings
from app.remediation.policy import TASKS, Status
from app.remediation.tables import RemediationRow
from tests.lives import readings
from tests.lives.world import Team, World

KEYS = Keys(b"k" * 32)


# --- of one team ---


def by_hand(world: World, team: Team) -> str:
    """A person does what no machine may, or asks for another try."""
    with world.database.transaction() as session:
        waiting = [row for row in _of(session, team) if row.status in (*TASKS, Status.RETURNED)]
        if not waiting:
            return "nothing waits for a person"
        return do_by_hand(world, session, waiting[0], again=team.random.random() < 0.3)


def do_by_hand(world: World, session: Session, row: RemediationRow, *, again: bool) -> str:
    """One removal that waits for a person."""
    if row.status == Status.RETURNED or again:
        remediations.try_again(session, row, "once more", by=world.admin, at=world.later())
        return f"{row.subject} is tried again"
    readings.by_a_person(world, row)
    remediations.say_done(session, row, "in Setup", by=world.admin, at=world.later())
    return f"{row.subject} was done by hand"


def undo(world: World, team: Team) -> str:
    """Somebody decides that access may be there again; now and then it is their own."""
    own = team.random.random() < 0.1
    with world.database.transaction() as session:
        mine = _of(session, team)
        if not mine:
            return "nothing is taken away"
        by = team.person.actor() if own else world.admin
        row = team.random.choice(mine)
        made = undoings.undo(session, row, "needed after all", by=by, at=world.later())
        return f"{by.name} undoes {row.subject}, which gives back {made.subject}"


def _of(session: Session, team: Team) -> list[RemediationRow]:
    mine = select(RemediationRow.account_id).where(RemediationRow.item_id.in_(team.items))
    return list(
        session.scalars(select(RemediationRow).where(RemediationRow.account_id.in_(mine)).order_by(RemediationRow.id))
    )


# --- of all ---


def promise(world: World) -> str:
    """The removals of the review are promised, as the worker does it once it was closed."""
    with world.database.transaction() as session:
        systems = remediations.open_for(session, world.campaign_id, by=SCHEDULER, at=world.later())
    return f"{len(systems)} systems to go to"


def carry_out(world: World) -> str:
    """The worker takes away what is to be taken away; what needs a second person's word waits for it."""
    told = lane.carry_out(
        world.database, world.system_id, keys=KEYS, clock=world.later, by=SCHEDULER, brakes=world.brakes,
        open_executor=world.crm.open,
    )  # fmt: skip
    return str(told)


def carry_out_and_stop(world: World) -> str:
    """Somebody stops everything while the worker is in the middle of it."""
    world.crm.after_effect = lambda name: _stop(world)
    return carry_out(world)


def _stop(world: World) -> None:
    world.crm.after_effect = lambda name: None
    with suppress(Refused):  # somebody else was first
        stop(world)


def stop(world: World) -> str:
    """Somebody stops everything."""
    with world.database.transaction() as session:
        stops.pull(session, "something is wrong", by=world.admin, at=world.later())
    return "everything is stopped"


def resume(world: World) -> str:
    """Somebody ends the stop."""
    with world.database.transaction() as session:
        stops.end(session, "it was nothing", by=world.admin, at=world.later())
    return "the stop is over"


def release(world: World) -> str:
    """Somebody who looked at the list lets removals begin; now and then it is who asked for them, or the list is old."""
    by = world.admin if world.random.random() < 0.2 else second(world)
    promise(world)  # there is a list to look at
    with world.database.transaction() as session:
        seen = braking.digest(braking.waiting(session, world.system_id)) if world.random.random() < 0.9 else "old"
        made = releases.release(
            session, world.system_id, seen, "looked at each", by=replace(by, way="token"), at=world.later()
        )
        return f"{by.name} releases {made.removals}"


def second(world: World) -> Actor:
    """Somebody who asks for no removal."""
    return world.template.others["Flo"].actor()


def let_go_on(world: World) -> None:
    """End what holds removals, as whoever is asked to would."""
    for step in (resume, lambda of: _released(of)):
        try:
            step(world)
        except Refused:
            continue


def _released(world: World) -> None:
    with world.database.transaction() as session:
        seen = braking.digest(braking.waiting(session, world.system_id))
        by = replace(second(world), way="oidc")
        releases.release(session, world.system_id, seen, "looked at each", by=by, at=world.later())
