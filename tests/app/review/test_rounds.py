"""Rounds: others are asked again about what a rule takes in, nobody twice, and a rule says what it comes to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.evidence import reconciliation
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow
from app.remediation import queries as removals
from app.review import campaigns, decisions, former, heirs, rounds, silences, tasks, turns
from app.review.tables import CampaignRow, ItemRow, RoundAnswerRow, RoundRow, TaskRow
from app.review.turns import Outcome
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW, Company

AGAIN = {"then": [{"name": "Owners", "ask": ["owner"], "where": "privileged", "due_days": 7}]}
ASKED: dict[str, Any] = {"reviewers": [{"ask": ["manager", "owner"]}]}  # privileges, too, are the manager's at first


def _reviewed(session: Session, scope: dict[str, Any], **answers: str) -> tuple[Company, CampaignRow]:
    """Ada has answered everything ("keep", unless said otherwise of `plain`, `mighty` or `account`) and submitted."""
    company = cast.company(session)
    campaign = cast.opened(session, scope=ASKED | scope)
    told = {f"grant:{company.plain.id}": "plain", f"grant:{company.mighty.id}": "mighty"}
    for subject, item in cast.items(session, campaign).items():
        answer = answers.get(told.get(subject, "account"), "keep")
        decisions.record(session, item.id, answer, reason="seen", by=company.actor(company.ada), at=NOW)
    cast.submit(session, campaign, company.actor(company.ada))
    return company, campaign


def _code(verb: Any, *args: Any, **more: Any) -> str:
    with pytest.raises(Refused) as refused:
        verb(*args, **more)
    return refused.value.refusal.code


def _mighty(session: Session, company: Company, campaign: CampaignRow) -> ItemRow:
    session.expire_all()
    return cast.items(session, campaign)[f"grant:{company.mighty.id}"]


def _go_on(session: Session, campaign: CampaignRow, **given: Any) -> RoundRow:
    return rounds.go_on(session, campaign.id, **({"by": make.ADMIN, "at": NOW} | given))


# --- going on ---


def test_a_review_of_one_round_has_no_rows_for_rounds(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        campaign = cast.opened(session)
        assert former.rounds(session, campaign.id) == []
        assert _code(rounds.go_on, session, campaign.id, by=make.ADMIN, at=NOW) == "no_round"


def test_what_the_rule_takes_in_goes_on_to_somebody_else_with_its_former_answer_beside_it(database: Database) -> None:
    with database.transaction() as session:
        company, campaign = _reviewed(session, AGAIN)
        campaign.escalated_at = campaign.owners_asked_at = NOW
        session.flush()
        begun = _go_on(session, campaign)
        assert (begun.number, begun.status, begun.asked) == (2, "open", 1)
        item = _mighty(session, company, campaign)
        assert (item.outcome, item.round, item.chosen_by) == (None, 2, "owner")
        assert session.get_one(TaskRow, item.task_id).reviewer_id == company.cy.id
        (before,) = former.answers(session, [item.id])[item.id]
        assert (before.round, before.answer, before.reviewer_id) == (1, "keep", company.ada.id)
        assert session.scalars(select(func.count()).select_from(RoundAnswerRow)).one() == 1
        assert (campaign.round, campaign.due_at) == (2, NOW + timedelta(days=7))
        assert (campaign.escalated_at, campaign.owners_asked_at) == (None, None), "each round has its own"
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "round.begun")).one()
        assert entry.body["answered_before"] == {"keep": 1}
        assert entry.body["shares"] == [{"to": f"identity:{company.cy.id}", "items": 1}]


def test_a_round_does_not_begin_while_the_one_before_has_time_and_open_shares(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        campaign = cast.opened(session, scope=ASKED | AGAIN)
        assert list(rounds.due(session, NOW)) == []
        assert _code(rounds.go_on, session, campaign.id, by=make.ADMIN, at=NOW) == "round_open"
        assert list(rounds.due(session, cast.DUE)) == [campaign.id]
        assert _go_on(session, campaign, at=cast.DUE).asked == 1  # drafts and silence go on as they are


def test_a_review_closes_after_its_rounds_only(database: Database) -> None:
    with database.transaction() as session:
        company, campaign = _reviewed(session, AGAIN)
        end: dict[str, Any] = {"by": make.ADMIN, "at": NOW}
        assert _code(campaigns.close, session, campaign.id, **end) == "rounds_left"
        _go_on(session, campaign)
        assert _code(campaigns.close, session, campaign.id, **end) == "undecided"
        item = _mighty(session, company, campaign)
        decisions.record(session, item.id, "remove", reason="no", by=company.actor(company.cy), at=NOW)
        cast.submit(session, campaign, company.actor(company.cy))
        assert campaigns.close(session, campaign.id, **end).status == "closed"
        assert [row.status for row in former.rounds(session, campaign.id)] == ["ended", "ended"]
        assert [row.status for row in former.rounds(session, campaign.id, "planned")] == []


def test_a_round_without_items_is_skipped_and_written_down(database: Database) -> None:
    with database.transaction() as session:
        none = {"then": [{"name": "Nobody's", "ask": ["owner"], "where": 'answer = "remove"'}]}
        _company, campaign = _reviewed(session, none)
        assert (_go_on(session, campaign).status, campaign.round) == ("skipped", 1)
        assert session.scalars(select(EntryRow).where(EntryRow.kind == "round.skipped")).one().body["round"] == 2
        assert campaigns.close(session, campaign.id, by=make.ADMIN, at=NOW).status == "closed"


# --- nobody twice, nobody's own ---


def test_nobody_is_asked_twice_about_the_same(database: Database) -> None:
    """The manager is Ada, who answered; the fallback is next."""
    with database.transaction() as session:
        company, campaign = _reviewed(session, {"then": [{"name": "Again", "ask": ["manager"], "where": "privileged"}]})
        _go_on(session, campaign)
        item = _mighty(session, company, campaign)
        assert (session.get_one(TaskRow, item.task_id).reviewer_id, item.chosen_by) == (company.flo.id, "fallback")
        back: dict[str, Any] = {"to_id": company.ada.id, "reason": "knows", "items": [item.id], "at": NOW}
        assert _code(tasks.reassign, session, campaign.id, **back, by=make.ADMIN) == "asked_before"
        company.flo.manager_id = company.ada.id
        session.flush()
        told = silences.pass_on(session, campaign.id, to="manager", reason="silent", by=make.ADMIN, at=NOW)
        assert (told.moved, told.stayed) == (1, 0)
        assert session.get_one(TaskRow, _mighty(session, company, campaign).task_id).reviewer_id == company.cy.id


def test_a_round_with_nobody_left_to_ask_waits_for_a_name(database: Database) -> None:
    with database.transaction() as session:
        alone = {"second_fallback": None, "then": [{"name": "Again", "ask": ["manager"], "where": "privileged"}]}
        company, campaign = _reviewed(session, alone)
        company.flo.end = NOW.date() - timedelta(days=1)
        session.flush()
        assert _code(rounds.go_on, session, campaign.id, by=make.ADMIN, at=NOW) == "no_reviewer"
        waits = rounds.why_not_by_itself(session, campaign, NOW)
        assert waits is not None
        assert waits.code == "no_reviewer"
        company.flo.end = None
        session.flush()
        assert rounds.why_not_by_itself(session, campaign, NOW) is None  # it begins
        company.flo.end = NOW.date() - timedelta(days=1)
        session.execute(update(TaskRow).values(status="open"))
        assert rounds.why_not_by_itself(session, campaign, NOW) is None  # it is not its turn
        session.execute(update(TaskRow).values(status="submitted"))
        assert _code(rounds.go_on, session, campaign.id, resort="nobody", by=make.ADMIN, at=NOW) == "not_found"
        assert _mighty(session, company, campaign).round == 1
        assert _go_on(session, campaign, resort="cy").asked == 1


def test_who_can_grant_what_they_would_decide_on_is_barred_from_later_rounds_too(database: Database) -> None:
    with database.transaction() as session:
        company, campaign = _reviewed(session, AGAIN | {"granters": "bar"})
        right = make.entitlement(session, company.system, privileges=["manage_access"])
        account = make.account(session, company.system, identity_id=company.cy.id, username="cy@corp")
        make.privilege(session, account, right, "manage_access")
        _go_on(session, campaign)
        item = _mighty(session, company, campaign)
        assert (session.get_one(TaskRow, item.task_id).reviewer_id, item.chosen_by) == (company.flo.id, "fallback")


def test_a_later_round_spares_whom_it_concerns_by_now_and_who_set_the_review_up(database: Database) -> None:
    with database.transaction() as session:
        company, campaign = _reviewed(session, AGAIN)
        company.account.identity_id = company.cy.id  # it was matched to the owner since
        campaign.configurer_id = company.flo.id
        session.flush()
        _go_on(session, campaign)
        item = _mighty(session, company, campaign)
        assert session.get_one(TaskRow, item.task_id).reviewer_id == company.fay.id


def test_what_is_set_aside_in_a_later_round_does_not_go_back_to_whom_an_earlier_one_asked(database: Database) -> None:
    with database.transaction() as session:
        named = {"then": [{"name": "Named", "ask": [{"person": "cy"}], "where": "privileged"}]}
        company, campaign = _reviewed(session, named)
        company.system.owner_key = company.ada.key  # who would be the next
        session.flush()
        _go_on(session, campaign)
        item = _mighty(session, company, campaign)
        assert heirs.heirs(session, [item.id], NOW)[item.id] == company.flo.id


def test_a_round_that_somebody_else_has_turned_and_a_review_that_is_over_are_left_alone(database: Database) -> None:
    with database.transaction() as session:
        _company, campaign = _reviewed(session, AGAIN)
        first = session.get_one(RoundRow, (campaign.id, 1))
        first.status = "ended"
        session.flush()
        assert _code(rounds.go_on, session, campaign.id, by=make.ADMIN, at=NOW) == "too_late"
        first.status = "open"
        campaigns.cancel(session, campaign.id, reason="planned anew", by=make.ADMIN, at=NOW)
        assert list(rounds.due(session, cast.DUE)) == []
        assert _code(rounds.go_on, session, campaign.id, by=make.ADMIN, at=NOW) == "campaign_ended"


def test_what_was_answered_in_an_earlier_round_stands(database: Database) -> None:
    with database.transaction() as session:
        company, campaign = _reviewed(session, AGAIN)
        item = cast.items(session, campaign)[f"grant:{company.plain.id}"]
        task = session.get_one(TaskRow, item.task_id)
        _go_on(session, campaign)
        tasks.reopen(session, task.id, reason="a slip", by=make.ADMIN, at=NOW)
        ada: dict[str, Any] = {"by": company.actor(company.ada), "at": NOW}
        assert _code(decisions.record, session, item.id, "remove", reason="x", **ada) == "round_over"


# --- what it comes to ---


@pytest.mark.parametrize(
    ("rule", "first", "second", "outcome"),
    [
        ("last", "remove", "keep", "keep"),
        ("any_removal", "keep", "remove", "remove"),
        ("all_keep", "keep", "keep", "keep"),
        ("last", "keep", None, "keep"),
        ("all_keep", "keep", None, "remove"),
    ],
)
def test_several_answers_come_to_what_the_rule_says(
    database: Database, rule: str, first: str, second: str | None, outcome: str
) -> None:
    with database.transaction() as session:
        company, campaign = _reviewed(session, AGAIN | {"outcome": rule}, mighty=first)
        _go_on(session, campaign)
        item = _mighty(session, company, campaign)
        if second is not None:
            decisions.record(session, item.id, second, reason="seen", by=company.actor(company.cy), at=NOW)
            cast.submit(session, campaign, company.actor(company.cy))
        campaigns.close(session, campaign.id, unanswered="remove", by=make.ADMIN, at=NOW)
        item = _mighty(session, company, campaign)
        assert (item.outcome, item.settled) == (outcome, None if outcome == second else "rounds")
        closed = session.scalars(select(EntryRow).where(EntryRow.kind == "campaign.closed")).one()
        assert (closed.body["counts"]["unanswered"], closed.body["counts"][outcome]) == (
            0,
            1 if outcome == "remove" else 3,
        )
        assert len(removals.wishes(session, campaign.id)) == (outcome == "remove")


def test_what_cannot_come_out_otherwise_is_not_asked_again(database: Database) -> None:
    with database.transaction() as session:
        _company, campaign = _reviewed(session, AGAIN | {"outcome": "any_removal"}, mighty="remove")
        assert _go_on(session, campaign).status == "skipped"


_ANSWERS = st.lists(st.sampled_from([None, "keep", "remove", "change", "acknowledge"]), max_size=5)


@given(rule=st.sampled_from(list(Outcome)), answers=_ANSWERS)
def test_the_verifier_comes_to_the_same_by_its_own_lights(rule: Outcome, answers: list[str | None]) -> None:
    assert reconciliation.tally(str(rule), answers) == turns.tally(rule, answers)


@given(rule=st.sampled_from(list(Outcome)), answers=_ANSWERS, more=_ANSWERS.filter(bool))
@example(
    rule=Outcome.ALL_KEEP, answers=[None, "keep"], more=["change"]
)  # who was silent may be followed by who changes
def test_what_is_not_open_yet_stays_whatever_is_answered_later(
    rule: Outcome, answers: list[str | None], more: list[str | None]
) -> None:
    if not turns.open_yet(rule, answers):
        assert turns.tally(rule, [*answers, *more]) == turns.tally(rule, answers)


# --- the rule itself ---


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ({"then": "owners"}, "no list"),
        ({"then": [{"ask": ["owner"]}]}, "name"),
        ({"then": [{"name": "x", "ask": []}]}, "asks nobody"),
        ({"then": [{"name": "x", "ask": ["owner"], "where": "colour"}]}, "colour"),
        ({"then": [{"name": "x", "ask": ["owner"], "due_days": 0}]}, "number of days"),
        ({"then": [{"name": "x", "ask": ["owner"]}] * 6}, "at most 5"),
        ({"outcome": "all_keep"}, "there is one"),
        ({"then": [{"name": "x", "ask": ["owner"]}], "outcome": "coin"}, "coin"),
    ],
)
def test_rounds_that_are_not_understood_are_refused(database: Database, written: dict[str, Any], word: str) -> None:
    with database.transaction() as session:
        cast.company(session)
        assert word in cast.refusal(session, scope=written).reason
