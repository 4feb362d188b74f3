"""Whose a finding is: never nobody's, and a leaver's pass on."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import update

from app.detection import acknowledgements, comments, lives, owners, ownership
from app.detection.rule import Holds
from app.detection.tables import FindingEventRow, FindingRow
from app.detection.terms import Terms
from app.inventory.tables import AccountRow, IdentityRow, SystemRow
from app.kit.db import Database
from app.kit.refusal import Refused
from tests import make
from tests.app.detection import life
from tests.app.detection.life import REVIEWER, SEC

DAY = timedelta(days=1)


def test_it_goes_to_the_systems_owner_then_to_securitys_then_to_the_team(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system, account, _, olga = life.company(session)
        sal = make.identity(session, "Sal")
        terms = Terms(security_owner=sal.key)
        life.run(session, system.id, account, terms=terms)
        assert life.only(session).owner == f"identity:{olga.id}"
        assert ownership.owner_of(session, None, sal.key, at=at) == f"identity:{sal.id}"
        olga.end = date(2026, 11, 15)
        assert ownership.owner_of(session, system.id, sal.key, at=at) == f"identity:{sal.id}"
        sal.ended = at - DAY
        assert ownership.owner_of(session, system.id, sal.key, at=at) == "role:it_security"


def test_a_leaver_passes_on_and_the_next_one_is_told_apart(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        row = life.opened(session, at=at)
        olga = session.get_one(IdentityRow, int(row.owner.partition(":")[2]))
        assert owners.pass_on(session, security_owner=None, by=SEC, at=at) == 0
        olga.end = at.date() - DAY
        session.flush()
        assert owners.pass_on(session, security_owner=None, by=SEC, at=at) == 1
        session.refresh(row)
        assert row.owner == "role:it_security"
        assert life.noted(session) == ["findings.passed_on"]
        assert owners.pass_on(session, security_owner=None, by=SEC, at=at) == 0


def test_what_was_handed_to_a_leaver_by_name_goes_to_their_manager(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        row = life.opened(session, at=at)
        boss = make.identity(session, "Boss")
        ned = make.identity(session, "Ned", manager_id=boss.id)
        owners.assign(session, [row], f"identity:{ned.id}", by=SEC, at=at)
        ned.ended = at
        session.flush()
        owners.pass_on(session, security_owner=None, by=SEC, at=at)
        session.refresh(row)
        assert (row.owner, row.assigned_by) == (f"identity:{boss.id}", SEC.id)
        boss.ended = at
        session.flush()
        owners.pass_on(session, security_owner=None, by=SEC, at=at)
        session.refresh(row)
        assert (ownership.names(session, [row.owner])[row.owner], row.assigned_by) == ("Olga", None)


def test_another_owner_of_the_system_takes_what_nobody_was_given_by_name(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        row = life.opened(session, at=at)
        new = make.identity(session, "New")
        session.execute(update(SystemRow).values(owner_key=new.key))
        owners.pass_on(session, security_owner=None, by=SEC, at=at)
        session.refresh(row)
        assert row.owner == f"identity:{new.id}"
        owners.assign(session, [row], "role:admin", by=SEC, at=at)
        owners.pass_on(session, security_owner=None, by=SEC, at=at)
        session.refresh(row)
        assert row.owner == "role:admin"


def test_several_are_handed_on_at_once_with_an_entry_each(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        row = life.opened(session, at=at)
        ivo = life.somebody(session)
        assert owners.assign(session, [row], ivo, by=SEC, at=at) == [row]
        assert owners.assign(session, [row], ivo, by=SEC, at=at) == []
        assert (row.owner, life.noted(session)) == (ivo, ["finding.assigned"])
        assert life.kinds(session, row) == ["opened", "assigned"]


def test_nobody_who_is_not_there_is_given_anything(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        row = life.opened(session, at=at)
        gone = make.identity(session, "Gone", end=date(2026, 11, 1))
        for owner in (f"identity:{gone.id}", "actor-nobody", "identity:99999", "role:reviewer"):
            with pytest.raises(Refused, match="not there any more"):
                owners.assign(session, [row], owner, by=SEC, at=at)
        with pytest.raises(Refused, match="Nobody here is"):
            ownership.find(session, "nobody@example.com", by=SEC)
        assert ownership.find(session, gone.key, by=SEC) == f"identity:{gone.id}"
        assert ownership.find(session, "me", by=SEC) == SEC.id


def test_one_person_is_one_owner_whichever_way_they_are_named(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ivo = make.identity(session, "Ivo", emails=("ivo@example.com",))
        actor = life.somebody(session, "Ivo", ivo)
        named = {ownership.find(session, each, by=SEC) for each in (actor, ivo.key, "ivo@example.com")}
        assert named == {f"identity:{ivo.id}"}
        assert (f"identity:{ivo.id}", "Ivo") in ownership.choices(session, at=at)
        assert ownership.find(session, "ivo", by=SEC) == f"identity:{ivo.id}", (
            "by name, the actor and the person are one"
        )
        assert ownership.find(session, "The IT security team", by=SEC) == "role:it_security"
        make.identity(session, "Ivo", department="Legal")
        with pytest.raises(Refused, match="Several people are called 'Ivo'"):
            ownership.find(session, "Ivo", by=SEC)
        others = {life.somebody(session, f"Guard {n}") for n in range(101)}
        assert others <= {owner for owner, _name in ownership.choices(session, at=at)}, "nobody is left out in silence"


def test_who_took_note_first_is_kept_and_a_new_life_asks_again(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        row = life.opened(session, at=at)
        assert acknowledgements.give(session, [row], by=SEC, at=at) == [row]
        assert acknowledgements.give(session, [row], by=life.OTHER, at=at + DAY) == []
        assert (row.acknowledged_by, row.acknowledged_at) == (SEC.id, at)
        account = session.get_one(AccountRow, row.account_id)
        life.run(session, account.system_id, account, Holds(), at=at + DAY)
        found = life.only(session)
        for refused in (
            lambda: acknowledgements.give(session, [found], by=SEC, at=at),
            lambda: owners.assign(session, [found], "role:admin", by=SEC, at=at),
        ):
            with pytest.raises(Refused, match="closed"):
                refused()
        life.run(session, account.system_id, account, at=at + 2 * DAY)
        assert life.only(session).acknowledged_at is None


def test_a_comment_is_a_sentence_and_stays_with_a_closed_finding(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        row = life.opened(session, at=at)
        comments.add(session, row, " asked the vendor today ", by=SEC, at=at)
        with pytest.raises(Refused, match="a sentence"):
            comments.add(session, row, "ok", by=SEC, at=at)
        row.status = "closed"
        comments.add(session, row, "it was the nightly import", by=SEC, at=at)
        said = [each.because for each in session.query(FindingEventRow).filter_by(kind="commented")]
        assert said == ["asked the vendor today", "it was the nightly import"]


def test_reviewers_handle_no_findings(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        row = life.opened(session, at=at)
        for refused in (
            lambda: comments.add(session, row, "I need this account", by=REVIEWER, at=at),
            lambda: owners.assign(session, [row], "role:admin", by=REVIEWER, at=at),
            lambda: acknowledgements.give(session, [row], by=REVIEWER, at=at),
        ):
            with pytest.raises(Refused) as no:
                refused()
            assert no.value.refusal.status == 403
        assert lives.finding(session, row.id) is row


def test_what_somebody_else_changed_meanwhile_is_looked_at_again(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        number = life.opened(session, at=at).id
    with database.reading() as session:
        seen = session.get_one(FindingRow, number)
    with database.transaction() as session:
        acknowledgements.give(session, [lives.finding(session, number)], by=SEC, at=at)
    with database.transaction() as session, pytest.raises(Refused, match="changed since you looked"):
        owners.assign(session, [session.merge(seen, load=False)], "role:admin", by=SEC, at=at)
