"""Deciding on items: by whom, with which reason, once, and never edited."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from app.actors.actor import Actor, Role
from app.inventory.tables import IdentityEmailRow, IdentityRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.entries import commitment
from app.ledger.tables import EntryRow, PersonalRow
from app.review import campaigns, decisions, queries
from app.review.decisions import Ask
from app.review.policy import WITHDRAW
from app.review.tables import DecisionRow, ItemRow, TaskRow
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW


def _item(session: Session, subject: str) -> ItemRow:
    return session.scalars(select(ItemRow).where(ItemRow.subject == subject)).one()


def _plain(session: Session) -> tuple[cast.Company, ItemRow, Actor]:
    company = cast.company(session)
    cast.opened(session)
    return company, _item(session, f"grant:{company.plain.id}"), company.actor(company.ada)


def _code(session: Session, item: int, answer: str = "keep", **given: Any) -> str:
    with pytest.raises(Refused) as refused:
        decisions.record(session, item, answer, **({"at": NOW} | given))
    return refused.value.refusal.code


# --- what is recorded ---


def test_a_decision_and_its_ledger_entry_share_one_id(database: Database) -> None:
    with database.transaction() as session:
        company, item, ada = _plain(session)
        shown = dict(item.shown)
        made = decisions.record(session, item.id, "remove", reason="Bo has moved to finance", by=ada, at=NOW)
        entry = session.get_one(EntryRow, made.id)
        assert (entry.kind, entry.subject, entry.author) == ("decision.recorded", f"item:{item.id}", ada.id)
        assert entry.body["answer"] == "remove"
        assert entry.body["reviewer"] == f"identity:{company.ada.id}"
        assert entry.body["concerned"] == [f"identity:{company.bo.id}"]
        assert entry.body["way"] == "cli"
        assert (made.by_identity_id, made.answer) == (company.ada.id, "remove")
        session.refresh(item)
        assert (item.outcome, item.version) == ("remove", 2)
        opened = {row.field: row for row in session.scalars(select(PersonalRow))}
        assert opened["reason"].value == "Bo has moved to finance"
        assert opened["reason"].person == f"identity:{company.bo.id}"
        assert opened["shown"].value == queries.digest(shown)
        for field in ("reason", "shown"):
            assert entry.body[field]["commitment"] == commitment(opened[field].salt, opened[field].value)


def test_no_personal_value_enters_a_leaf(database: Database) -> None:
    with database.transaction() as session:
        _, item, ada = _plain(session)
        decisions.record(session, item.id, "remove", reason="Bo is in finance", by=ada, at=NOW)
        body = str(session.scalars(select(EntryRow.body).where(EntryRow.kind == "decision.recorded")).one())
        digest = queries.digest(item.shown)
        for told in ("Bo", "finance", "bo@corp", digest):
            assert told not in body


def test_the_digest_of_what_was_shown_is_the_same_on_every_database(database: Database) -> None:
    with database.transaction() as session:
        _, item, _ = _plain(session)
        session.refresh(item)
        given = dict(item.shown, system="x", who=None, what=None)
        assert queries.digest(given) == queries.digest(dict(reversed(list(given.items()))))
        assert hashlib.sha256(b"{}").hexdigest() == queries.digest({})


def test_who_changes_their_mind_leaves_both_decisions(database: Database) -> None:
    with database.transaction() as session:
        _, item, ada = _plain(session)
        first = decisions.record(session, item.id, "remove", reason="unused", by=ada, at=NOW)
        second = decisions.record(session, item.id, "keep", by=ada, at=NOW)
        said = queries.decisions(session, [item.id])[item.id]
        assert [(row.id, row.answer, row.reason) for row in said] == [
            (first.id, "remove", "unused"),
            (second.id, "keep", ""),
        ]
        session.refresh(item)
        assert item.outcome == "keep"
        assert len(session.scalars(select(EntryRow).where(EntryRow.kind == "decision.recorded")).all()) == 2
        story = queries.story(session, item.id, by=ada)
        assert story is not None
        assert len(story.decisions) == 2


def test_the_code_has_no_way_to_edit_a_decision() -> None:
    from pathlib import Path

    files = {path.name: path.read_text() for path in Path("app/review").glob("*.py")}
    erasing = files.pop("erasures.py")  # takes a person's words out, where the law asks for it, and nothing else
    assert erasing.count("update(DecisionRow") == erasing.count("session.execute(said.values(reason=GONE))") == 1
    source = "".join(files.values()) + erasing.replace("update(DecisionRow", "")
    assert "update(DecisionRow" not in source
    assert "delete(DecisionRow" not in source
    assert inspect(DecisionRow).version_id_col is None


# --- by whom ---


def test_only_the_reviewer_of_record_decides(database: Database) -> None:
    with database.transaction() as session:
        company, item, _ = _plain(session)
        assert _code(session, item.id, by=company.actor(company.eve)) == "not_reviewer"
        assert _code(session, item.id, by=company.actor(company.eve, Role.ADMIN)) == "not_reviewer"
        assert _code(session, item.id, by=make.ADMIN) == "nobody"
        assert _code(session, 999, by=company.actor(company.ada)) == "not_found"


def _make_reviewer(session: Session, item: ItemRow, identity: IdentityRow) -> None:
    """As if a careless hand had made somebody reviewer of record."""
    held = select(TaskRow).where(TaskRow.campaign_id == item.campaign_id, TaskRow.reviewer_id == identity.id)
    task = session.scalar(held) or TaskRow(campaign_id=item.campaign_id, reviewer_id=identity.id)
    session.add(task)
    session.flush()
    item.task_id = task.id
    session.flush()


def test_nobody_decides_on_their_own_access_even_as_reviewer_of_record(database: Database) -> None:
    with database.transaction() as session:
        company, item, _ = _plain(session)
        _make_reviewer(session, item, company.bo)
        assert _code(session, item.id, by=company.actor(company.bo)) == "self_review"


def test_an_account_that_was_matched_to_its_reviewer_after_the_freeze_is_their_own(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        nobodys = make.account(session, company.system)
        cast.opened(session)
        item = _item(session, f"account:{nobodys.id}")
        assert item.subject_identity_id is None
        nobodys.identity_id = company.cy.id
        session.flush()
        assert _code(session, item.id, by=company.actor(company.cy)) == "self_review"


@pytest.mark.parametrize("field", ["email", "username"])
def test_an_address_of_ones_own_makes_an_account_ones_own(database: Database, field: str) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        shared = make.account(session, company.system, **{field: "Cy2@Corp.example"})
        cast.opened(session)
        item = _item(session, f"account:{shared.id}")
        session.add(IdentityEmailRow(email="cy2@corp.example", identity_id=company.cy.id))
        session.flush()
        assert _code(session, item.id, by=company.actor(company.cy)) == "self_review"


def test_whose_access_it_was_at_freezing_stays_barred(database: Database) -> None:
    with database.transaction() as session:
        company, item, _ = _plain(session)
        company.account.identity_id = company.eve.id  # matched away since
        session.flush()
        _make_reviewer(session, item, company.bo)
        assert _code(session, item.id, by=company.actor(company.bo)) == "self_review"


def test_nobody_decides_on_integrations_and_credentials_of_theirs(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        cys = make.account(session, company.system, identity_id=company.cy.id)
        app = make.integration(session, company.system, owner_account_id=cys.id)
        robot = make.account(session, company.system, kind="service")
        token = make.credential(session, company.system, integration_id=app.id, account_id=robot.id)
        own = make.credential(session, company.system, account_id=cys.id)
        cast.opened(session)
        for subject in (f"integration:{app.id}", f"credential:{token.id}", f"credential:{own.id}"):
            item = _item(session, subject)
            assert item.chosen_by == "fallback"
            _make_reviewer(session, item, company.cy)
            assert _code(session, item.id, by=company.actor(company.cy)) == "self_review"


# --- which answers ---


def test_a_removal_a_change_and_keeping_privileged_access_need_a_reason(database: Database) -> None:
    with database.transaction() as session:
        company, item, ada = _plain(session)
        mighty = _item(session, f"grant:{company.mighty.id}")
        assert _code(session, item.id, "remove", by=ada) == "bad_answer"
        assert _code(session, item.id, "remove", reason="  ", by=ada) == "bad_answer"
        assert _code(session, item.id, "change", change_to="role:boss", by=ada) == "bad_answer"
        assert _code(session, mighty.id, "keep", by=ada) == "bad_answer"
        assert decisions.record(session, item.id, "keep", by=ada, at=NOW).reason == ""
        assert decisions.record(session, mighty.id, "keep", reason="month end", by=ada, at=NOW).reason == "month end"


def test_a_change_names_another_live_entitlement_of_the_same_system(database: Database) -> None:
    with database.transaction() as session:
        company, item, ada = _plain(session)
        old = make.entitlement(session, company.system, ended=NOW)
        elsewhere = make.entitlement(session, make.system(session))
        wish: dict[str, Any] = {"answer": "change", "reason": "less will do", "by": ada}
        for key in (None, "role:none", "role:rep", old.key, elsewhere.key):
            assert _code(session, item.id, change_to=key, **wish) == "bad_answer"
        account = _item(session, f"account:{company.account.id}")
        assert _code(session, account.id, change_to="role:boss", **wish) == "bad_answer"
        assert _code(session, item.id, "keep", change_to="role:boss", by=ada) == "bad_answer"
        assert _code(session, item.id, "approve", by=ada) == "bad_answer"
        made = decisions.record(session, item.id, change_to="role:boss", at=NOW, **wish)
        assert made.change_to == "role:boss"


def test_only_what_is_removed_may_stay_until_a_day_within_a_year(database: Database) -> None:
    with database.transaction() as session:
        _, item, ada = _plain(session)
        day = timedelta(days=1)
        wish: dict[str, Any] = {"answer": "remove", "reason": "needed for the audit", "by": ada}
        for until in (NOW, NOW - day, NOW + 367 * day):
            assert _code(session, item.id, until=until, **wish) == "bad_answer"
        assert _code(session, item.id, "keep", until=NOW + day, by=ada) == "bad_answer"
        made = decisions.record(session, item.id, until=NOW + day, at=NOW, **wish)
        assert made.until == NOW + day
        assert session.get_one(EntryRow, made.id).body["until"] == (NOW + day).isoformat()


def test_nothing_is_decided_once_the_campaign_has_closed(database: Database) -> None:
    with database.transaction() as session:
        _, item, ada = _plain(session)
        campaigns.close(session, item.campaign_id, unanswered="remove", by=make.ADMIN, at=NOW)
        assert _code(session, item.id, "keep", by=ada) == "campaign_ended"


# --- two at once ---


def test_who_decides_on_an_old_version_is_told_who_was_first(database: Database) -> None:
    with database.transaction() as session:
        _, item, ada = _plain(session)
        decisions.record(session, item.id, "remove", reason="left", version=1, by=ada, at=NOW)
        with pytest.raises(Refused) as refused:
            decisions.record(session, item.id, "keep", version=1, by=ada, at=NOW)
        refusal = refused.value.refusal
        assert refusal.status == 412
        assert refusal.facts == {"by": "Ada", "at": NOW.isoformat(), "answer": "remove", "version": 2}
        assert "Ada" in refusal.reason


def test_of_two_who_decide_at_once_one_wins_and_the_other_sees_the_winner(database: Database) -> None:
    with database.transaction() as session:
        _, item, ada = _plain(session)
        item_id = item.id
    gate, outcomes = threading.Barrier(2), []

    def decide(answer: str) -> None:
        gate.wait()
        try:
            with database.transaction() as session:
                decisions.record(session, item_id, answer, reason="mine", version=1, by=ada, at=NOW)
            outcomes.append(answer)
        except Refused as refused:
            outcomes.append(refused.refusal)

    both = [threading.Thread(target=decide, args=(answer,)) for answer in ("keep", "remove")]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    [won] = [outcome for outcome in outcomes if isinstance(outcome, str)]
    [lost] = [outcome for outcome in outcomes if not isinstance(outcome, str)]
    assert lost.status == 412
    assert lost.facts["answer"] == won
    with database.reading() as session:
        assert session.scalars(select(ItemRow.outcome).where(ItemRow.id == item_id)).one() == won
        assert session.scalars(select(DecisionRow.answer)).all() == [won]


def test_no_decision_slips_in_behind_a_closing(database: Database) -> None:
    """A decision in flight holds the campaign: closing waits for it and counts it, or refuses it."""
    with database.transaction() as session:
        _, item, ada = _plain(session)
        item_id, campaign_id = item.id, item.campaign_id
        for other in queries.queue(session, campaign_id, by=ada).items:
            decisions.record(session, other.id, "keep", reason="fine", by=ada, at=NOW)
    decided = threading.Event()

    def close() -> None:
        decided.wait()
        with database.transaction() as session:
            campaigns.close(session, campaign_id, unanswered="keep", by=make.ADMIN, at=NOW)

    closing = threading.Thread(target=close)
    closing.start()
    with database.transaction() as session:
        decisions.record(session, item_id, "remove", reason="on second thought", by=ada, at=NOW)
        decided.set()
        closing.join(timeout=0.5)  # still waiting: this transaction has not ended
        assert closing.is_alive()
    closing.join()
    with database.reading() as session:
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "campaign.closed")).one()
        assert (entry.body["counts"]["keep"], entry.body["counts"]["remove"]) == (2, 1)


# --- many ---


def test_a_bulk_has_a_result_for_each_and_one_refusal_does_not_spoil_the_rest(database: Database) -> None:
    with database.transaction() as session:
        company, item, ada = _plain(session)
        mighty = _item(session, f"grant:{company.mighty.id}")
        account = _item(session, f"account:{company.account.id}")
        decisions.record(session, account.id, "keep", by=ada, at=NOW)
        asks = [Ask(item.id, "keep"), Ask(mighty.id, "keep"), Ask(999, "keep"), Ask(account.id, "keep", version=1)]
        results = decisions.record_many(session, asks, by=ada, at=NOW)
        assert [result.item_id for result in results] == [ask.item_id for ask in asks]
        assert results[0].decision is not None
        assert [result.refusal.code if result.refusal else None for result in results] == [
            None,
            "bad_answer",
            "not_found",
            "too_late",
        ]
        assert decisions.record_many(session, [], by=ada, at=NOW) == []


def test_a_bulk_is_bounded_and_says_one_thing_about_each(database: Database) -> None:
    with database.transaction() as session:
        _, item, ada = _plain(session)
        for asks in ([Ask(n, "keep") for n in range(5_001)], [Ask(item.id, "keep"), Ask(item.id, "remove", "x")]):
            with pytest.raises(Refused) as refused:
                decisions.record_many(session, asks, by=ada, at=NOW)
            assert refused.value.refusal.status == 422


# --- taking an answer back ---


def test_an_answer_is_taken_back_to_none_and_both_stay_on_record(database: Database) -> None:
    with database.transaction() as session:
        _company, item, ada = _plain(session)
        assert _code(session, item.id, WITHDRAW, by=ada) == "not_answered"
        first = decisions.record(session, item.id, "remove", reason="moved on", by=ada, at=NOW)
        back = decisions.record(session, item.id, WITHDRAW, by=ada, at=NOW + timedelta(minutes=1))
        session.refresh(item)
        assert (item.outcome, item.version) == (None, 3)
        said = queries.decisions(session, [item.id])[item.id]
        assert [(row.id, row.answer, row.reason) for row in said] == [
            (first.id, "remove", "moved on"), (back.id, "withdraw", ""),
        ]  # fmt: skip
        entry = session.get_one(EntryRow, back.id)
        assert (entry.kind, entry.body["answer"], entry.author) == ("decision.recorded", "withdraw", ada.id)
        assert _code(session, item.id, WITHDRAW, by=ada) == "not_answered"
        decisions.record(session, item.id, "keep", by=ada, at=NOW + timedelta(minutes=2))
        session.refresh(item)
        assert item.outcome == "keep"


def test_only_its_reviewer_takes_an_answer_back_and_only_until_it_is_submitted(database: Database) -> None:
    with database.transaction() as session:
        company, item, ada = _plain(session)
        decisions.record(session, item.id, "keep", by=ada, at=NOW)
        assert _code(session, item.id, WITHDRAW, by=company.actor(company.bo)) == "self_review"
        assert _code(session, item.id, WITHDRAW, by=company.actor(company.eve)) == "not_reviewer"
        assert _code(session, item.id, WITHDRAW, by=ada, version=1) == "too_late"
        session.scalars(select(TaskRow)).one().status = "submitted"
        session.flush()
        assert _code(session, item.id, WITHDRAW, by=ada) == "submitted"
        session.refresh(item)
        assert item.outcome == "keep"


def test_a_link_takes_no_privileged_answer_back(database: Database) -> None:
    with database.transaction() as session:
        company, _plain_item, ada = _plain(session)
        mighty = _item(session, f"grant:{company.mighty.id}")
        decisions.record(session, mighty.id, "keep", reason="on call", by=ada, at=NOW)
        linked = replace(ada, way="link", campaign_id=mighty.campaign_id)
        assert _code(session, mighty.id, WITHDRAW, by=linked) == "sign_in_for_this"
