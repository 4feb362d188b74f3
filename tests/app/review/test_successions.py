"""What lies with somebody who is not here any more moves on."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.inventory.tables import IdentityRow
from app.kit.db import Database
from app.ledger.tables import EntryRow
from app.review import campaigns, decisions, successions
from app.review.successions import Passed
from app.review.tables import CampaignRow, DecisionRow, ItemRow, TaskRow
from tests import make
from tests.app.review import cast
from tests.app.review.cast import DUE, NOW

LATER = NOW + timedelta(days=3)


def _pass_on(session: Session, campaign: CampaignRow) -> Passed:
    session.flush()
    return successions.pass_on(session, campaign.id, by=make.ADMIN, at=LATER)


def _whose(session: Session, campaign: CampaignRow) -> dict[str, tuple[str, str]]:
    session.expire_all()
    rows = session.execute(
        select(ItemRow.subject, IdentityRow.name, ItemRow.chosen_by)
        .join(TaskRow, TaskRow.id == ItemRow.task_id)
        .join(IdentityRow, IdentityRow.id == TaskRow.reviewer_id)
        .where(ItemRow.campaign_id == campaign.id)
    )
    return {subject: (name, step) for subject, name, step in rows}


def test_a_leavers_share_moves_on_to_the_next_who_is_asked_and_answers_stay(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        item = cast.items(session, campaign)[f"grant:{company.plain.id}"]
        decisions.record(session, item.id, "keep", by=company.actor(company.ada), at=NOW)
        assert _pass_on(session, campaign) == Passed(0, 0)  # while she is here nothing moves
        company.ada.end = (LATER - timedelta(days=1)).date()
        assert _pass_on(session, campaign) == Passed(3, 0)
        assert set(_whose(session, campaign).values()) == {("Cy", "passed_on")}
        assert session.get_one(ItemRow, item.id).outcome == "keep"
        assert len(session.scalars(select(DecisionRow)).all()) == 1
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "task.passed_on")).one()
        assert entry.body["because"] == "left"
        assert (entry.body["from"], entry.body["to"]) == ([f"identity:{company.ada.id}"], f"identity:{company.cy.id}")
        assert entry.body["items"] == 3
        assert _pass_on(session, campaign) == Passed(0, 0)


def test_whoever_is_away_until_the_end_passes_on_and_whoever_comes_back_in_time_does_not(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        company.ada.away_from, company.ada.away_until = LATER.date(), (DUE - timedelta(days=1)).date()
        assert _pass_on(session, campaign).moved == 0
        company.ada.away_until = DUE.date()
        assert _pass_on(session, campaign).moved == 3
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "task.passed_on")).one()
        assert entry.body["because"] == "away"


def test_what_was_submitted_stands_whoever_leaves(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        cast.decide_all(session, company, campaign)
        company.ada.ended = LATER
        assert _pass_on(session, campaign) == Passed(0, 0)
        assert set(_whose(session, campaign).values()) == {("Ada", "manager")}


def test_nothing_moves_to_whom_it_concerns_or_to_who_set_the_review_up(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session, configurer_id=company.cy.id)
        company.account.identity_id = company.flo.id  # matched since: it is the first fallback's own
        company.ada.ended = LATER
        assert _pass_on(session, campaign) == Passed(3, 0)
        assert set(_whose(session, campaign).values()) == {("Fay", "passed_on")}


def test_what_is_gone_from_the_system_goes_to_a_fallback(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        company.plain.ended = LATER
        company.ada.ended = LATER
        assert _pass_on(session, campaign) == Passed(3, 0)
        whose = _whose(session, campaign)
        assert whose[f"grant:{company.plain.id}"] == ("Flo", "passed_on")
        assert whose[f"grant:{company.mighty.id}"] == ("Cy", "passed_on")


def test_what_nobody_is_left_for_stays_and_is_counted(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        for person in (company.ada, company.cy, company.flo, company.fay):
            person.ended = LATER
        assert _pass_on(session, campaign) == Passed(0, 3)
        assert set(_whose(session, campaign).values()) == {("Ada", "manager")}


def test_a_review_that_has_ended_is_left_alone(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        campaigns.cancel(session, campaign.id, reason="x", by=make.ADMIN, at=NOW)
        company.ada.ended = LATER
        assert _pass_on(session, campaign) == Passed(0, 0)
