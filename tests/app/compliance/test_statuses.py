"""What lines came out as, over a real database: judged set-wise, kept as history, and not passed by absence."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.actors.actor import SCHEDULER
from app.compliance import queries, statuses
from app.compliance.controls import catalogue
from app.compliance.controls.line import Outcome
from app.compliance.facts import Limits
from app.compliance.tables import OutcomeRow, StatusRunRow
from app.detection import detect, findings, rulebook
from app.detection.judgement import Counted, Judgement, Touched
from app.detection.rule import CannotTell, Holds
from app.detection.rule import Limits as RuleLimits
from app.detection.tables import RunRow
from app.inventory.tables import StreamRow, SystemRow
from app.kit.db import Database
from app.ledger.tables import EntryRow
from connectors.records import Stream
from tests import make

USERS = "CRM-9.1.4"  # leavers, whose rules are all there
DAY = timedelta(days=1)
STREAMS = tuple(str(stream) for stream in Stream if stream is not Stream.PEOPLE)


def company(session: Session, at: datetime) -> SystemRow:
    """A read roster and a read CRM, where Bo, who works here, has an account."""
    roster = make.system(session, kind="roster", key=None)
    system = make.system(session, owner_key=None)
    bo = make.identity(session, system_id=roster.id)
    make.account(session, system, identity_id=bo.id, last_login=at)
    read(session, roster, system, at)
    return system


def read(session: Session, roster: SystemRow, system: SystemRow, at: datetime, **verdicts: str) -> None:
    """Both are read, and the rules asked."""
    people = make.snapshot(session, roster, streams={"people": verdicts.pop("people", "complete")}, at=at)
    session.get_one(StreamRow, (people.id, "people")).server_at = at
    snapshot = make.snapshot(session, system, streams=dict.fromkeys(STREAMS, "complete") | verdicts, at=at)
    answers = detect.judgements(session, system.id, RuleLimits(), at=at)
    findings.reconcile(
        session, "detection", answers, rules=list(rulebook.RULES), system_id=system.id, snapshot_id=snapshot.id,
        by=SCHEDULER, at=at,
    )  # fmt: skip


def judge(session: Session, at: datetime) -> statuses.Judged:
    return statuses.judge(session, Limits(), roster_max_age_days=7, by=SCHEDULER, at=at)


def judge_papers(session: Session, at: datetime) -> statuses.Judged:
    """The lines without the rules that test them too: what was computed, joined and put on file decides."""
    lines = [replace(line, rules=(), awaits=(), streams=()) for line in catalogue.LINES.values()]
    return statuses.judge(session, Limits(), roster_max_age_days=7, lines=lines, by=SCHEDULER, at=at)


def now(session: Session, line: str, place: str = "all", at: datetime | None = None) -> OutcomeRow:
    (row,) = queries.outcomes(session, line=line, place=place, at=at)
    return row


def passing(session: Session, system: SystemRow) -> list[str]:
    """The lines that pass in this system by what rules said of it."""
    rows = queries.outcomes(session, place=f"system:{system.id}")
    return [
        row.line for row in rows if row.outcome == Outcome.PASS and "judged" in row.proof[0] and row.proof[0]["judged"]
    ]


def test_every_line_is_judged_and_one_entry_stands_for_all(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = company(session, at)
        judged = judge(session, at)
        assert sum(judged.counts.values()) == 95
        assert len(queries.outcomes(session, place="all")) == 95
        assert passing(session, system)
        (entry,) = session.scalars(select(EntryRow).where(EntryRow.kind == "controls.judged"))
        run = session.scalars(select(StatusRunRow)).one()
        assert entry.body["counts"] == run.counts == dict(judged.counts)
        assert entry.body["digest"] == run.digest
        assert sum(n for counts in run.sections.values() for n in counts.values()) == 95


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # what is judged is judged in Python
def test_no_line_passes_in_a_system_once_a_stream_it_needs_is_missing(database: Database, at: datetime) -> None:
    """Each stream in turn is not read any more, as when a right was taken away; the rest goes on."""
    with database.transaction() as session:
        system = company(session, at)
        roster = session.scalars(select(SystemRow).where(SystemRow.kind == "roster")).one()
        judge(session, at)
        place = f"system:{system.id}"
        good = {row.line for row in queries.outcomes(session, place=place) if row.outcome == Outcome.PASS}
        assert len(passing(session, system)) >= 5
        for days, stream in enumerate((*STREAMS, "people"), start=1):
            later = at + days * DAY
            read(session, roster, system, later, **{stream: "not_collected"})
            judge(session, later)
            for row in queries.outcomes(session, place=place):
                rules = [catalogue.RULES[name] for name in catalogue.LINES[row.line].rules]
                if any(stream in rule.needs for rule in rules) or stream in catalogue.LINES[row.line].streams:
                    assert row.outcome in (Outcome.NOT_EVALUABLE, Outcome.FAIL), (stream, row.line)
        read(session, roster, system, at + 20 * DAY)
        judge(session, at + 20 * DAY)
        assert {row.line for row in queries.outcomes(session, place=place) if row.outcome == Outcome.PASS} == good


def test_what_was_so_on_a_day_can_be_told_afterwards(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = company(session, at)
        roster = session.scalars(select(SystemRow).where(SystemRow.kind == "roster")).one()
        judge(session, at)
        judge(session, at + timedelta(hours=1))  # nothing changed: the same rows go on
        rows = len(session.scalars(select(OutcomeRow)).all())
        gone = make.identity(session, "Eve", system_id=roster.id, end=(at - 9 * DAY).date())
        make.account(session, system, identity_id=gone.id, last_login=at)
        read(session, roster, system, at + DAY)
        judge(session, at + DAY)
        assert now(session, USERS).outcome == Outcome.FAIL
        assert now(session, USERS).proof[0]["rule"] == "leaver_active"
        assert (
            now(session, USERS, at=at + timedelta(hours=2)).outcome == Outcome.NOT_EVALUABLE
        )  # movers are not asked yet
        assert queries.outcomes(session, at=at - DAY) == []
        past = queries.history(session, USERS)
        assert [row.ended is None for row in past] == [True, False]
        assert past[1].ended == past[0].began == at + DAY
        assert rows < len(session.scalars(select(OutcomeRow)).all()) < rows + 60  # what stayed was not written again


def test_the_proof_of_what_stayed_is_renewed(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = company(session, at)
        roster = session.scalars(select(SystemRow).where(SystemRow.kind == "roster")).one()
        judge(session, at)
        line = passing(session, system)[0]
        first = now(session, line, f"system:{system.id}")
        number, run = first.id, first.proof[0]["run"]
        read(session, roster, system, at + DAY)
        judge(session, at + DAY)
        again = now(session, line, f"system:{system.id}")
        assert again.id == number
        assert again.proof[0]["run"] != run


def test_this_installation_and_rosters_are_not_what_the_checklist_is_about(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        make.system(session, kind="rolecall", name="Ourselves")
        make.system(session, kind="roster", name="People")
        judge(session, at)
        assert {row.place for row in queries.outcomes(session)} == {"all"}


def test_findings_that_only_a_team_has_or_that_are_late_are_counted(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = company(session, at)
        make.account(session, system, identity_id=None)  # nobody's: a finding, and the system has no owner
        roster = session.scalars(select(SystemRow).where(SystemRow.kind == "roster")).one()
        read(session, roster, system, at + DAY)
        judge(session, at + DAY)
        assert now(session, "CRM-R.3").outcome == Outcome.NOT_EVALUABLE  # there is still time to hand them to somebody
        assert now(session, "CRM-9.1.1").outcome == Outcome.FAIL
        assert now(session, "CRM-14.2.3").outcome == Outcome.NOT_EVALUABLE  # nothing late, nothing closed yet
        for day in range(2, 200, 99):
            read(session, roster, system, at + day * DAY)
        judge(session, at + 101 * DAY)
        assert now(session, "CRM-14.2.3").outcome == Outcome.FAIL
        assert "past their date" in now(session, "CRM-14.2.3").because
        assert now(session, "CRM-R.3").outcome == Outcome.FAIL


def test_a_pass_over_a_part_proves_no_line_and_what_it_cannot_tell_keeps_one_from_passing(
    database: Database, at: datetime
) -> None:
    later = at + timedelta(hours=1)
    with database.transaction() as session:
        system = company(session, at)
        judge(session, at)
        line = passing(session, system)[0]
        rule, place = catalogue.LINES[line].rules[0], f"system:{system.id}"
        proof = now(session, line, place).proof
        part = Touched(frozenset(), frozenset())
        _reconcile(session, system, [Counted(rule, Holds(), 1)], part, later)
        judge(session, later)
        assert now(session, line, place).proof == proof  # by the pass over all, and no other
        _reconcile(session, system, [Counted(rule, CannotTell("it does not say"), 2)], part, later)
        judge(session, later)
        told = now(session, line, place)
    assert (told.outcome, "cannot tell of 2, it does not say" in told.because) == (Outcome.NOT_EVALUABLE, True)


def test_a_system_of_which_only_a_part_was_ever_asked_about_passes_nothing(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = company(session, at)
        session.execute(update(RunRow).values(narrowed=True))
        judge(session, at)
        assert passing(session, system) == []


def _reconcile(
    session: Session, system: SystemRow, answers: list[Judgement | Counted], only: Touched, at: datetime
) -> None:
    findings.reconcile(
        session, "detection", answers, rules=list(rulebook.RULES), system_id=system.id, only=only, by=SCHEDULER, at=at
    )
