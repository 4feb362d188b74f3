"""Due dates and priorities: by severity, a plan for a first reading, told once for each life."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.detection import acknowledgements, deadlines, lives, queries
from app.detection.priority import DataClass, factors, priority
from app.detection.rule import Holds, Severity
from app.detection.terms import Terms, due_again
from app.inventory.tables import AccountRow, SystemRow
from app.kit.db import Database
from tests import make
from tests.app.detection import life
from tests.app.detection.life import SEC

DAY = timedelta(days=1)
TERMS = Terms()


def test_a_first_readings_findings_have_a_plan_and_are_not_late(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = make.system(session)
        account = make.account(session, system)
        life.run(session, system.id, account, at=at)
        row = life.only(session)
        assert (row.baseline, row.due_at) == (True, at + 30 * DAY)
        assert deadlines.breach(session, by=SEC, at=at + 8 * DAY) == 0
        assert deadlines.escalate(session, hours=24, by=SEC, at=at + 8 * DAY) == 0, "it has a plan"


def test_what_is_late_is_told_once_for_each_life(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        row = life.opened(session, at=at)
        account = session.get_one(AccountRow, row.account_id)
        due = at + 7 * DAY
        assert row.due_at == due
        assert [deadlines.breach(session, by=SEC, at=moment) for moment in (due - DAY, due, due + DAY)] == [0, 1, 0]
        life.run(session, account.system_id, account, Holds(), at=due + DAY)
        life.run(session, account.system_id, account, at=due + 2 * DAY)
        again = life.only(session)
        assert (again.opened_at, again.due_at, again.breached_at) == (due + 2 * DAY, due + 9 * DAY, None)
        assert deadlines.breach(session, by=SEC, at=due + 9 * DAY) == 1
        history = queries.history(session, row.id)
        assert [event.kind for event in history] == ["opened", "overdue", "closed", "reopened", "overdue"]
        assert [(each.number, each.began, each.ended) for each in lives.lives(history)] == [
            (1, at, due + DAY), (2, due + 2 * DAY, None),
        ]  # fmt: skip


@pytest.mark.parametrize("how", ["acknowledged", "low", "closed", "too soon", "nobody did"])
def test_only_what_is_grave_and_unnoticed_is_told_again(database: Database, at: datetime, how: str) -> None:
    with database.transaction() as session:
        row = life.opened(session, at=at, severity=Severity.LOW if how == "low" else Severity.HIGH)
        if how == "acknowledged":
            acknowledgements.give(session, [row], by=SEC, at=at)
        elif how == "closed":
            account = session.get_one(AccountRow, row.account_id)
            life.run(session, account.system_id, account, Holds(), at=at)
        then = at + timedelta(hours=23 if how == "too soon" else 24)
        expected = int(how == "nobody did")
        assert deadlines.escalate(session, hours=24, by=SEC, at=then) == expected
        assert deadlines.escalate(session, hours=24, by=SEC, at=then) == 0
        assert life.noted(session).count("findings.escalated") == expected


def test_worse_is_due_sooner_and_better_no_later(at: datetime) -> None:
    due = at + 5 * DAY
    assert due_again(TERMS, due, was="high", now="critical", at=at) == at + DAY
    assert due_again(TERMS, at + DAY / 2, was="high", now="critical", at=at) == at + DAY / 2
    assert due_again(TERMS, due, was="high", now="low", at=at) == due
    assert due_again(TERMS, None, was="high", now="high", at=at) == at + 7 * DAY


def test_priority_is_severity_times_privilege_times_what_the_system_holds() -> None:
    for severity in Severity:
        for held in DataClass:
            for privileged in (True, False):
                told = factors(severity, privileged=privileged, held=held)
                made = priority(severity, privileged=privileged, held=held)
                assert made == told[0].counts * told[1].counts * told[2].counts
    ordered = [priority(each, privileged=False, held="confidential") for each in Severity]
    assert ordered == sorted(ordered, reverse=True)
    assert len(set(ordered)) == 4
    grave, lesser = (
        priority("critical", privileged=False, held="public"),
        priority("high", privileged=True, held="restricted"),
    )
    assert lesser > grave


def test_a_run_weighs_each_finding_by_its_account_and_its_system(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system, account, _, _ = life.company(session)
        life.run(session, system.id, account, at=at)
        assert life.only(session).priority == priority("high", privileged=False, held="confidential")
        make.privilege(session, account, make.entitlement(session, system))
        session.get_one(SystemRow, system.id).held = "restricted"
        session.flush()
        life.run(session, system.id, account, at=at + DAY)
        row = life.only(session)
        assert (row.privileged, row.held) == (True, "restricted")
        assert row.priority == priority("high", privileged=True, held="restricted")
