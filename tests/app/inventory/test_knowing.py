"""Facts stream in order of account, whole and of the right accounts."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy.orm import Session

from app.inventory import knowing, queries
from app.inventory.facts import AccountFacts
from app.inventory.tables import AccountRow, SystemRow
from app.kit.db import Database
from tests import make

NOW = make.NOW
DAY = timedelta(days=1)


def facts_of(session: Session, account: AccountRow) -> AccountFacts:
    (found,) = queries.account_facts(session, account.system_id, only=[account.id])
    return found


def privilege(session: Session, account: AccountRow, name: str, path: str = "1") -> None:
    entitlement = make.entitlement(session, session.get_one(SystemRow, account.system_id))
    make.privilege(session, account, entitlement, name, path=path)


def test_an_account_is_told_with_its_person_and_privileges(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session)
        boss = make.identity(session, "Ada")
        bo = make.identity(
            session, "Bo", manager_id=boss.id, department="Sales", title="Clerk", start=date(2020, 1, 1),
            end=date(2026, 12, 31), away_from=date(2026, 11, 1), away_until=date(2026, 11, 30),
        )  # fmt: skip
        account = make.account(session, system, identity_id=bo.id)
        privilege(session, account, "export", "1")
        privilege(session, account, "export", "2>1")
        privilege(session, account, "administer")
        told = facts_of(session, account)
        assert told.privileges == ("administer", "export")
        assert told.privileged
        assert told.person is not None
        assert (told.person.name, told.person.manager_id, told.person.department) == ("Bo", boss.id, "Sales")
        assert (told.person.end, told.person.away_until) == (date(2026, 12, 31), date(2026, 11, 30))
        assert told.person.in_roster
        assert told.last_login == NOW - 3 * DAY


def test_an_account_of_nobody_with_nothing_is_told_as_such(database: Database) -> None:
    with database.transaction() as session:
        told = facts_of(session, make.account(session, make.system(session), last_login=None, active=None))
        assert (told.person, told.privileges, told.unknown_privileges) == (None, (), 0)
        assert (told.last_use, told.active, told.justified_until) == (None, None, None)


def test_use_is_the_latest_of_sign_ins_and_credentials(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session)
        account = make.account(session, system, last_login=NOW - 50 * DAY)
        make.credential(session, system, account_id=account.id, last_used=NOW - DAY)
        make.credential(session, system, account_id=account.id, last_used=NOW - 9 * DAY)
        told = facts_of(session, account)
        assert (told.last_login, told.last_use) == (NOW - 50 * DAY, NOW - DAY)


def test_what_the_system_does_not_tell_is_counted_through_nesting_too(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session)
        untold = make.entitlement(session, system, privileges=None)
        group = make.entitlement(session, system)
        outer = make.entitlement(session, system)
        plain = make.entitlement(session, system)
        former = make.entitlement(session, system)
        make.edge(session, group, untold)
        make.edge(session, outer, group)
        make.edge(session, group, outer)
        make.edge(session, former, untold, ended=NOW)
        account = make.account(session, system)
        for entitlement in (untold, outer, plain, former):
            make.grant(session, account, entitlement)
        make.grant(session, account, untold, source="old", ended=NOW)
        assert facts_of(session, account).unknown_privileges == 2


def test_facts_come_in_order_without_those_that_ended_or_are_elsewhere(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session)
        mine = [make.account(session, system).id for _ in range(5)]
        gone = make.account(session, system, ended=NOW)
        other = make.account(session, make.system(session))
        assert [each.account_id for each in queries.account_facts(session, system.id)] == mine
        chosen = [mine[3], mine[1], gone.id, other.id]
        assert [each.account_id for each in queries.account_facts(session, system.id, only=chosen)] == [
            mine[1],
            mine[3],
        ]
        assert list(queries.account_facts(session, system.id, only=[])) == []
        until = {mine[0]: NOW}
        told = [each.justified_until for each in queries.account_facts(session, system.id, justified=until)]
        assert told == [NOW, None, None, None, None]


def test_many_chosen_accounts_are_asked_for_in_portions(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session)
        mine = [make.account(session, system).id for _ in range(5)]
        before, knowing.NAMED = knowing.NAMED, 2
        try:
            assert [each.account_id for each in queries.account_facts(session, system.id, only=mine)] == mine
        finally:
            knowing.NAMED = before


def test_each_credential_is_told_with_its_account_and_integration(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session)
        accounts = [make.account(session, system) for _ in range(4)]
        app = make.integration(session, system, name="Sync")
        privilege(session, accounts[2], "export")
        third = make.credential(session, system, account_id=accounts[2].id, integration_id=app.id)
        first = make.credential(session, system, account_id=accounts[0].id)
        again = make.credential(session, system, account_id=accounts[0].id)
        free = make.credential(session, system, integration_id=app.id)
        make.credential(session, system, ended=NOW)
        ended = make.account(session, system, ended=NOW)
        orphan = make.credential(session, system, account_id=ended.id)
        told = {each.credential_id: each for each in queries.credential_facts(session, system.id)}
        assert list(told) == [free.id, first.id, again.id, third.id, orphan.id]
        owners = [each.account.account_id if each.account else None for each in told.values()]
        assert owners == [None, accounts[0].id, accounts[0].id, accounts[2].id, None]
        assert told[third.id].integration == "Sync"
        assert told[third.id].account.privileges == ("export",)  # type: ignore[union-attr]
        assert [each.credential_id for each in queries.credential_facts(session, system.id, only=[third.id])] == [
            third.id
        ]
