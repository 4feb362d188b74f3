"""Waivers: two people, a reason and an end; open again by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.detection import lives, waivers
from app.detection.policy import WAIVER_MOVES, WaiverStatus
from app.detection.rule import Holds, Severity
from app.detection.tables import FindingRow, WaiverRow
from app.inventory.tables import AccountRow
from app.kit import ids
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import PersonalRow
from tests.app.detection import life
from tests.app.detection.life import OTHER, REVIEWER, SEC, TERMS

REASON = "the interface needs it until the new one is in use"
DAY = timedelta(days=1)


def asked(session: Session, at: datetime, **given: int) -> FindingRow:
    row = life.opened(session, at=at)
    waivers.ask(session, row, REASON, until=at + 30 * DAY, most_days=365, by=SEC, at=at)
    return row


def test_a_finding_is_waived_when_somebody_else_approves_and_not_before(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        row = asked(session, at)
        assert row.status == "open"
        waivers.approve(session, row, by=OTHER, at=at + DAY)
        assert row.status == "waived"
        assert life.kinds(session, row) == ["opened", "asked", "waived"]
        assert life.noted(session) == ["waiver.asked", "waiver.approved"]
        said = session.scalars(select(PersonalRow)).one()
        assert (said.value, said.person) == (REASON, f"identity:{row.identity_id}")


@pytest.mark.parametrize("who", ["the same actor", "the same person", "whoever it is about", "a reviewer"])
def test_nobody_approves_their_own_waiver_or_one_about_their_own_access(
    database: Database, at: datetime, who: str
) -> None:
    with database.transaction() as session:
        row = life.opened(session, at=at)
        asker = replace(SEC, identity_id=row.owner and int(row.owner.partition(":")[2]))
        waivers.ask(session, row, REASON, until=at + DAY, most_days=365, by=asker, at=at)
        by = {
            "the same actor": replace(SEC, identity_id=None),
            "the same person": replace(OTHER, identity_id=asker.identity_id),
            "whoever it is about": replace(OTHER, identity_id=row.identity_id),
            "a reviewer": REVIEWER,
        }[who]
        with pytest.raises(Refused) as no:
            waivers.approve(session, row, by=by, at=at)
        assert no.value.refusal.status == 403
        with pytest.raises(Refused):
            waivers.refuse(session, row, "it is not needed", by=by, at=at)
        assert row.status == "open"


def test_the_database_itself_holds_no_approval_by_whoever_asked(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        row = life.opened(session, at=at)
        values = {
            "id": ids.uuid7(), "finding_id": row.id, "status": "approved", "severity": "high", "reason": "x", "until": at,
            "asked_by": "actor-a", "asked_at": at, "decided_by": "actor-a", "decided_at": at,
        }  # fmt: skip
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(insert(WaiverRow), values)


@pytest.mark.parametrize(
    ("reason", "days", "code"),
    [("because", 30, "reason_missing"), (REASON, -1, "end_in_the_past"), (REASON, 366, "end_too_far")],
)
def test_a_waiver_needs_a_reason_and_an_end_in_reach(
    database: Database, at: datetime, reason: str, days: int, code: str
) -> None:
    with database.transaction() as session:
        row = life.opened(session, at=at)
        with pytest.raises(Refused) as no:
            waivers.ask(session, row, reason, until=at + days * DAY, most_days=365, by=SEC, at=at)
        assert no.value.refusal.code == code


def test_one_waiver_stands_at_a_time(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        row = asked(session, at)
        for by in (SEC, OTHER):
            with pytest.raises(Refused, match="asked for already"):
                waivers.ask(session, row, REASON, until=at + DAY, most_days=365, by=by, at=at)
        waivers.approve(session, row, by=OTHER, at=at)
        for again in (waivers.approve, lambda *a, **k: waivers.refuse(*a[:2], "it is not needed", **k)):
            with pytest.raises(Refused):
                again(session, row, by=OTHER, at=at)
        with pytest.raises(Refused, match="waived already"):
            waivers.ask(session, row, REASON, until=at + DAY, most_days=365, by=SEC, at=at)


def test_a_refused_one_leaves_the_finding_open_and_can_be_asked_for_anew(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        row = asked(session, at)
        waivers.refuse(session, row, "it can be taken away today", by=OTHER, at=at)
        assert (row.status, lives.standing_waiver(session, row.id)) == ("open", None)
        waivers.ask(session, row, REASON, until=at + DAY, most_days=365, by=SEC, at=at + DAY / 2)
        assert [each.status for each in lives.waivers(session, row.id)] == ["asked", "refused"]


def test_a_waiver_whose_time_is_up_opens_the_finding_again_with_a_new_due_date(
    database: Database, at: datetime
) -> None:
    with database.transaction() as session:
        row = asked(session, at)
        waivers.approve(session, row, by=OTHER, at=at)
        then = at + 30 * DAY
        assert waivers.expire(session, terms=TERMS, by=SEC, at=then - timedelta(seconds=1)) == 0
        assert waivers.expire(session, terms=TERMS, by=SEC, at=then) == 1
        session.refresh(row)
        assert (row.status, row.due_at, row.times_opened) == ("open", then + 7 * DAY, 1)
        assert waivers.expire(session, terms=TERMS, by=SEC, at=then) == 0
        assert life.kinds(session, row)[-1] == "ended"


def test_what_was_asked_for_and_never_decided_ends_too(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        row = asked(session, at)
        with pytest.raises(Refused, match="has passed"):
            waivers.approve(session, row, by=OTHER, at=at + 31 * DAY)
        due = row.due_at
        assert waivers.expire(session, terms=TERMS, by=SEC, at=at + 31 * DAY) == 1
        session.refresh(row)
        assert (row.status, row.due_at) == ("open", due), "asking for a waiver does not move the due date"


@pytest.mark.parametrize(("approved", "status"), [(False, "withdrawn"), (True, "ended")])
def test_whoever_handles_findings_can_take_a_waiver_back(
    database: Database, at: datetime, approved: bool, status: str
) -> None:
    with database.transaction() as session:
        row = asked(session, at)
        if approved:
            waivers.approve(session, row, by=OTHER, at=at)
        made = waivers.end(session, row, "the new interface is in use", terms=TERMS, by=SEC, at=at + DAY)
        assert (made.status, row.status) == (status, "open")
        with pytest.raises(Refused, match="No waiver stands"):
            waivers.end(session, row, "the new interface is in use", terms=TERMS, by=SEC, at=at + DAY)


def test_a_waived_finding_stays_waived_while_it_is_seen_and_closes_by_proof(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        row = asked(session, at)
        account = session.get_one(AccountRow, row.account_id)
        waivers.approve(session, row, by=OTHER, at=at)
        life.run(session, account.system_id, account, at=at + DAY)
        assert life.only(session).status == "waived"
        outcome = life.run(session, account.system_id, account, Holds(), at=at + 2 * DAY)
        assert (life.only(session).status, outcome.waivers) == ("closed", 1)
        assert lives.waivers(session, row.id)[0].status == "ended"
        life.run(session, account.system_id, account, at=at + 3 * DAY)
        assert life.only(session).status == "open", "a waiver is for one life"


def test_a_waiver_covers_nothing_worse_than_what_was_accepted(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        row = asked(session, at)
        account = session.get_one(AccountRow, row.account_id)
        waivers.approve(session, row, by=OTHER, at=at)
        life.run(session, account.system_id, account, severity=Severity.MEDIUM, at=at + DAY)
        assert life.only(session).status == "waived"
        life.run(session, account.system_id, account, severity=Severity.CRITICAL, at=at + 2 * DAY)
        found = life.only(session)
        assert (found.status, found.due_at) == ("open", at + 3 * DAY)
        assert "worse" in (lives.waivers(session, row.id)[0].because or "")


def test_two_who_decide_at_once_decide_once(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        number = asked(session, at).id
    with database.reading() as session:
        seen = session.get_one(FindingRow, number)
    with database.transaction() as session:
        waivers.approve(session, session.get_one(FindingRow, number), by=OTHER, at=at)
    with pytest.raises(Refused), database.transaction() as session:
        waivers.refuse(session, session.merge(seen, load=False), "it is not needed", by=OTHER, at=at)


def test_every_status_of_a_waiver_has_its_row_of_moves() -> None:
    assert set(WAIVER_MOVES) == set(WaiverStatus)
