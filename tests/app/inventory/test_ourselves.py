"""Rolecall as a system: what it tells of itself, by the ordinary reading, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.actors import actors, hooks, roles, sessions, tokens
from app.actors.actor import Role
from app.actors.tables import ActorRoleRow, TokenRow
from app.inventory import identities, sync, systems
from app.inventory.tables import (
    AccountRow,
    CredentialRow,
    EntitlementRow,
    GrantRow,
    IntegrationRow,
    LoginRow,
    PrivilegeRow,
    StreamRow,
    SystemRow,
)
from app.kit.db import Database
from app.kit.secrets import Keys
from tests import make

NOW, KEYS = make.NOW, Keys(b"k" * 32)
DAY = timedelta(days=1)


def _read(database: Database, *, at: Any = NOW, run: str = "first") -> int:
    with database.transaction() as session:
        system = systems.found_ourselves(session, "rolecall/1", by=make.ADMIN, at=NOW)
    return sync.run(database, system.id, run=run, keys=KEYS, clock=lambda: at, by=make.ADMIN)


def _actor(session: Any, name: str, *held: Role, **given: Any) -> Any:
    return actors.make(session, name, dict.fromkeys(held), by=make.ADMIN, at=NOW - 90 * DAY, **given)


def test_actors_are_accounts_and_roles_are_what_they_hold(database: Database) -> None:
    with database.transaction() as session:
        ada = make.identity(session, "Ada", key="p-1")
        boss = _actor(session, "Ada", Role.ADMIN, person_key="p-1", email="ada@example.com")
        robot = _actor(session, "Nightly", Role.SERVICE)
        gone = _actor(session, "Gone", Role.REVIEWER)
        actors.end(session, gone, by=make.ADMIN, at=NOW - DAY)
    snapshot = _read(database)
    with database.transaction() as session:
        identities.match(session, by=make.ADMIN, at=NOW)
        rows = {row.key: row for row in session.scalars(select(AccountRow))}
        assert {(row.name, row.kind, row.active) for row in rows.values()} == {
            ("Ada", "person", True), ("Nightly", "service", True), ("Gone", "person", False),
        }  # fmt: skip
        assert (rows[boss.id].identity_id, rows[boss.id].matched_by) == (ada.id, "roster_id")
        held = session.execute(
            select(AccountRow.name, EntitlementRow.key)
            .join(GrantRow, GrantRow.account_id == AccountRow.id)
            .join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
            .where(GrantRow.ended.is_(None))
        )
        assert set(held) == {("Ada", "admin"), ("Nightly", "service")}  # whoever has ended holds nothing
        may = session.scalars(select(PrivilegeRow.privilege).where(PrivilegeRow.account_id == rows[boss.id].id))
        assert {"administer", "manage_people"} <= set(may)
        assert robot.id in rows
        told = select(StreamRow.stream, StreamRow.verdict).where(StreamRow.snapshot_id == snapshot)
        verdicts = dict(session.execute(told).all())
        assert (
            verdicts.pop("sessions") == "not_collected"
        )  # who is signed in now is nobody's business unless switched on
        assert set(verdicts.values()) == {"complete"}


def test_tokens_and_what_opens_other_systems_are_credentials_without_their_values(database: Database) -> None:
    with database.transaction() as session:
        boss = _actor(session, "Ada", Role.ADMIN)
        live, revoked = (
            tokens.make(session, boss, label, days=30, by=make.ADMIN, at=NOW - DAY) for label in ("live", "dead")
        )
        tokens.make(session, boss, "expired", days=1, by=make.ADMIN, at=NOW - 2 * DAY)
        tokens.revoke(session, session.get_one(TokenRow, revoked.split("_")[1]), by=make.ADMIN, at=NOW)
        hook, _ = hooks.make(session, boss, "chat bot", days=30, keys=KEYS, by=make.ADMIN, at=NOW - DAY)
        done, _ = hooks.make(session, boss, "former bot", days=30, keys=KEYS, by=make.ADMIN, at=NOW - DAY)
        hooks.end(session, done, by=make.ADMIN, at=NOW)
        hooks.make(session, boss, "expired bot", days=1, keys=KEYS, by=make.ADMIN, at=NOW - 2 * DAY)
        crm = make.system(session, name="Acme", kind="salesforce")
        crm.reader_secret, crm.executor_secret, crm.writing = b"r", b"e", ["deactivate"]
    _read(database)
    with database.reading() as session:
        found = {row.key: row for row in session.scalars(select(CredentialRow))}
        number = live.split("_")[1]
        systems_own = {f"system:{crm.id}:reader", f"system:{crm.id}:executor"}
        assert found.keys() == {f"token:{number}", f"hook:{hook.id}", *systems_own}
        assert (found[f"hook:{hook.id}"].label, found[f"hook:{hook.id}"].scopes) == ("chat bot (Ada)", ["decide"])
        assert found[f"token:{number}"].label == "live (Ada)"
        assert live.split("_", 2)[2] not in str([vars(row) for row in found.values()])
        (integration,) = session.scalars(select(IntegrationRow))
        assert (integration.name, integration.scopes) == ("Acme", ["read", "deactivate"])
        assert found[f"system:{crm.id}:reader"].integration_id == integration.id


def test_an_installation_with_nobody_in_it_yet_is_read_completely(database: Database) -> None:
    """Whoever sits at the command line is no actor; of any other system that names no account, nothing is believed."""
    snapshot = _read(database)
    with database.reading() as session:
        row = session.get_one(StreamRow, (snapshot, "accounts"))
        assert (row.verdict, row.records) == ("complete", 0)


def test_a_sign_in_is_a_sign_in(database: Database) -> None:
    with database.transaction() as session:
        ada = _actor(session, "Ada", Role.REVIEWER)
        limits = sessions.Limits(timedelta(hours=1), timedelta(hours=8))
        sessions.begin(session, ada, way="oidc", entry=b"e" * 32, limits=limits, at=NOW - DAY)
    _read(database)
    with database.reading() as session:
        (row,) = session.scalars(select(LoginRow))
        assert (row.way, row.at) == ("oidc", NOW - DAY)
        assert session.scalars(select(AccountRow.last_login)).one() == NOW - DAY


def test_a_role_that_was_taken_or_has_run_out_is_gone_from_the_next_reading(database: Database) -> None:
    with database.transaction() as session:
        ada = _actor(session, "Ada", Role.REVIEWER, Role.IT_SECURITY)
        roles.give(session, ada, Role.AUDITOR, until=NOW + DAY, by=make.ADMIN, at=NOW)
    _read(database)
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(GrantRow).where(GrantRow.ended.is_(None))) == 3
        roles.take(session, ada, Role.REVIEWER, by=make.ADMIN, at=NOW)
    _read(database, at=NOW + 2 * DAY, run="second")
    with database.reading() as session:
        live = select(EntitlementRow.key).join(GrantRow, GrantRow.entitlement_id == EntitlementRow.id)
        assert session.scalars(live.where(GrantRow.ended.is_(None))).all() == ["it_security"]
        assert len(session.scalars(select(ActorRoleRow)).all()) == 2  # the one that ran out is still on file


def test_this_installation_is_one_system_whatever_happens(database: Database) -> None:
    with database.transaction() as session:
        make.system(session, name="Rolecall")
        first = systems.found_ourselves(session, "rolecall/1", by=make.ADMIN, at=NOW)
        again = systems.found_ourselves(session, "rolecall/1", by=make.ADMIN, at=NOW)
        assert (first.id, first.name) == (again.id, "Rolecall (this installation)")
        session.add(SystemRow(name="x", kind="rolecall", config={}, writing=[], added=NOW))
        with pytest.raises(IntegrityError):
            session.flush()
        session.rollback()


def test_a_role_from_a_group_belongs_to_the_group(database: Database) -> None:
    """Taken here, it would be given again at the next sign-in."""
    with database.transaction() as session:
        ada = _actor(session, "Ada", Role.REVIEWER)
        session.get_one(ActorRoleRow, (ada.id, Role.REVIEWER)).from_group = True
    _read(database)
    with database.reading() as session:
        assert session.scalars(select(GrantRow.authority)).one() == "idp"
