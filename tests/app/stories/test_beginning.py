"""The first steps of a new installation are done when what they make is there."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.actors import actors
from app.actors.actor import Role
from app.actors.tables import ActorRoleRow, ActorRow
from app.kit.db import Database
from app.kit.secrets import Keys
from app.notices import channels
from app.review import schedules
from app.stories import beginning
from tests import make
from tests.app.stories.town import NOW, SEC

ADMIN = make.actor(None, Role.ADMIN, name="Flo")
CRM, ROSTER, READ, PEOPLE, REVIEW = range(5)


def _done(session: Session) -> list[int]:
    session.flush()
    return [at for at, step in enumerate(beginning.steps(session, by=ADMIN)) if step.done]


def test_each_step_is_done_by_what_is_there_and_by_nothing_else(database: Database) -> None:
    with database.transaction() as session:
        session.execute(delete(ActorRoleRow))
        session.execute(delete(ActorRow))
        make.system(session, kind="rolecall", name="This installation")
        roster = make.system(session, kind="roster", name="People")
        make.snapshot(session, roster)
        assert _done(session) == [], "neither the roster nor this installation is a CRM"
        crm = make.system(session)
        assert _done(session) == [CRM]
        make.snapshot(session, crm, status="failed", sealed_at=None)
        assert _done(session) == [CRM], "a reading that failed shows nothing"
        make.identity(session, "Bo")
        channels.add(
            session, name="mail", kind="file", config={}, secret={}, keys=Keys(b"k" * 32), by=make.ADMIN, at=NOW
        )
        actors.make(session, "Flo", {Role.ADMIN: None}, by=make.ADMIN, at=NOW)
        assert _done(session) == [CRM, ROSTER], "nobody but the first admin was let in"
        actors.make(session, "Ada", {Role.REVIEWER: None}, by=make.ADMIN, at=NOW)
        assert _done(session) == [CRM, ROSTER, PEOPLE]
        make.snapshot(session, crm)
        assert _done(session) == [CRM, ROSTER, READ, PEOPLE]
        schedules.add(
            session, name="Quarterly", zone="UTC", scope={"systems": "all", "fallback": "flo"}, by=make.ADMIN, at=NOW
        )
        assert not beginning.steps(session, by=ADMIN), "the installation has begun"


def test_only_who_can_take_the_steps_sees_them(database: Database) -> None:
    with database.transaction() as session:
        assert beginning.steps(session, by=ADMIN)
        assert not beginning.steps(session, by=SEC)


def test_a_removed_system_is_none(database: Database) -> None:
    with database.transaction() as session:
        make.snapshot(session, make.system(session, removed=NOW))
        assert {CRM, READ}.isdisjoint(_done(session))
