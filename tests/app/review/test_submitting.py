"""A reviewer's share is submitted as a whole; then it stands, unless an administrator opens it again."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import Role
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow
from app.review import campaigns, decisions, queries, tasks
from app.review.submission import MOVES, TaskStatus
from app.review.tables import CampaignRow, ItemRow, TaskRow
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW


def _answered(session: Session) -> tuple[cast.Company, CampaignRow, TaskRow]:
    """Ada has answered everything and submitted nothing."""
    company = cast.company(session)
    campaign = cast.opened(session)
    ada = company.actor(company.ada)
    for item in cast.items(session, campaign).values():
        decisions.record(session, item.id, "keep", reason="seen", by=ada, at=NOW)
    return company, campaign, session.scalars(select(TaskRow)).one()


def _code(verb: Any, *given: Any, **more: Any) -> str:
    with pytest.raises(Refused) as refused:
        verb(*given, **more)
    return refused.value.refusal.code


def test_what_was_submitted_stands(database: Database) -> None:
    with database.transaction() as session:
        company, _campaign, task = _answered(session)
        ada = company.actor(company.ada)
        made = tasks.submit(session, task.id, by=ada, at=NOW)
        assert (made.status, made.submitted_at, made.version) == ("submitted", NOW, 2)
        item = session.scalars(select(ItemRow)).first()
        assert item is not None
        assert _code(decisions.record, session, item.id, "keep", reason="x", by=ada, at=NOW) == "submitted"
        assert _code(tasks.submit, session, task.id, by=ada, at=NOW) == "submitted"
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "task.submitted")).one()
        assert entry.body["counts"] == {"keep": 3}
        assert entry.author == ada.id


def test_silence_is_not_submitted(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        cast.opened(session)
        task = session.scalars(select(TaskRow)).one()
        with pytest.raises(Refused) as refused:
            tasks.submit(session, task.id, by=company.actor(company.ada), at=NOW)
        assert refused.value.refusal.facts == {"undecided": 3}
        assert task.status == "open"


def test_nobody_submits_for_somebody_else(database: Database) -> None:
    with database.transaction() as session:
        company, _campaign, task = _answered(session)
        for by in (company.actor(company.eve), make.ADMIN, company.actor(company.flo, Role.ADMIN)):
            assert _code(tasks.submit, session, task.id, by=by, at=NOW) == "not_reviewer"
        assert _code(tasks.submit, session, 999, by=company.actor(company.ada), at=NOW) == "not_found"


def test_a_link_for_another_review_submits_nothing(database: Database) -> None:
    with database.transaction() as session:
        company, campaign, task = _answered(session)
        ada = company.actor(company.ada)
        other = replace(ada, way="link", campaign_id=campaign.id + 1)
        assert _code(tasks.submit, session, task.id, by=other, at=NOW) == "another_review"
        assert tasks.submit(session, task.id, by=replace(other, campaign_id=campaign.id), at=NOW).status == "submitted"


def test_an_administrator_opens_it_again_and_says_why(database: Database) -> None:
    with database.transaction() as session:
        company, campaign, task = _answered(session)
        ada = company.actor(company.ada)
        assert _code(tasks.reopen, session, task.id, reason="a slip", by=make.ADMIN, at=NOW) == "not_submitted"
        tasks.submit(session, task.id, by=ada, at=NOW)
        assert _code(tasks.reopen, session, task.id, reason="a slip", by=ada, at=NOW) == "not_allowed"
        assert _code(tasks.reopen, session, task.id, reason=" ", by=make.ADMIN, at=NOW) == "bad_answer"
        opened = tasks.reopen(session, task.id, reason="a slip", by=make.ADMIN, at=NOW)
        assert (opened.status, opened.submitted_at) == ("open", None)
        item = cast.items(session, campaign)[f"grant:{company.plain.id}"]
        decisions.record(session, item.id, "remove", reason="a slip", by=ada, at=NOW)
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "task.reopened")).one()
        assert "a slip" not in str(entry.body)  # a person's words are kept apart, so that they can be erased


def test_a_review_does_not_close_over_drafts_unless_they_are_meant_to_stand(database: Database) -> None:
    with database.transaction() as session:
        company, campaign, task = _answered(session)
        assert _code(campaigns.close, session, campaign.id, by=make.ADMIN, at=NOW) == "not_submitted"
        tasks.submit(session, task.id, by=company.actor(company.ada), at=NOW)
        assert campaigns.close(session, campaign.id, by=make.ADMIN, at=NOW).status == "closed"
        ada = company.actor(company.ada)
        assert _code(tasks.reopen, session, task.id, reason="late", by=make.ADMIN, at=NOW) == "campaign_ended"
        assert _code(tasks.submit, session, task.id, by=ada, at=NOW) == "campaign_ended"


def test_closing_counts_who_had_not_submitted(database: Database) -> None:
    with database.transaction() as session:
        _company, campaign, _task = _answered(session)
        campaigns.close(session, campaign.id, unanswered="remove", by=make.ADMIN, at=NOW)
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "campaign.closed")).one()
        assert entry.body["counts"]["not_submitted"] == 1
        assert (entry.body["counts"]["keep"], entry.body["counts"]["unanswered"]) == (3, 0)


def test_what_was_submitted_is_not_handed_on_and_what_comes_opens_it_again(database: Database) -> None:
    with database.transaction() as session:
        company, campaign, task = _answered(session)
        ada, cy = company.actor(company.ada), company.actor(company.cy)
        item = cast.items(session, campaign)[f"grant:{company.plain.id}"]
        given: dict[str, Any] = {"to_id": company.cy.id, "reason": "knows", "items": [item.id], "at": NOW}
        theirs = tasks.reassign(session, campaign.id, **given, by=ada)
        tasks.submit(session, theirs.id, by=cy, at=NOW)
        tasks.submit(session, task.id, by=ada, at=NOW)
        other = cast.items(session, campaign)[f"grant:{company.mighty.id}"]
        more = given | {"items": [other.id]}
        assert _code(tasks.reassign, session, campaign.id, **more, by=make.ADMIN) == "submitted"
        tasks.reopen(session, task.id, reason="a slip", by=make.ADMIN, at=NOW)
        tasks.reassign(session, campaign.id, **more, by=ada)
        session.expire_all()
        assert session.get_one(TaskRow, theirs.id).status == "open"


def test_progress_tells_who_has_submitted(database: Database) -> None:
    with database.transaction() as session:
        company, campaign, task = _answered(session)
        assert [(share.status, share.submitted_at) for share in queries.progress(session, campaign.id)] == [
            ("open", None)
        ]
        tasks.submit(session, task.id, by=company.actor(company.ada), at=NOW)
        assert [(share.status, share.submitted_at) for share in queries.progress(session, campaign.id)] == [
            ("submitted", NOW)
        ]


def test_no_answer_slips_in_behind_a_submission(database: Database) -> None:
    """A decision in flight holds the campaign: submitting waits for it."""
    with database.transaction() as session:
        company, campaign, task = _answered(session)
        ada, task_id = company.actor(company.ada), task.id
        item_id = cast.items(session, campaign)[f"grant:{company.plain.id}"].id
    decided = threading.Event()

    def submit() -> None:
        decided.wait()
        with database.transaction() as session:
            tasks.submit(session, task_id, by=ada, at=NOW)

    submitting = threading.Thread(target=submit)
    submitting.start()
    with database.transaction() as session:
        decisions.record(session, item_id, "remove", reason="on second thought", by=ada, at=NOW)
        decided.set()
        submitting.join(timeout=0.3)  # still waiting: this transaction has not ended
        assert submitting.is_alive()
    submitting.join()
    with database.reading() as session:
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "task.submitted")).one()
        assert entry.body["counts"] == {"keep": 2, "remove": 1}


def test_every_status_of_a_share_has_its_moves() -> None:
    assert set(MOVES) == set(TaskStatus)
    assert {to for moves in MOVES.values() for to in moves} <= set(TaskStatus)
