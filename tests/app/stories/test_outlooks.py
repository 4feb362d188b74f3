"""How a review goes on: its forecast, whom it waits for, and what was said last time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.kit.db import Database
from app.kit.refusal import Refused
from app.review import campaigns, decisions, pace, queries
from app.stories import outlooks
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("open_items", "lately", "days_open", "ends_in", "late"),
    [
        (0, 0, 3, 0, False),
        (30, 10, 2, 6, False),  # 5 a day since opening
        (30, 14, 20, 15, True),  # 2 a day in the last week; due in 10 days
        (30, 0, 3, None, False),  # nobody can tell
        (30, 0, 30, None, True),  # and it is over due
        (10**9, 1, 7, 3650, True),
    ],
)
def test_a_forecast_goes_by_the_pace_of_the_last_week(
    open_items: int, lately: int, days_open: int, ends_in: int | None, late: bool
) -> None:
    opened: datetime = NOW - days_open * DAY
    due = NOW + 10 * DAY if days_open < 30 else NOW - DAY
    told = pace.forecast(opened_at=opened, due_at=due, open_items=open_items, answered_lately=lately, at=NOW)
    assert told.ends_at == (None if ends_in is None else NOW + ends_in * DAY)
    assert told.late is late


def test_a_review_is_told_with_its_pace_and_beside_the_last_one(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        ada, admin = company.actor(company.ada), make.ADMIN
        first = cast.opened(session, name="Q3")
        cast.decide_all(session, company, first, "keep")
        campaigns.close(session, first.id, by=admin, at=NOW)
        company.plain.ended = NOW
        make.snapshot(session, company.system, at=NOW + HOUR)
        role = make.entitlement(session, company.system)
        fresh = make.grant(session, company.account, role, began=NOW + HOUR)
        second = cast.opened(session, name="Q4", at=NOW + HOUR)
        items = cast.items(session, second)
        decisions.record(
            session, items[f"grant:{company.mighty.id}"].id, "remove", reason="moved", by=ada, at=NOW + HOUR
        )
        later = NOW + HOUR + 2 * DAY
        told = outlooks.outlook(session, second, queries.progress(session, second.id), by=admin, at=later)
        assert told.answered_lately == 1
        assert told.forecast.ends_at == later + 4 * DAY  # two are open, one took two days
        assert [share.reviewer for share in told.waits_for] == ["Ada"]
        compared = told.comparison
        assert compared is not None
        assert (compared.before.name, compared.new, compared.gone, compared.otherwise) == ("Q3", 1, 1, 1)
        assert f"grant:{fresh.id}" in items
        with pytest.raises(Refused):
            outlooks.outlook(session, second, [], by=company.actor(company.eve), at=later)


def test_a_first_review_is_compared_with_nothing(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        campaign = cast.opened(session)
        told = outlooks.outlook(session, campaign, queries.progress(session, campaign.id), by=make.ADMIN, at=NOW)
        assert (told.comparison, told.forecast.ends_at) == (None, None)
