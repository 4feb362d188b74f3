"""Sign-ins at the console."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.actors import actors, queries, sessions
from app.actors.actor import Role
from app.actors.tables import ActorRow, SessionRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow
from tests import make

LIMITS = sessions.Limits(idle=timedelta(hours=2), whole=timedelta(hours=12))


def _ada(session: Session, at: datetime, *roles: Role) -> ActorRow:
    given: dict[Role, datetime | None] = dict.fromkeys(roles or (Role.REVIEWER,))
    return actors.make(session, "Ada", given, by=make.ADMIN, at=at)


def _begin(session: Session, actor: ActorRow, at: datetime, way: str = "oidc") -> tuple[SessionRow, str]:
    return sessions.begin(session, actor, way=way, entry=os.urandom(32), limits=LIMITS, at=at)


def _enters(session: Session, value: str, at: datetime) -> bool:
    try:
        sessions.resume(session, value, limits=LIMITS, at=at)
    except Refused as refused:
        if (refused.refusal.code, refused.refusal.status) != ("not_signed_in", 401):
            raise
        return False
    return True


def test_a_session_is_its_actors_with_the_roles_of_this_moment(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ada = _ada(session, at, Role.REVIEWER, Role.IT_SECURITY)
        _, value = _begin(session, ada, at)
        actor, _ = sessions.resume(session, value, limits=LIMITS, at=at)
    assert (actor.id, actor.way, actor.roles) == (ada.id, "oidc", {Role.REVIEWER, Role.IT_SECURITY})


def test_only_a_hash_is_kept(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        row, value = _begin(session, _ada(session, at), at)
    assert len(value) == 43
    assert value.encode() not in row.hash
    assert value != row.id


def test_what_let_in_lets_in_once(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ada, entry = _ada(session, at), os.urandom(32)
        sessions.begin(session, ada, way="oidc", entry=entry, limits=LIMITS, at=at)
        with pytest.raises(Refused, match="used already") as caught:
            sessions.begin(session, ada, way="oidc", entry=entry, limits=LIMITS, at=at)
        assert caught.value.refusal.status == 400
        assert session.scalar(select(func.count()).select_from(SessionRow)) == 1


@pytest.mark.parametrize(
    ("later", "welcome"),
    [(timedelta(0), True), (timedelta(hours=1, minutes=59), True), (timedelta(hours=2), False)],
)
def test_a_session_idles_out(database: Database, at: datetime, later: timedelta, welcome: bool) -> None:
    with database.transaction() as session:
        _, value = _begin(session, _ada(session, at), at)
        assert _enters(session, value, at + later) == welcome


def test_a_session_ends_after_its_time_however_busy(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        row, value = _begin(session, _ada(session, at), at)
        for hours in range(1, 12):
            sessions.note_use(session, row.id, at=at + timedelta(hours=hours))
        assert _enters(session, value, at + timedelta(hours=11, minutes=59))
        assert not _enters(session, value, at + timedelta(hours=12))


def test_a_session_ends_with_its_actor(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ada = _ada(session, at)
        row, value = _begin(session, ada, at)
        actors.end(session, ada, by=make.ADMIN, at=at)
        assert not _enters(session, value, at)
        sessions.note_use(session, row.id, at=at + timedelta(minutes=5))
        session.flush()
        session.expire_all()
        assert session.get_one(SessionRow, row.id).seen == at


def test_ending_all_but_one_leaves_that_one_and_others_alone(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ada, bo = _ada(session, at), actors.make(session, "Bo", {Role.REVIEWER: None}, by=make.ADMIN, at=at)
        here, there, bos = (_begin(session, each, at) for each in (ada, ada, bo))
        assert sessions.end_all(session, ada.id, but=here[0].id, by=make.ADMIN, at=at) == 1
        assert [_enters(session, value, at) for _, value in (here, there, bos)] == [True, False, True]
        assert [row.id for row in queries.sessions_of(session, ada.id, at=at)] == [here[0].id]


def test_beginning_and_ending_are_in_the_ledger(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        row, _ = _begin(session, _ada(session, at), at, way="invitation")
        sessions.end(session, row, by=make.ADMIN, at=at)
        sessions.end(session, row, by=make.ADMIN, at=at)  # once more changes nothing
        told = session.scalars(select(EntryRow).where(EntryRow.kind.like("session.%")).order_by(EntryRow.id)).all()
    assert [(entry.kind, entry.body["session"]) for entry in told] == [
        ("session.begun", row.id),
        ("session.ended", row.id),
    ]
    assert told[0].body["way"] == "invitation"


@pytest.mark.parametrize("value", ["", "x", "ä", "\udcff", "A" * 43, "a" * 5000])
def test_whatever_is_no_cookie_of_ours_opens_nothing(database: Database, at: datetime, value: str) -> None:
    with database.transaction() as session:
        assert not _enters(session, value, at)


def test_sessions_long_over_are_forgotten(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ada = _ada(session, at)
        _begin(session, ada, at)
        young, _ = _begin(session, ada, at + timedelta(days=9))
        sessions.forget(session, before=at + timedelta(days=5))
        assert session.scalars(select(SessionRow.id)).all() == [young.id]
