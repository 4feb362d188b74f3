"""What had no answer and went on is told to whom it came, from whom it went, and to who runs the review."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.actors.actor import SCHEDULER
from app.kit.db import Database
from app.kit.refusal import Refused
from app.review import silences
from app.review.tables import CampaignRow
from app.stories import passed
from app.stories.passed import Came, Passed, Went
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW, Company
from tests.app.stories.town import EVE

LATER = NOW + timedelta(days=10)


def _escalated(session: Session, company: Company) -> CampaignRow:
    """Dee, whom Ada reports to, gets what Ada did not answer; what is Dee's own goes to Cy, who owns the system."""
    dee = make.identity(session, "Dee")
    company.ada.manager_id = dee.id
    account = make.account(session, company.system, identity_id=dee.id, matched_by="email")
    dee.manager_id = company.ada.id
    session.flush()
    campaign = cast.opened(session, scope={"silence": {"answer": "remove", "escalate_after_days": 10}})
    assert account.id
    silences.escalate(session, campaign.id, by=SCHEDULER, at=LATER)
    return campaign


def test_it_is_told_to_both_sides_with_names_and_the_day(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = _escalated(session, company)
        dee = company.ada.manager_id
        assert dee is not None
        assert passed.came(session, campaign.id, dee) == [Came(LATER, 3, "Ada")]
        assert passed.came(session, campaign.id, company.cy.id) == [Came(LATER, 1, "Ada")]
        assert passed.went(session, campaign.id, company.ada.id) == [Went(LATER, "Cy and Dee", one=False)]
        assert (
            passed.went(session, campaign.id, company.eve.id) == passed.came(session, campaign.id, company.eve.id) == []
        )
        assert passed.passed(session, campaign.id, by=make.ADMIN) == [
            Passed(LATER, "managers", moved=4, stayed=0, theirs=0)
        ]
        assert passed.passed(session, campaign.id + 1, by=make.ADMIN) == []


def test_who_may_not_see_reviews_is_not_told_of_them(database: Database) -> None:
    with database.transaction() as session, pytest.raises(Refused):
        passed.passed(session, 1, by=EVE)


def test_many_are_counted_and_only_some_named() -> None:
    names = dict(enumerate(("Ada", "Bo", "Cy", "Dee", "Eve", "Flo")))
    for count, told in ((1, "Ada"), (2, "Ada and Bo"), (4, "Ada, Bo, Cy and Dee"), (5, "Ada, Bo, Cy, Dee and 1 other"),
                        (6, "Ada, Bo, Cy, Dee and 2 others")):  # fmt: skip
        assert passed._listed([f"identity:{n}" for n in range(count)], names) == told
    assert passed._listed(["identity:9"], names) == "somebody"
