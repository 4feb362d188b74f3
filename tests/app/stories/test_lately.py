"""What changed in the last days is counted once, and only for who may know."""

from __future__ import annotations

from datetime import timedelta

from app.actors.actor import Role
from app.kit.db import Database
from app.stories import lately
from tests import make
from tests.app.stories.town import EVE, NOW, SEC, finding

DAY = timedelta(days=1)
WEEK = NOW - 7 * DAY


def test_what_began_and_ended_since_is_counted(database: Database) -> None:
    with database.transaction() as session:
        crm, roster = make.system(session), make.system(session, kind="roster", name="People")
        first = {"accounts": {"began": 900}, "grants": {"began": 9_000}}
        make.snapshot(session, crm, at=NOW - 6 * DAY, counts=first)
        make.snapshot(session, crm, at=NOW - 3 * DAY, counts={"accounts": {"began": 2}, "grants": {"ended": 5}})
        make.snapshot(session, crm, at=NOW - DAY, counts={"accounts": {"began": 1, "ended": 1}})
        make.snapshot(session, roster, at=NOW - 2 * DAY)
        make.snapshot(session, roster, at=NOW - DAY, counts={"accounts": {"began": 70}})
        finding(session, crm, "account:1", days=2)
        finding(session, crm, "account:2", days=30)
        finding(session, crm, "account:3", days=30, status="closed", closed_at=NOW - DAY)
        told = {each.many: each.count for each in lately.changes(session, by=SEC, since=WEEK)}
    assert told == {
        "findings opened": 1,
        "findings closed, their causes gone": 1,
        "new accounts": 3,  # not the 900 that the first reading found, nor the people of the roster
        "accounts gone": 1,
        "access rights gone": 5,
    }


def test_who_may_see_neither_findings_nor_access_is_told_nothing(database: Database) -> None:
    with database.transaction() as session:
        finding(session, make.system(session), "account:1")
        assert not lately.changes(session, by=EVE, since=WEEK)
        assert lately.changes(session, by=make.actor(None, Role.SERVICE, name="Bot"), since=WEEK)
