"""Roles, given and taken."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors import actors, queries, roles, sessions
from app.actors.actor import Role
from app.actors.tables import ActorRow, SessionRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow
from tests import make

LIMITS = sessions.Limits(timedelta(hours=2), timedelta(hours=12))


def _made(session: Session, at: datetime, name: str, *given: Role) -> ActorRow:
    held: dict[Role, datetime | None] = dict.fromkeys(given)
    return actors.make(session, name, held, by=make.ADMIN, at=at)


def _live(session: Session, actor: ActorRow, at: datetime) -> int:
    return len(queries.sessions_of(session, actor.id, at=at))


def test_a_role_is_given_and_taken_with_an_entry_each(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ada = _made(session, at, "Ada", Role.REVIEWER)
        roles.give(session, ada, Role.IT_SECURITY, by=make.ADMIN, at=at)
        roles.give(session, ada, Role.IT_SECURITY, by=make.ADMIN, at=at)  # once more changes nothing
        assert queries.roles_of(session, ada.id, at=at) == ["it_security", "reviewer"]
        roles.take(session, ada, Role.REVIEWER, by=make.ADMIN, at=at)
        roles.take(session, ada, Role.REVIEWER, by=make.ADMIN, at=at)
        assert queries.roles_of(session, ada.id, at=at) == ["it_security"]
        told = session.scalars(select(EntryRow).where(EntryRow.kind == "actor.changed").order_by(EntryRow.id)).all()
    assert [entry.body for entry in told] == [{"given": ["it_security"], "until": None}, {"taken": ["reviewer"]}]


@pytest.mark.parametrize("act", ["give", "take"])
def test_a_change_of_rights_signs_out_everywhere(database: Database, at: datetime, act: str) -> None:
    with database.transaction() as session:
        ada, bo = _made(session, at, "Ada", Role.REVIEWER), _made(session, at, "Bo", Role.REVIEWER)
        for actor in (ada, ada, bo):
            sessions.begin(session, actor, way="oidc", entry=os.urandom(32), limits=LIMITS, at=at)
        if act == "give":
            roles.give(session, ada, Role.ADMIN, by=make.ADMIN, at=at)
        else:
            roles.take(session, ada, Role.REVIEWER, by=make.ADMIN, at=at)
        assert (_live(session, ada, at), _live(session, bo, at)) == (0, 1)
        assert session.scalars(select(SessionRow.ended).where(SessionRow.actor_id == ada.id)).all() == [at, at]


def test_the_last_admin_stays_one(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        root, old = _made(session, at, "Root", Role.ADMIN), _made(session, at, "Old", Role.ADMIN)
        actors.end(session, old, by=make.ADMIN, at=at)
        with pytest.raises(Refused, match="last admin"):
            roles.take(session, root, Role.ADMIN, by=make.ADMIN, at=at)
        with pytest.raises(Refused, match="last admin"):
            roles.give(session, root, Role.ADMIN, until=at + timedelta(days=1), by=make.ADMIN, at=at)
        with pytest.raises(Refused, match="last admin"):
            actors.end(session, root, by=make.ADMIN, at=at)
        _made(session, at, "Next", Role.ADMIN)
        roles.take(session, root, Role.ADMIN, by=make.ADMIN, at=at)
        assert queries.admins(session, at=at) == 1


def test_an_auditor_needs_an_end_and_who_has_ended_gets_nothing(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ode = _made(session, at, "Ode", Role.REVIEWER)
        with pytest.raises(Refused, match="needs an end"):
            roles.give(session, ode, Role.AUDITOR, by=make.ADMIN, at=at)
        roles.give(session, ode, Role.AUDITOR, until=at + timedelta(days=9), by=make.ADMIN, at=at)
        actors.end(session, ode, by=make.ADMIN, at=at)
        with pytest.raises(Refused, match="gets in no more"):
            roles.give(session, ode, Role.ADMIN, by=make.ADMIN, at=at)
