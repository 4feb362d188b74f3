"""Arrivals from the identity provider."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors import actors, arrivals, queries, roles, sessions
from app.actors.actor import Role
from app.actors.arrivals import Admitted
from app.actors.claims import Arrival
from app.actors.tables import ActorRow
from app.kit.db import Database
from app.ledger.tables import EntryRow
from tests import make

LASTS = timedelta(days=90)


def come(session: Session, at: datetime, *given: Role, **more: Any) -> Admitted:
    """Ada arrives, in the groups of these roles."""
    told = {"issuer": "https://id", "subject": "ada-1", "name": "Ada", "email": "ada@example.com"} | more
    return arrivals.admit(session, Arrival(roles=frozenset(given), **told), auditor_lasts=LASTS, at=at)


def held(session: Session, admitted: Admitted, at: datetime) -> list[str]:
    assert admitted.actor is not None
    return queries.roles_of(session, admitted.actor.id, at=at)


def why(admitted: Admitted) -> str | None:
    return admitted.refusal.code if admitted.refusal else None


def test_somebody_new_becomes_an_actor_with_the_roles_of_their_groups(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        admitted = come(session, at, Role.REVIEWER)
        assert (why(admitted), held(session, admitted, at)) == (None, ["reviewer"])
        entry = session.scalars(select(EntryRow)).one()
    assert admitted.actor is not None
    assert (entry.kind, entry.author, entry.body["roles"]) == ("actor.made", admitted.actor.id, ["reviewer"])
    told = str(entry.body)  # "ada" alone could be three digits of a commitment
    assert "Ada" not in told
    assert "example" not in told


def test_somebody_is_known_by_their_subject_whatever_they_are_called(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        first = come(session, at, Role.REVIEWER)
        again = come(session, at, Role.REVIEWER, name="Ada King", email="ada.king@example.com")
        assert first.actor is again.actor
        assert again.actor is not None
        assert (again.actor.name, again.actor.email) == ("Ada King", "ada.king@example.com")


def test_signing_in_again_unchanged_writes_nothing(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        come(session, at, Role.REVIEWER)
        before = len(session.scalars(select(EntryRow.id)).all())
        come(session, at + timedelta(days=1), Role.REVIEWER)
        assert len(session.scalars(select(EntryRow.id)).all()) == before


def test_who_was_invited_is_found_by_their_verified_address_once(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        invited = actors.make(session, "Ada", {Role.ADMIN: None}, email="ada@example.com", by=make.ADMIN, at=at)
        admitted = come(session, at)
        assert admitted.actor is invited
        assert why(admitted) is None
        stranger = come(session, at, Role.ADMIN, subject="eve-1", name="Eve")
        assert (stranger.actor, why(stranger)) == (None, "address_taken")
        assert stranger.refusal is not None
        assert "Ask Ada" in stranger.refusal.way_out


def test_an_address_that_is_not_verified_finds_nobody(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        invited = actors.make(session, "Ada", {Role.ADMIN: None}, email="ada@example.com", by=make.ADMIN, at=at)
        admitted = come(session, at, Role.REVIEWER, email=None)
        assert admitted.actor is not invited
        assert held(session, admitted, at) == ["reviewer"]


def test_the_same_subject_of_another_issuer_is_somebody_else(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        first = come(session, at, Role.REVIEWER)
        other = come(session, at, Role.REVIEWER, issuer="https://other", email=None)
        assert other.actor is not first.actor


def test_an_address_of_another_is_not_taken_over(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        come(session, at, Role.REVIEWER)
        eve = come(session, at, Role.REVIEWER, subject="eve-1", name="Eve", email="eve@example.com")
        again = come(session, at, Role.REVIEWER, subject="eve-1", name="Eve", email="ada@example.com")
        assert again.actor is eve.actor
        assert eve.actor is not None
        assert eve.actor.email == "eve@example.com"


def test_groups_are_followed_and_what_an_admin_gave_stays(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        admitted = come(session, at, Role.REVIEWER, Role.IT_SECURITY)
        assert admitted.actor is not None
        roles.give(session, admitted.actor, Role.ADMIN, by=make.ADMIN, at=at)
        admitted = come(session, at, Role.REVIEWER)
        assert held(session, admitted, at) == ["admin", "reviewer"]
        entry = session.scalars(select(EntryRow).order_by(EntryRow.id.desc()).limit(1)).one()
    assert (entry.kind, entry.body["given"], entry.body["taken"]) == ("actor.changed", [], ["it_security"])


def test_who_has_left_the_last_group_is_refused_and_loses_the_role_at_once(database: Database, at: datetime) -> None:
    limits = sessions.Limits(timedelta(hours=2), timedelta(hours=12))
    with database.transaction() as session:
        admitted = come(session, at, Role.ADMIN)
        assert admitted.actor is not None
        old, _ = sessions.begin(session, admitted.actor, way="oidc", entry=os.urandom(32), limits=limits, at=at)
    with database.transaction() as session:
        gone = come(session, at + timedelta(hours=1))
        assert (why(gone), held(session, gone, at)) == ("in_no_group", [])
    with database.reading() as session:
        assert queries.roles_of(session, admitted.actor.id, at=at) == []
        session.add(old)
        session.refresh(old)
        assert old.ended == at + timedelta(hours=1)


def test_somebody_new_in_no_group_leaves_no_trace(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        assert (why(come(session, at)), session.scalars(select(ActorRow)).all()) == ("in_no_group", [])


def test_who_was_ended_stays_out(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        admitted = come(session, at, Role.REVIEWER)
        assert admitted.actor is not None
        actors.end(session, admitted.actor, by=make.ADMIN, at=at)
        again = come(session, at, Role.REVIEWER)
        assert (again.actor, why(again)) == (None, "actor_ended")


def test_an_auditor_of_a_group_stays_for_a_time_that_signing_in_does_not_prolong(
    database: Database, at: datetime
) -> None:
    with database.transaction() as session:
        assert held(session, come(session, at, Role.AUDITOR), at) == ["auditor"]
        last = at + timedelta(days=89)
        assert held(session, come(session, last, Role.AUDITOR), last) == ["auditor"]
        over = come(session, at + LASTS, Role.AUDITOR)
        assert (why(over), held(session, over, at + LASTS)) == ("in_no_group", [])


def test_a_role_whose_end_has_come_is_given_again_by_a_group(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        until = at + timedelta(days=1)
        actors.make(session, "Ada", {Role.REVIEWER: until}, email="ada@example.com", by=make.ADMIN, at=at)
        assert held(session, come(session, until, Role.REVIEWER), until) == ["reviewer"]


def test_whoever_is_refused_is_told_whom_to_ask(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        for name in ("Root", "Toor"):
            actors.make(session, name, {Role.ADMIN: None}, by=make.ADMIN, at=at)
        refused = come(session, at)
    assert refused.refusal is not None
    assert "Root or Toor" in refused.refusal.way_out or "Toor or Root" in refused.refusal.way_out
