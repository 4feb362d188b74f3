"""Making actors, giving roles with an end, and letting nobody in any more."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.actors import actors, queries, tokens
from app.actors.actor import Actor, Role
from app.actors.tables import ActorRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow
from tests import make


def _held(database: Database, actor_id: str, at: datetime) -> frozenset[Role] | None:
    with database.reading() as session:
        found = queries.actor(session, actor_id, way="token", at=at)
    return found.roles if found is not None else None


def test_a_role_is_held_until_its_end_and_not_a_moment_longer(database: Database, at: datetime) -> None:
    until = at + timedelta(days=14)
    with database.transaction() as session:
        row = actors.make(session, "Ode", {Role.AUDITOR: until, Role.REVIEWER: None}, by=make.ADMIN, at=at)
    assert _held(database, row.id, until - timedelta(microseconds=1)) == {Role.AUDITOR, Role.REVIEWER}
    assert _held(database, row.id, until) == {Role.REVIEWER}


def test_everyone_is_listed_with_the_roles_they_still_hold(database: Database, at: datetime) -> None:
    until = at + timedelta(days=14)
    with database.transaction() as session:
        actors.make(session, "Ode", {Role.AUDITOR: until, Role.REVIEWER: None}, by=make.ADMIN, at=at)
    with database.reading() as session:
        told = [[(row.name, roles) for row, roles in queries.everyone(session, at=when)] for when in (at, until)]
    assert told == [[("Ode", ["auditor", "reviewer"])], [("Ode", ["reviewer"])]]


def test_an_auditor_without_an_end_is_refused_and_nobody_is_made(database: Database, at: datetime) -> None:
    with pytest.raises(Refused) as refused, database.transaction() as session:
        actors.make(session, "Ode", {Role.AUDITOR: None}, by=make.ADMIN, at=at)
    assert (refused.value.refusal.code, refused.value.refusal.status) == ("end_missing", 422)
    with database.reading() as session:
        assert session.scalars(select(ActorRow)).all() == []


@pytest.mark.parametrize("role", list(Role))
def test_no_role_ends_in_the_past(database: Database, at: datetime, role: Role) -> None:
    with pytest.raises(Refused, match="in the past"), database.transaction() as session:
        actors.make(session, "Ode", {role: at}, by=make.ADMIN, at=at)


def test_an_address_belongs_to_one_actor_however_it_is_spelt(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ada = actors.make(session, "Ada", {Role.ADMIN: None}, email=" Ada@Example.com ", by=make.ADMIN, at=at)
        assert queries.by_email(session, "ADA@example.COM") is ada
        with pytest.raises(Refused, match=r"ada@example\.com is an actor already"):
            actors.make(session, "Ada", {Role.ADMIN: None}, email="ada@EXAMPLE.com", by=make.ADMIN, at=at)


def test_name_and_address_enter_the_ledger_only_as_commitments(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        actors.make(session, "Ada Lovelace", {Role.ADMIN: None}, email="ada@example.com", by=make.ADMIN, at=at)
        entry = session.scalars(select(EntryRow)).one()
    assert (entry.kind, entry.author, entry.body["roles"]) == ("actor.made", make.ADMIN.id, ["admin"])
    assert "Lovelace" not in repr(entry.body)
    assert "ada@example.com" not in repr(entry.body)


def test_who_has_ended_gets_in_no_more_and_what_was_done_stays(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ada = actors.make(session, "Ada", {Role.IT_SECURITY: None}, by=make.ADMIN, at=at)
        presented = tokens.make(session, ada, "laptop", days=30, by=make.ADMIN, at=at)
        actors.end(session, ada, by=make.ADMIN, at=at + timedelta(hours=1))
    later = at + timedelta(hours=2)
    assert _held(database, ada.id, later) is None
    with database.reading() as session:
        with pytest.raises(Refused, match="not valid"):
            tokens.enter(session, presented, at=later)
        assert session.get(ActorRow, ada.id) is not None
        kinds = sorted(session.scalars(select(EntryRow.kind)))
    assert kinds == ["actor.changed", "actor.made", "token.made"]


def test_an_actor_has_what_it_holds_and_nothing_else() -> None:
    ada = Actor("actor-1", "Ada", frozenset({Role.REVIEWER}))
    assert ada.has(Role.ADMIN, Role.REVIEWER)
    assert not ada.has(Role.ADMIN)
    assert not ada.has()
    assert not Actor("actor-2", "Nobody").has(*Role)
