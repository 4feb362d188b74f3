"""Cards of integrations, the register of scope, Statements of Applicability, and the findings the checklist raises."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import SCHEDULER, Actor, Role
from app.compliance import (
    assessing,
    assessments,
    gathering,
    promised,
    queries,
    raised,
    registers,
    scope,
    seeing,
    statements,
)
from app.compliance.assessing import Status
from app.compliance.controls.line import Outcome
from app.compliance.facts import Limits
from app.compliance.tables import AssessmentRow
from app.detection import findings
from app.detection.tables import FindingRow
from app.inventory.tables import IdentityRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow
from tests import make
from tests.app.compliance.test_statuses import DAY, now
from tests.app.compliance.test_statuses import judge_papers as judge

ANSWERS = dict.fromkeys(assessing.QUESTIONS, 2)
CARD = {
    "purpose": "Sends invoices to customers", "vendor": "Acme", "contract": "MSA-7", "classes": ["personal"],
    "answers": ANSWERS,
}  # fmt: skip


def two(session: Session) -> tuple[IdentityRow, Actor, Actor]:
    """The owner, somebody who fills in, and somebody who approves."""
    ada = make.identity(session, "Ada")
    return (
        ada,
        make.actor(make.identity(session, "Bo"), Role.ADMIN),
        make.actor(make.identity(session, "Cy"), Role.ADMIN),
    )


def fill(
    session: Session, row: AssessmentRow, owner: IdentityRow, by: Actor, at: datetime, **given: object
) -> AssessmentRow:
    return assessments.submit(session, row, **(CARD | {"owner": owner, "by": by, "at": at} | given))  # type: ignore[arg-type]


def test_a_new_integration_opens_an_assessment_and_one_that_ran_out_the_next(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = make.system(session)
        here = make.integration(session, system)
        make.integration(session, system, ended=at)
        make.integration(session, make.system(session, kind="rolecall"))
        assert assessments.open_where_needed(session, by=SCHEDULER, at=at) == 1
        assert assessments.open_where_needed(session, by=SCHEDULER, at=at) == 0
        row = queries.latest_assessment(session, here.id)
        assert row is not None
        owner, one, other = two(session)
        fill(session, row, owner, one, at)
        assessments.answer(session, row, Status.APPROVED, until=at + 100 * DAY, by=other, at=at)
        assert assessments.open_where_needed(session, by=SCHEDULER, at=at + 99 * DAY) == 0
        assert assessments.open_where_needed(session, by=SCHEDULER, at=at + 100 * DAY) == 1
        again = queries.latest_assessment(session, here.id)
        assert again is not None
        assert (again.number, again.because) == (2, "due")


def test_a_card_counts_when_it_has_no_blank_and_somebody_else_approved_it(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = make.system(session)
        make.snapshot(session, system, at=at)
        here = make.integration(session, system)
        assessments.open_where_needed(session, by=SCHEDULER, at=at)
        row = queries.latest_assessment(session, here.id)
        assert row is not None
        owner, one, other = two(session)
        judge(session, at)
        assert (now(session, "CRM-F.3").outcome, now(session, "CRM-G.2.2").outcome) == (Outcome.FAIL, Outcome.FAIL)
        fill(session, row, owner, one, at)
        assert (row.score, assessing.level(row.score or 0)) == (12, "high")
        judge(session, at)
        assert "have no approved risk assessment" in now(session, "CRM-F.3").because
        for nobody in (one, make.actor(owner, Role.ADMIN)):
            with pytest.raises(Refused, match="own word"):
                assessments.answer(session, row, Status.APPROVED, by=nobody, at=at)
        assessments.answer(session, row, Status.APPROVED, by=other, at=at)
        judge(session, at)
        assert (now(session, "CRM-F.3").outcome, now(session, "CRM-G.2.2").outcome) == (Outcome.PASS, Outcome.PASS)
        judge(session, at + 366 * DAY)
        assert now(session, "CRM-G.2.2").outcome == Outcome.FAIL


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"purpose": "mail"}, "blank"),
        ({"vendor": " "}, "blank"),
        ({"contract": None}, "blank"),
        ({"classes": []}, "blank"),
        ({"classes": ["personal", " "]}, "blank"),
        ({"answers": {**ANSWERS, "reach": 4}}, "bad_answer"),
        ({"answers": {"reach": 1}}, "blank"),
        ({"answers": {**ANSWERS, "mood": 1}}, "bad_answer"),
        ({"vendor": "own", "contract": None}, None),
    ],
)
def test_a_blank_is_refused(given: dict[str, object], code: str | None) -> None:
    no = assessing.why_not_submit(**(CARD | given))  # type: ignore[arg-type]
    assert (no.code if no else None) == code


def test_another_turn_waits_for_the_one_that_is_under_way(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        here = make.integration(session, make.system(session))
        owner, one, other = two(session)
        row = assessments.open(session, here.id, by=one, at=at)
        with pytest.raises(Refused, match="Finish that one"):
            assessments.open(session, here.id, by=one, at=at)
        with pytest.raises(Refused):
            assessments.answer(session, row, Status.APPROVED, by=other, at=at)  # nothing was filled in
        fill(session, row, owner, one, at)
        assessments.answer(session, row, Status.DECLINED, by=other, at=at)
        assert assessments.open(session, here.id, by=one, at=at).number == 2
        with pytest.raises(Refused):
            assessments.open(session, 99999, by=one, at=at)


# --- scope ---


def test_the_scope_drifts_when_readings_show_what_nobody_spoke_of(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = make.system(session)
        app = make.integration(session, system)
        why = "Everything that enters the CRM is in scope."
        with pytest.raises(Refused, match="nobody spoke of"):
            scope.confirm(session, "integrations", until=at + 90 * DAY, by=make.ADMIN, at=at)
        assert scope.adopt(session, "integrations", why, by=make.ADMIN, at=at) == 1
        scope.confirm(session, "integrations", until=at + 90 * DAY, by=make.ADMIN, at=at)
        judge(session, at)
        assert now(session, "CRM-D.2.2").outcome == Outcome.ATTESTED
        new = make.integration(session, system)
        judge(session, at)
        assert now(session, "CRM-D.2.2").outcome == Outcome.FAIL
        subject = f"integration:{new.id}"
        scope.declare(
            session, "integrations", subject, "", inside=False, reason="A trial without data.", by=make.ADMIN, at=at
        )
        judge(session, at)
        assert now(session, "CRM-D.2.2").outcome == Outcome.ATTESTED  # out of scope is spoken of too
        app.ended = at
        session.flush()
        assert seeing.drift(session, "integrations").gone == (f"integration:{app.id}",)
        judge(session, at)
        assert now(session, "CRM-D.2.2").outcome == Outcome.FAIL
        judge(session, at + 90 * DAY)
        scope.adopt(session, "integrations", why, by=make.ADMIN, at=at)
        judge(session, at + 90 * DAY)
        assert now(session, "CRM-D.2.2").outcome == Outcome.EXPIRED


def test_every_kind_of_scope_is_seen_where_it_comes_from(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = make.system(session, name="Sales")
        make.entitlement(session, system, name="Admins")
        owner, one, _ = two(session)
        fill(session, assessments.open(session, make.integration(session, system).id, by=one, at=at), owner, one, at)
        assert set(seeing.seen(session, "systems").values()) == {"Sales"}
        assert set(seeing.seen(session, "groups").values()) == {"Admins"}
        assert set(seeing.seen(session, "classes")) == {"personal"}
        scope.declare(
            session, "places", "Germany", "", inside=True, reason="Our people sit there.", by=make.ADMIN, at=at
        )
        assert seeing.drift(session, "places") == seeing.Drift({}, ())
        with pytest.raises(Refused):
            scope.declare(session, "moods", "x", "", inside=True, reason="Because it is so.", by=make.ADMIN, at=at)


# --- statements ---


def test_a_statement_says_of_every_control_whether_it_applies_and_is_approved_by_another(
    database: Database, at: datetime
) -> None:
    with database.transaction() as session:
        _, one, other = two(session)
        judge(session, at)
        row = statements.generate(session, by=one, at=at)
        told = {each["control"]: each for each in row.content["controls"]}
        assert told["5.18"]["applies"] is True
        assert "CRM-9.1.2" in told["5.18"]["lines"]
        assert told["5.7"]["applies"] is None  # we do not know, and say so
        with pytest.raises(Refused, match="own word"):
            statements.approve(session, row, until=at + 90 * DAY, by=one, at=at)
        statements.approve(session, row, until=at + 90 * DAY, by=other, at=at)
        judge(session, at)
        assert now(session, "CRM-D.1.3").outcome == Outcome.ATTESTED
        assert statements.generate(session, by=one, at=at).number == 2
        with pytest.raises(Refused):
            statements.approve(session, row, until=at + 90 * DAY, by=other, at=at)


# --- findings ---


def raise_all(session: Session, at: datetime) -> dict[tuple[str, str], FindingRow]:
    facts = gathering.facts(session, Limits(), roster_max_age_days=7, at=at)
    for batch in raised.batches(session, facts):
        findings.reconcile(
            session, raised.SOURCE, batch.judgements, rules=batch.rules, system_id=batch.system_id, by=SCHEDULER, at=at
        )
    rows = session.scalars(
        select(FindingRow).where(FindingRow.source == "compliance").execution_options(populate_existing=True)
    )
    return {(row.rule, row.status): row for row in rows}


def test_a_gap_a_blank_and_a_review_that_is_overdue_are_findings_and_close_when_they_are_mended(
    database: Database, at: datetime
) -> None:
    with database.transaction() as session:
        system = make.system(session)  # connected long ago, and never reviewed
        ann = make.identity(session, "ann")
        make.account(session, system, identity_id=ann.id)
        app = make.integration(session, system)
        registers.upload(
            session, "training", b"person,date\nx,2026-05-01\n", source="LMS", extracted_at=at, by=make.ADMIN, at=at
        )
        told = raise_all(session, at)
        assert {rule for rule, status in told if status == "open"} == {
            "training_missing", "integration_card_blank", "review_overdue",
        }  # fmt: skip
        assert told["training_missing", "open"].identity_id == ann.id
        assert all(promised.rule_of(rule) for rule, _ in told)
        owner, one, _ = two(session)
        fill(session, assessments.open(session, app.id, by=one, at=at), owner, one, at)
        content = f"person,date\n{ann.key},2026-05-01\n".encode()
        registers.upload(session, "training", content, source="LMS", extracted_at=at + DAY, by=make.ADMIN, at=at + DAY)
        told = raise_all(session, at + DAY)
        assert {rule for rule, status in told if status == "open"} == {"integration_unassessed", "review_overdue"}
        assert {rule for rule, status in told if status == "closed"} == {"training_missing", "integration_card_blank"}


def test_what_the_checklist_raises_has_a_title_and_says_what_to_do() -> None:
    names = {*raised.OF_REGISTERS.values(), *raised.OF_SYSTEMS, "attestation_expired", "review_overdue"}
    names |= {"review_stranded", "review_unsigned"}  # of reviews
    assert names == promised.RULES.keys()
    assert all(rule.title and rule.todo and rule.controls for rule in promised.RULES.values())


def test_every_act_is_written_down(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        owner, one, other = two(session)
        row = assessments.open(session, make.integration(session, make.system(session)).id, by=one, at=at)
        fill(session, row, owner, one, at)
        assessments.answer(session, row, Status.APPROVED, by=other, at=at)
        scope.declare(session, "classes", "personal", "", inside=True, reason="Customers are people.", by=one, at=at)
        scope.confirm(session, "classes", until=at + DAY, by=one, at=at)
        statements.approve(session, statements.generate(session, by=one, at=at), until=at + DAY, by=other, at=at)
        kinds = [row.kind for row in session.scalars(select(EntryRow).order_by(EntryRow.id))]
        assert kinds == [
            "assessments.opened", "assessment.submitted", "assessment.answered", "scope.changed", "scope.confirmed",
            "statement.made", "statement.approved",
        ]  # fmt: skip
