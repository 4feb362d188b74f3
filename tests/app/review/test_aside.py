"""Setting aside: "not mine" and "I cannot say" give no outcome, stay open until submitted, and go on to who may decide."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow
from app.review import aside, campaigns, decisions, heirs, queries, tasks
from app.review.aside import Aside
from app.review.policy import WITHDRAW
from app.review.tables import CampaignRow, ItemRow, TaskRow
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW, Company

LATER = NOW + timedelta(minutes=1)


def _opened(session: Session, **scope: object) -> tuple[Company, CampaignRow, ItemRow]:
    company = cast.company(session)
    campaign = cast.opened(session, scope=dict(scope))
    return company, campaign, cast.items(session, campaign)[f"grant:{company.plain.id}"]


def _say(session: Session, item: ItemRow, answer: str, company: Company, who: str, **given: object) -> str | None:
    """What comes of an answer: nothing, or the code of the refusal."""
    try:
        decisions.record(session, item.id, answer, by=company.actor(getattr(company, who)), at=LATER, **given)  # type: ignore[arg-type]
    except Refused as refused:
        return refused.refusal.code
    finally:
        session.refresh(item)
    return None


def _whose(session: Session, item: ItemRow) -> int:
    session.refresh(item)
    return session.get_one(TaskRow, item.task_id).reviewer_id


def _answer_the_rest(session: Session, campaign: CampaignRow, company: Company, who: str) -> None:
    person = getattr(company, who)
    mine = select(ItemRow).join(TaskRow, TaskRow.id == ItemRow.task_id).where(TaskRow.reviewer_id == person.id)
    for each in session.scalars(mine).all():
        if each.outcome is None and each.aside is None:
            decisions.record(session, each.id, "keep", reason="seen", by=company.actor(person), at=LATER)


@pytest.mark.parametrize("why", list(Aside))
def test_what_is_set_aside_has_no_outcome_and_goes_on_when_its_share_is_submitted(
    why: Aside, database: Database
) -> None:
    with database.transaction() as session:
        company, campaign, item = _opened(session)
        assert _say(session, item, why, company, "ada") is None
        assert (item.outcome, item.aside, _whose(session, item)) == (None, why, company.ada.id)
        _answer_the_rest(session, campaign, company, "ada")
        ada = company.actor(company.ada)
        cast.submit(session, campaign, ada)
        assert (_whose(session, item), item.outcome, item.aside, item.chosen_by) == (
            company.cy.id, None, None, "passed_on",
        )  # fmt: skip
        told = session.scalars(select(EntryRow).where(EntryRow.kind == "task.passed_on")).one()
        assert (told.body["because"], told.body["to"], told.author) == (
            why, f"identity:{company.cy.id}", ada.id,
        )  # fmt: skip
        submitted = session.scalars(select(EntryRow).where(EntryRow.kind == "task.submitted")).one()
        assert (submitted.body["counts"], submitted.body["set_aside"]) == ({"keep": 2}, 1)


def test_it_can_be_taken_back_or_answered_until_it_is_submitted(database: Database) -> None:
    with database.transaction() as session:
        company, _, item = _opened(session)
        _say(session, item, Aside.NOT_MINE, company, "ada", reason="moved to Eve's team")
        assert _say(session, item, WITHDRAW, company, "ada") is None
        assert (item.outcome, item.aside) == (None, None)
        assert _say(session, item, WITHDRAW, company, "ada") == "not_answered"
        _say(session, item, "keep", company, "ada")
        _say(session, item, Aside.CANNOT_SAY, company, "ada")
        assert (item.outcome, item.aside) == (None, "cannot_say")
        _say(session, item, "remove", company, "ada", reason="unused")
        assert (item.outcome, item.aside) == ("remove", None)
        said = queries.decisions(session, [item.id])[item.id]
        assert [(row.answer, row.reason) for row in said] == [
            ("not_mine", "moved to Eve's team"), ("withdraw", ""), ("keep", ""), ("cannot_say", ""), ("remove", "unused"),
        ]  # fmt: skip


def test_it_is_passed_along_until_nobody_is_left_and_then_somebody_has_to_decide(database: Database) -> None:
    with database.transaction() as session:
        company, campaign, item = _opened(session)
        for who, then in (("ada", company.cy), ("cy", company.flo), ("flo", company.fay)):
            assert _say(session, item, Aside.CANNOT_SAY, company, who) is None
            _answer_the_rest(session, campaign, company, who)
            cast.submit(session, campaign, company.actor(getattr(company, who)))
            assert _whose(session, item) == then.id
        assert _say(session, item, Aside.NOT_MINE, company, "fay", change_to="role:rep") == "bad_answer"
        assert _say(session, item, Aside.NOT_MINE, company, "fay") == "nobody_else"
        assert _say(session, item, Aside.CANNOT_SAY, company, "eve") == "not_reviewer"
        assert _say(session, item, "keep", company, "fay") is None


def test_nobody_gets_what_concerns_them_what_they_set_up_or_while_they_are_away(database: Database) -> None:
    with database.transaction() as session:
        company, campaign, item = _opened(session)
        mighty = cast.items(session, campaign)[f"grant:{company.mighty.id}"]
        assert heirs.heirs(session, [item.id, mighty.id], NOW) == {item.id: company.cy.id, mighty.id: company.cy.id}
        company.cy.away_from, company.cy.away_until = (
            NOW.date(),
            (NOW + timedelta(days=3)).date(),
        )  # back before it is due
        session.flush()
        assert heirs.heirs(session, [item.id], NOW) == {item.id: company.cy.id}
        campaign.scope = {**campaign.scope, "security_owner": "fay"}
        session.flush()
        assert heirs.heirs(session, [item.id, mighty.id], NOW) == {item.id: company.cy.id, mighty.id: company.fay.id}
        company.account.identity_id = company.cy.id  # it is the owner's own access
        campaign.configurer_id = company.flo.id
        session.flush()
        item.subject_identity_id = company.cy.id
        session.flush()
        assert heirs.heirs(session, [item.id], NOW)[item.id] == company.fay.id
        company.fay.ended = NOW
        session.flush()
        assert heirs.heirs(session, [item.id], NOW)[item.id] is None


def test_a_share_is_not_submitted_while_what_was_set_aside_has_nobody_to_go_to(database: Database) -> None:
    with database.transaction() as session:
        company, campaign, item = _opened(session)
        _say(session, item, Aside.NOT_MINE, company, "ada")
        _answer_the_rest(session, campaign, company, "ada")
        for gone in (company.cy, company.flo, company.fay):
            gone.ended = NOW
        session.flush()
        with pytest.raises(Refused) as refused:
            cast.submit(session, campaign, company.actor(company.ada))
        assert (refused.value.refusal.code, refused.value.refusal.facts) == ("nobody_else", {"items": 1})
        assert _whose(session, item) == company.ada.id


def test_closing_takes_it_for_what_it_is_no_answer(database: Database) -> None:
    with database.transaction() as session:
        company, campaign, item = _opened(session)
        _say(session, item, Aside.CANNOT_SAY, company, "ada")
        _answer_the_rest(session, campaign, company, "ada")
        with pytest.raises(Refused) as refused:
            campaigns.close(session, campaign.id, by=make.ADMIN, at=LATER)
        assert refused.value.refusal.facts["undecided"] == {"Ada": 1}
        campaigns.close(session, campaign.id, unanswered="remove", by=make.ADMIN, at=LATER)
        session.refresh(item)
        assert (item.outcome, item.settled) == ("remove", "silence")


def test_handed_on_by_hand_it_is_the_new_reviewers_to_answer(database: Database) -> None:
    with database.transaction() as session:
        company, campaign, item = _opened(session)
        _say(session, item, Aside.NOT_MINE, company, "ada")
        tasks.reassign(
            session, campaign.id, to_id=company.eve.id, reason="hers", items=[item.id], by=make.ADMIN, at=LATER
        )
        assert (_whose(session, item), item.aside) == (company.eve.id, None)


PEOPLE = st.integers(min_value=1, max_value=6)


@given(asked=st.lists(st.none() | PEOPLE), able=st.sets(PEOPLE), barred=st.sets(PEOPLE))
def test_the_next_is_the_first_who_may_and_nobody_else(
    asked: list[int | None], able: set[int], barred: set[int]
) -> None:
    fit = [who for who in asked if who in able - barred]
    assert aside.heir(asked, able, barred) == (fit[0] if fit else None)
