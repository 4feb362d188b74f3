"""Items handed on to another reviewer."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.actors.actor import Actor, Role
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow
from app.review import decisions, queries, tasks
from app.review.tables import ItemRow, TaskRow
from tests import make
from tests.app.review import cast
from tests.app.review.cast import DUE, NOW


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


def _hand_on(session: Session, company: cast.Company, item: ItemRow, **given: Any) -> str | TaskRow:
    values: dict[str, Any] = {
        "to_id": company.cy.id,
        "reason": "knows the team",
        "items": [item.id],
        "by": company.actor(company.ada),
        "at": NOW,
    }
    try:
        return tasks.reassign(session, item.campaign_id, **(values | given))
    except Refused as refused:
        return refused.refusal.code


def test_items_handed_on_are_the_new_reviewers_to_decide(database: Database) -> None:
    with database.transaction() as session:
        company, item, ada = _plain(session)
        task = _hand_on(session, company, item)
        assert isinstance(task, TaskRow)
        session.refresh(item)
        assert (item.task_id, item.chosen_by) == (task.id, "reassigned")
        assert _code(session, item.id, by=ada) == "not_reviewer"
        decisions.record(session, item.id, "keep", by=company.actor(company.cy), at=NOW)
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "task.reassigned")).one()
        assert entry.body["items"] == 1
        assert entry.body["to"] == f"identity:{company.cy.id}"
        assert "team" not in str(entry.body)


def test_a_whole_task_is_handed_on_by_an_administrator(database: Database) -> None:
    with database.transaction() as session:
        company, item, _ = _plain(session)
        _hand_on(session, company, item, items=None, task=item.task_id, by=make.ADMIN)
        assert len(queries.queue(session, item.campaign_id, by=company.actor(company.cy)).items) == 3


def test_items_are_not_handed_to_whom_they_concern_or_by_them(database: Database) -> None:
    with database.transaction() as session:
        company, item, _ = _plain(session)
        assert _hand_on(session, company, item, to_id=company.bo.id) == "self_review"
        assert _hand_on(session, company, item, by=company.actor(company.bo, Role.ADMIN)) == "self_review"
        assert _hand_on(session, company, item, by=company.actor(company.eve)) == "not_reviewer"
        assert _hand_on(session, company, item, reason=" ") == "bad_answer"
        assert _hand_on(session, company, item, items=[item.id, 999]) == "not_found"
        assert _hand_on(session, company, item, to_id=999) == "not_able"
        company.cy.away_from, company.cy.away_until = NOW.date(), DUE.date()
        session.flush()
        assert _hand_on(session, company, item) == "not_able"


def test_a_decision_on_a_version_before_handing_on_is_too_late(database: Database) -> None:
    with database.transaction() as session:
        company, item, _ = _plain(session)
        _hand_on(session, company, item)
        assert _code(session, item.id, version=1, by=company.actor(company.cy)) == "too_late"


def _somebody_waits(database: Database) -> bool:
    """Whether a transaction waits for another one's row; on SQLite it waits before it has begun, and cannot be seen."""
    if database.sqlite:
        return True
    with database.reading() as session:
        return bool(session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def test_items_that_were_decided_on_while_they_were_handed_on_stay_where_they_are(database: Database) -> None:
    with database.transaction() as session:
        company, item, ada = _plain(session)
        item_id, campaign_id, task_id = item.id, item.campaign_id, item.task_id
        new_id = company.cy.id
    began, told = threading.Event(), []

    def hand_on() -> None:
        began.wait()
        try:
            with database.transaction() as session:
                tasks.reassign(session, campaign_id, task=task_id, to_id=new_id, reason="x", by=make.ADMIN, at=NOW)
            told.append("handed on")
        except Refused as refused:
            told.append(refused.refusal.code)

    other = threading.Thread(target=hand_on)
    other.start()
    with database.transaction() as session:
        decisions.record(session, item_id, "keep", by=ada, at=NOW)
        began.set()
        while other.is_alive() and not _somebody_waits(database):
            other.join(timeout=0.05)
    other.join()
    with database.reading() as session:
        held = set(session.scalars(select(ItemRow.task_id)))
    if database.sqlite:  # one writer at a time: it began after the decision, and saw it
        assert told == ["handed on"]
        assert task_id not in held
    else:
        assert told == ["too_late"]
        assert held == {task_id}
