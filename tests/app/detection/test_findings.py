"""A finding's life: opened, seen again, closed by proof, opened again."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.detection import findings, queries
from app.detection.findings import Outcome
from app.detection.judgement import Judgement, Touched
from app.detection.policy import MOVES, Status
from app.detection.rule import Answer, CannotTell, Fails, Holds, Severity
from app.detection.tables import FindingRow, RunRow
from app.kit.db import Database
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from tests import make

BAD = Fails("last used 120 days ago")


def _run(
    session: Session,
    system_id: int,
    answers: dict[str, Answer],
    at: datetime,
    *,
    source: str = "detection",
    rules: Iterable[str] = ("inactive_account",),
) -> Outcome:
    judged = [Judgement("inactive_account", subject, Severity.HIGH, answer) for subject, answer in answers.items()]
    return findings.reconcile(session, source, judged, rules=rules, system_id=system_id, by=make.ADMIN, at=at)


def _only(session: Session) -> FindingRow:
    return session.scalars(select(FindingRow)).one()


def test_the_same_failure_twice_is_one_finding_seen_twice(database: Database, at: datetime) -> None:
    later = at + timedelta(days=1)
    with database.transaction() as session:
        system = make.system(session)
        _run(session, system.id, {"account:1": BAD}, at)
        outcome = _run(session, system.id, {"account:1": Fails("last used 121 days ago")}, later)
        found = _only(session)
    assert (outcome.opened, outcome.seen, outcome.closed) == (0, 1, 0)
    assert (found.opened_at, found.last_seen_at, found.because) == (at, later, "last used 121 days ago")


def test_a_finding_closes_when_the_rule_holds_and_opens_again_when_it_fails_again(
    database: Database, at: datetime
) -> None:
    with database.transaction() as session:
        system = make.system(session)
        _run(session, system.id, {"account:1": BAD}, at)
        _run(session, system.id, {"account:1": Holds()}, at + timedelta(days=1))
        assert _only(session).status == Status.CLOSED
        outcome = _run(session, system.id, {"account:1": BAD}, at + timedelta(days=2))
        found = _only(session)
        session.refresh(found)
        kinds = [event.kind for event in queries.history(session, found.id)]
    assert outcome.reopened == 1
    assert (found.status, found.times_opened, found.closed_at) == (Status.OPEN, 2, None)
    assert kinds == ["opened", "closed", "reopened"]


def test_a_rule_that_cannot_tell_closes_nothing(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = make.system(session)
        _run(session, system.id, {"account:1": BAD}, at)
        outcome = _run(session, system.id, {"account:1": CannotTell("sign-ins were not read")}, at)
        run = session.scalars(select(RunRow).where(RunRow.id == outcome.run)).one()
        assert _only(session).status == Status.OPEN
    assert run.cannot_tell == {"inactive_account": {"sign-ins were not read": 1}}


def test_a_finding_whose_subject_is_gone_closes(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = make.system(session)
        _run(session, system.id, {"account:1": BAD}, at)
        assert _run(session, system.id, {}, at).closed == 1


@pytest.mark.parametrize("other", ["source", "system", "rule"])
def test_a_run_closes_only_what_it_judged(database: Database, at: datetime, other: str) -> None:
    with database.transaction() as session:
        system, neighbour = make.system(session), make.system(session)
        _run(session, system.id, {"account:1": BAD}, at)
        if other == "source":
            _run(session, system.id, {}, at, source="review")
        elif other == "system":
            _run(session, neighbour.id, {}, at)
        else:
            _run(session, system.id, {}, at, rules=["never_used"])
        assert _only(session).status == Status.OPEN


def test_only_a_systems_first_run_is_its_baseline(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = make.system(session)
        assert _run(session, system.id, {"account:1": BAD}, at).baseline
        assert not _run(session, system.id, {"account:1": BAD, "account:2": BAD}, at).baseline
        rows = session.scalars(select(FindingRow).order_by(FindingRow.subject)).all()
    assert [row.baseline for row in rows] == [True, False]


def test_a_waived_finding_stays_waived_while_it_is_seen(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = make.system(session)
        _run(session, system.id, {"account:1": BAD}, at)
        _only(session).status = Status.WAIVED
        session.flush()
        _run(session, system.id, {"account:1": BAD}, at)
        assert _only(session).status == Status.WAIVED


def test_a_run_writes_one_ledger_entry_with_counts_and_nobody_in_it(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = make.system(session)
        _run(session, system.id, {"account:1": BAD, "account:2": BAD, "account:3": Holds()}, at)
        entry = session.scalars(select(EntryRow)).one()
    assert entry.kind == Kind.DETECTION_RAN
    assert entry.body["answers"] == {"inactive_account": {"fails": 2, "holds": 1}}
    assert "account:" not in str(entry.body)


def test_the_entry_of_a_run_is_bound_to_what_failed(database: Database, at: datetime) -> None:
    told = []
    with database.transaction() as session:
        system = make.system(session)
        for answers in ({"account:1": BAD}, {"account:1": BAD}, {"account:2": BAD}, {"account:1": Fails("otherwise")}):
            _run(session, system.id, answers, at)
        for row in session.scalars(select(EntryRow).order_by(EntryRow.id)):
            told.append(row.body["digest"])
    assert told[0] == told[1]
    assert len(set(told)) == 3


def test_every_status_of_a_finding_has_its_row_of_moves() -> None:
    assert set(MOVES) == set(Status)


def test_a_narrowed_run_closes_only_what_it_covers_and_is_marked(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = make.system(session)
        _run(session, system.id, dict.fromkeys(("account:1", "account:2", "credential:1", "credential:3"), BAD), at)
        touched = Touched(frozenset({1}), frozenset({3}))
        for only in (touched, None):
            outcome = findings.reconcile(
                session,
                "detection",
                [],
                rules=["inactive_account"],
                system_id=system.id,
                only=only,
                by=make.ADMIN,
                at=at,
            )
            closed = {row.subject for row in session.scalars(select(FindingRow).where(FindingRow.status == "closed"))}
            assert session.get_one(RunRow, outcome.run).narrowed is (only is not None)
            if only is not None:
                assert closed == {"account:1", "credential:3"}
    assert len(closed) == 4
