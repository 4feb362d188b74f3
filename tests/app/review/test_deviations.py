"""What people hold beside their job's role model: found by the reading, counted for its line, told of nobody unasked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.compliance import gathering
from app.compliance.controls import catalogue
from app.compliance.controls.line import Outcome
from app.compliance.facts import Limits as Policy
from app.compliance.judging import judge
from app.detection import detect, findings, queries, rulebook
from app.detection.judgement import Counted, Judgement, Touched
from app.detection.limits import Limits
from app.detection.rule import CannotTell, Fails, Holds
from app.detection.tables import FindingRow, RunRow
from app.inventory.tables import GrantRow, StreamRow
from app.kit.db import Database
from app.remediation import offers
from app.review import bundles, deviating, deviations
from app.review.deviating import Held
from tests import make
from tests.app.review.cast import NOW, Company
from tests.app.review.test_bundles import Team, approved, drafted, team

NAME = deviating.RULE.name


@pytest.mark.parametrize(
    ("held", "answer"),
    [
        (Held(True, "Bo", "Rep, version 1"), Holds),
        (Held(True, "Bo", "Rep, version 1", ("Exporter",)), Fails),
        (Held(False, "Bo", "Rep, version 1", ("Exporter",)), Holds),
        (Held(None, "Bo", "Rep, version 1", ("Exporter",)), CannotTell),
        (Held(True, "Bo", None), CannotTell),
        (Held(True, None, None), CannotTell),
    ],
)
def test_the_measure_is_what_the_job_is_meant_to_have(held: Held, answer: type) -> None:
    assert isinstance(deviating.ask(held), answer)


def dated(session: Session) -> Team:
    """The team, with a roster of yesterday."""
    there = team(session)
    session.execute(update(StreamRow).where(StreamRow.stream == "people").values(server_at=NOW - timedelta(days=1)))
    return there


def judged(session: Session, company: Company) -> dict[str, Any]:
    """The answer about each account; what only holds is counted and not named."""
    told = deviations.judgements(session, company.system.id, roster_max_age_days=7, at=NOW)
    return {each.subject: each.answer for each in told if isinstance(each, Judgement)}


def test_who_holds_more_than_the_job_needs_is_found_and_nobody_else(database: Database) -> None:
    with database.transaction() as session:
        there = dated(session)
        company = there.company
        approved(session, company)
        extra = make.entitlement(session, company.system, label="Quotes")
        dark = make.entitlement(session, company.system, privileges=None)
        fixed = make.entitlement(session, company.system, revocable=False)
        mighty = make.entitlement(session, company.system)
        one, ended, later, idle, off, odd = there.accounts
        make.grant(session, one, extra)
        make.grant(session, ended, extra, ended=NOW - timedelta(days=1))
        make.grant(session, later, extra, until=NOW + timedelta(days=5))  # ends by itself
        make.grant(session, idle, extra, effective=False)
        off.active = False
        make.grant(session, off, extra)
        for what in (dark, fixed, mighty):
            make.grant(session, odd, what)
        make.privilege(session, odd, mighty, "export")
        session.flush()
        told = judged(session, company)
        assert told == {f"account:{one.id}": Fails("holds Quotes beside the role model Rep, version 1")}


def test_the_narrowest_role_model_is_the_persons(database: Database) -> None:
    with database.transaction() as session:
        there = dated(session)
        company = there.company
        quotes = make.entitlement(session, company.system, label="Quotes")
        approved(session, company)
        make.grant(session, there.accounts[1], quotes)
        wide = f"account:{there.accounts[1].id}"
        assert wide in judged(session, company)
        key = there.reps[1].key
        row = drafted(session, company, name="Rep of quotes", match=f'person = "{key}"',
                      entitlements=[company.role.id, quotes.id])  # fmt: skip
        bundles.approve(session, row.bundle_id, number=1, by=company.actor(company.cy), at=NOW)
        assert wide not in judged(session, company)


def test_a_role_model_that_says_nothing_of_a_crm_does_not_speak_against_what_is_held_there(database: Database) -> None:
    with database.transaction() as session:
        there = dated(session)
        company = there.company
        other = make.entitlement(session, make.system(session, name="Elsewhere"))
        approved(session, company, entitlements=[other.id])
        told = judged(session, company)
        assert {type(each) for each in told.values()} == {CannotTell}


def test_without_a_role_model_in_force_nobody_can_tell(database: Database) -> None:
    with database.transaction() as session:
        there = dated(session)
        company = there.company
        make.grant(session, there.accounts[0], make.entitlement(session, company.system))
        drafted(session, company)
        told = judged(session, company)
        assert {type(each) for each in told.values()} == {CannotTell}
        assert len(told) == len(there.accounts)
        approved(session, company, name="Seller", at=NOW - timedelta(days=366))
        assert {type(each) for each in judged(session, company).values()} == {CannotTell}


def test_an_account_that_is_nobodys_or_whose_person_left_follows_no_job(database: Database) -> None:
    with database.transaction() as session:
        there = dated(session)
        approved(session, there.company)
        extra = make.entitlement(session, there.company.system)
        there.accounts[1].identity_id = None
        there.reps[2].end = NOW.date() - timedelta(days=1)
        for account in there.accounts[1:3]:
            make.grant(session, account, extra)
        session.flush()
        told = judged(session, there.company)
        assert {type(told[f"account:{account.id}"]) for account in there.accounts[1:3]} == {CannotTell}


@pytest.mark.parametrize("stream", ["grants", "entitlements", "accounts"])
def test_a_stream_that_was_not_read_leaves_it_unknown(database: Database, stream: str) -> None:
    with database.transaction() as session:
        there = dated(session)
        approved(session, there.company)
        make.grant(session, there.accounts[0], make.entitlement(session, there.company.system))
        session.execute(update(StreamRow).where(StreamRow.stream == stream).values(verdict="incomplete"))
        (said,) = deviations.judgements(session, there.company.system.id, roster_max_age_days=7, at=NOW)
        assert isinstance(said, Counted)
        assert isinstance(said.answer, CannotTell)


def reconcile(session: Session, company: Company, at: Any = NOW) -> None:
    terms: dict[str, Any] = {"system_id": company.system.id, "by": make.ADMIN, "at": at}
    detected = detect.judgements(session, company.system.id, Limits(), at=at)
    findings.reconcile(session, "detection", detected, rules=list(rulebook.RULES), **terms)
    told = deviations.judgements(session, company.system.id, roster_max_age_days=7, at=at)
    findings.reconcile(session, deviations.SOURCE, told, rules=[NAME], **terms)


def test_its_line_fails_by_the_finding_and_knows_of_the_pass_that_found_it(database: Database) -> None:
    with database.transaction() as session:
        there = dated(session)
        company = there.company
        approved(session, company)
        extra = make.grant(session, there.accounts[0], make.entitlement(session, company.system, label="Quotes"))
        reconcile(session, company)
        row = session.scalars(select(FindingRow).where(FindingRow.rule == NAME)).one()
        assert row.facts["beside_it"] == ["Quotes"]
        line = catalogue.LINES["CRM-9.2.2"]
        assert NAME in line.rules
        assert not line.awaits
        line = replace(line, rules=(NAME,))  # what else tests it is looked at elsewhere

        def told() -> Any:
            return judge(line, gathering.facts(session, Policy(), roster_max_age_days=7, at=NOW), {})[-1]

        assert told().outcome is Outcome.FAIL
        assert deviating.RULE.title in told().because
        wanted = [offer.subject for offer in offers.offers(session, row) if offer.chosen]
        assert wanted == [f"grant:{extra.id}"]  # and not the whole account
        session.execute(update(GrantRow).where(GrantRow.id == extra.id).values(ended=NOW))
        reconcile(session, company, NOW + timedelta(minutes=1))
        session.refresh(row)
        assert row.status == "closed"
        assert deviating.RULE.title not in told().because
        stale = session.scalars(select(RunRow).where(RunRow.source == deviations.SOURCE)).all()
        for run in stale:
            run.at = NOW - timedelta(days=9)
        session.flush()
        assert f"{deviating.RULE.title}: not asked yet" in told().because


def test_it_reports_until_somebody_switches_it_on(database: Database) -> None:
    with database.transaction() as session:
        assert NAME not in queries.alerting(session, catalogue.RULES)
        assert NAME in {each.rule.name for each in queries.standing(session, catalogue.RULES)}


def test_a_pass_over_a_part_says_of_it_what_a_pass_over_all_says(database: Database) -> None:
    with database.transaction() as session:
        there = dated(session)
        company = there.company
        before = deviations.measure(session, NOW)
        approved(session, company)
        assert deviations.measure(session, NOW) != before
        extra = make.entitlement(session, company.system, label="Quotes")
        for account in there.accounts[:2]:
            make.grant(session, account, extra)
        whole, touched = judged(session, company), Touched(frozenset({there.accounts[0].id}), frozenset())
        told = deviations.judgements(session, company.system.id, roster_max_age_days=7, only=touched, at=NOW)
        part = {each.subject: each.answer for each in told if isinstance(each, Judgement)}
        assert len(whole) == 2
        assert part == {f"account:{there.accounts[0].id}": whole[f"account:{there.accounts[0].id}"]}
