"""How attentively a review was answered, told of the whole and of nobody alone."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.kit.db import Database
from app.kit.refusal import Refused
from app.review import decisions, rounds
from app.review.decisions import Ask
from app.review.tables import CampaignRow, DecisionRow
from app.stories import attentive
from app.stories.attentive import SecondLook
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW, Company

ON: dict[str, Any] = {"attention": {"percent": 100, "ask": ["owner"], "bulk": 3}, "reviewers": [{"ask": ["manager"]}]}
HOUR = timedelta(hours=1)


def answered(session: Session, company: Company) -> CampaignRow:
    """A review that Ada answered in one call, after three others had said something."""
    campaign = cast.opened(session, scope=ON)
    items = cast.items(session, campaign)
    for who in (company.flo, company.fay, company.eve):
        session.add(
            DecisionRow(
                id=uuid.uuid4(), item_id=items[f"grant:{company.plain.id}"].id, answer="keep", reason="", by="them",
                by_identity_id=who.id, way="test", at=NOW - HOUR,
            )
        )  # fmt: skip
    asks = [Ask(item.id, "keep", "seen") for item in items.values()]
    decisions.record_many(session, asks, by=company.actor(company.ada), at=NOW)
    return campaign


def test_figures_are_told_once_five_decided_and_the_second_look_with_them(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = answered(session, company)
        few = attentive.attentive(session, campaign, by=make.ADMIN)
        assert (few.figures, few.second_look) == (None, None)
        assert "Fewer than 5 people decided" in few.told()
        cast.submit(session, campaign, company.actor(company.ada))
        assert rounds.go_on(session, campaign.id, by=make.ADMIN, at=NOW).asked == 3
        items = cast.items(session, campaign)
        cy = company.actor(company.cy)
        decisions.record(session, items[f"grant:{company.mighty.id}"].id, "keep", reason="so", by=cy, at=NOW + HOUR)
        decisions.record(session, items[f"grant:{company.plain.id}"].id, "keep", reason="so", by=cy, at=NOW + 2 * HOUR)
        decisions.record(
            session, items[f"grant:{company.plain.id}"].id, "remove", reason="no", by=cy, at=NOW + 3 * HOUR
        )
        account = items[f"account:{company.account.id}"].id
        decisions.record(session, account, "remove", reason="no", by=cy, at=NOW + 4 * HOUR)
        decisions.record(session, account, "withdraw", reason="", by=cy, at=NOW + 5 * HOUR)
        told = attentive.attentive(session, campaign, by=make.ADMIN)
        assert told.second_look == SecondLook(asked=3, answered=2, otherwise=1)
        assert "asked about 3 of them again: 2 answered, 1 otherwise than the first" in told.told()
        with pytest.raises(Refused):
            attentive.attentive(session, campaign, by=company.actor(company.eve))


def test_of_a_large_second_look_no_statement_lists_the_items(database: Database) -> None:
    """Neither database takes more than some ten thousand values in one."""
    given: list[str] = []
    with database.transaction() as session:
        company = cast.company(session)
        campaign = answered(session, company)
        cast.submit(session, campaign, company.actor(company.ada))
        rounds.go_on(session, campaign.id, by=make.ADMIN, at=NOW)
        item, cy = cast.items(session, campaign)[f"grant:{company.plain.id}"], company.actor(company.cy)
        decisions.record(session, item.id, "keep", reason="so", by=cy, at=NOW + HOUR)  # the fifth who decides

        @event.listens_for(session.connection(), "before_cursor_execute")
        def _heard(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            given.append(statement)

        assert attentive.attentive(session, campaign, by=make.ADMIN).second_look is not None
    about = [each for each in given if "FROM decisions" in each]
    assert about
    assert not [each for each in about if "item_id IN" in each]


def test_before_the_second_look_there_are_figures_alone(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = answered(session, company)
        items = cast.items(session, campaign)
        decisions.record(
            session, items[f"grant:{company.plain.id}"].id, "keep", reason="so", by=company.actor(company.ada), at=NOW
        )
        session.add(
            DecisionRow(
                id=uuid.uuid4(), item_id=items[f"grant:{company.plain.id}"].id, answer="keep", reason="", by="them",
                by_identity_id=company.cy.id, way="test", at=NOW - HOUR,
            )
        )  # fmt: skip
        session.flush()
        told = attentive.attentive(session, campaign, by=make.ADMIN)
        assert told.figures is not None
        assert told.second_look is None
        assert "3 one of many in a call" in told.told()
        assert told.told().endswith("The second look has not begun.")


def test_a_review_that_did_not_switch_it_on_says_so(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        told = attentive.attentive(session, cast.opened(session), by=make.ADMIN)
        assert told.told() == "Attention is switched off in this review."
