"""Somebody reviews for somebody else, for a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory.tables import IdentityRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow
from app.review import decisions, delegations, tasks
from app.review.tables import CampaignRow, DelegationRow, ItemRow, TaskRow
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW

UNTIL = NOW + timedelta(days=7)


def _make(session: Session, company: cast.Company, **given: Any) -> DelegationRow:
    values: dict[str, Any] = {
        "from_id": company.ada.id, "to_id": company.cy.id, "reason": "on leave", "until": UNTIL,
        "by": company.actor(company.ada), "at": NOW,
    }  # fmt: skip
    return delegations.make(session, **(values | given))


def _refused(session: Session, company: cast.Company, **given: Any) -> str:
    with pytest.raises(Refused) as refused:
        _make(session, company, **given)
    return refused.value.refusal.reason


def _whose(session: Session, campaign: CampaignRow) -> dict[str, tuple[str, str]]:
    session.expire_all()
    rows = session.execute(
        select(ItemRow.subject, IdentityRow.name, ItemRow.chosen_by)
        .join(TaskRow, TaskRow.id == ItemRow.task_id)
        .join(IdentityRow, IdentityRow.id == TaskRow.reviewer_id)
        .where(ItemRow.campaign_id == campaign.id)
    )
    return {subject: (name, step) for subject, name, step in rows}


def _time(session: Session, at: Any = UNTIL) -> dict[str, int]:
    return delegations.keep_time(session, by=make.ADMIN, at=at)


def test_it_takes_along_what_is_open_ends_by_itself_and_gives_back_what_was_not_answered(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        kept = cast.items(session, campaign)[f"account:{company.account.id}"]
        decisions.record(session, kept.id, "keep", reason="x", by=company.actor(company.ada), at=NOW)
        row = _make(session, company)
        whose = _whose(session, campaign)
        assert whose.pop(kept.subject) == ("Ada", "manager")  # she has answered it
        assert set(whose.values()) == {("Cy", "delegated")}
        mine = cast.items(session, campaign)[f"grant:{company.plain.id}"]
        assert mine.delegation_id == row.id
        decisions.record(session, mine.id, "keep", by=company.actor(company.cy), at=NOW)
        assert _time(session, UNTIL - timedelta(seconds=1)) == {"ended": 0, "taken_along": 0}
        assert _time(session) == {"ended": 1, "taken_along": 0}
        whose = _whose(session, campaign)
        assert whose[mine.subject] == ("Cy", "delegated")  # he answered it, and submits it
        assert whose[f"grant:{company.mighty.id}"] == ("Ada", "returned")
        assert _time(session) == {"ended": 0, "taken_along": 0}
        told = [e.body for e in session.scalars(select(EntryRow).where(EntryRow.kind == "task.passed_on"))]
        assert {(each["because"], each["items"]) for each in told} == {("delegated", 2), ("delegation ended", 1)}
        made = session.scalars(select(EntryRow).where(EntryRow.kind == "delegation.made")).one()
        assert "leave" not in str(made.body)  # a reason is personal


def test_a_review_that_opens_meanwhile_asks_the_delegate(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        over = NOW + timedelta(hours=9)
        _make(session, company, until=over)
        assert set(_whose(session, cast.opened(session)).values()) == {("Cy", "delegated")}
        assert set(_whose(session, cast.opened(session, name="later", at=over)).values()) == {("Ada", "manager")}


def test_one_that_is_for_later_begins_by_itself(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        begins = NOW + timedelta(days=2)
        _make(session, company, began=begins)
        assert _time(session, NOW)["taken_along"] == 0
        assert _time(session, begins)["taken_along"] == 3
        assert set(_whose(session, campaign).values()) == {("Cy", "delegated")}


def test_its_scope_says_what_goes_along(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        _make(session, company, scope='campaign = "Q4" and system = "Sales org" and kind = grant and not privileged')
        whose = _whose(session, campaign)
        assert whose.pop(f"grant:{company.plain.id}") == ("Cy", "delegated")
        assert set(whose.values()) == {("Ada", "manager")}
        assert "not understood" in _refused(session, company, scope="moonlight", to_id=company.flo.id)
        assert "no system called “Sale org”" in _refused(
            session, company, scope='not system in ("Sale org", "Sales org")'
        )
        assert "no system called “People”" in _refused(session, company, scope="system = People or privileged")
        assert "no kind of item called “rant”" in _refused(session, company, scope="kind = rant", to_id=company.flo.id)
        _make(session, company, scope='campaign = "Q9"', to_id=company.eve.id)  # it may open yet


def test_nothing_is_delegated_back_to_its_subject_or_by_them(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        _make(session, company, to_id=company.bo.id)
        assert set(_whose(session, campaign).values()) == {("Ada", "manager")}
        bo = make.actor(company.bo, *make.ADMIN.roles)
        _make(session, company, by=bo)  # nor does he choose who decides on his own
        assert set(_whose(session, campaign).values()) == {("Ada", "manager")}


def test_whoever_set_the_review_up_gets_none_of_it(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session, configurer_id=company.cy.id)
        _make(session, company)
        assert set(_whose(session, campaign).values()) == {("Ada", "manager")}


def test_no_ring_closes_and_nothing_is_handed_on_twice(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        _make(session, company)
        cy: Actor = company.actor(company.cy)
        assert "twice" in _refused(session, company, from_id=company.cy.id, to_id=company.ada.id, by=cy)
        assert "same person" in _refused(session, company)
        _make(session, company, from_id=company.cy.id, to_id=company.flo.id, by=cy)
        flo = company.actor(company.flo)
        assert "twice" in _refused(session, company, from_id=company.flo.id, to_id=company.ada.id, by=flo)
        later = {"began": UNTIL, "until": UNTIL + timedelta(days=1)}
        _make(session, company, from_id=company.flo.id, to_id=company.ada.id, by=flo, **later)


def test_it_is_refused_without_a_reason_an_end_or_somebody_who_is_here(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        assert "reason" in _refused(session, company, reason=" ")
        assert "ends" in _refused(session, company, until=NOW)
        assert "366" in _refused(session, company, until=NOW + timedelta(days=367))
        assert "themselves" in _refused(session, company, to_id=company.ada.id)
        assert "administrator" in _refused(session, company, by=company.actor(company.eve))
        company.cy.away_from = NOW.date()
        session.flush()
        assert "away" in _refused(session, company)


def test_what_was_handed_to_somebody_on_purpose_is_not_taken_along_again(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        _make(session, company)
        tasks.reassign(
            session, campaign.id, to_id=company.ada.id, reason="hers after all", by=make.ADMIN, at=NOW,
            items=[each.id for each in cast.items(session, campaign).values()],
        )  # fmt: skip
        assert _time(session, NOW)["taken_along"] == 0
        assert set(_whose(session, campaign).values()) == {("Ada", "reassigned")}


def test_its_reviewer_ends_it_and_nobody_else_knows_of_it(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        row = _make(session, company)
        for stranger in (company.eve, company.cy):
            with pytest.raises(Refused) as refused:
                delegations.end(session, row.id, by=company.actor(stranger), at=NOW)
            assert refused.value.refusal.code == "not_found"
        delegations.end(session, row.id, by=company.actor(company.ada), at=NOW)
        assert set(_whose(session, campaign).values()) == {("Ada", "returned")}
        with pytest.raises(Refused) as refused:
            delegations.end(session, row.id, by=make.ADMIN, at=NOW)
        assert refused.value.refusal.code == "delegation_ended"


def test_what_was_delegated_by_somebody_who_has_left_stays_with_the_delegate(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        _make(session, company)
        company.ada.ended = NOW
        session.flush()
        _time(session)
        assert set(_whose(session, campaign).values()) == {("Cy", "delegated")}
