"""Reminding by hand: only who is not done, once within a day unless it is meant, and by the people's own ways."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.kit.refusal import Refused
from app.ledger.kinds import Kind
from app.notices import nudges
from app.notices.audiences import Hours
from app.notices.nudges import Nudged
from app.notices.tables import DeliveryRow
from app.notices.timing import Quiet
from app.review import campaigns
from app.review.tables import CampaignRow, TaskRow
from tests import make
from tests.app.notices.desk import Desk, both
from tests.app.review import cast


def _review(desk: Desk) -> Any:
    """An open review of two shares: Ada's, who has submitted, and Eve's, who has not."""
    with desk.database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        session.scalars(select(TaskRow)).one().status = "submitted"
        theirs = TaskRow(campaign_id=campaign.id, reviewer_id=company.eve.id, status="open", version=1)
        session.add(theirs)
        session.flush()
        next(iter(cast.items(session, campaign).values())).task_id = theirs.id
        return company, campaign.id


def _remind(desk: Desk, campaign: int, **given: Any) -> Nudged | str:
    try:
        with desk.database.transaction() as session:
            return nudges.remind(session, campaign, hours=desk.hours, by=make.ADMIN, at=desk.now, **given)
    except Refused as refused:
        return refused.refusal.code


def _mail(desk: Desk) -> Any:
    return desk.channel("file", recipient="concerned", events=["review.due", "review.overdue"])


@both
def test_only_who_is_not_done_is_reminded_and_once_within_a_day(desk: Desk) -> None:
    company, campaign = _review(desk)
    _mail(desk)
    desk.channel("webhook", secret={"url": "https://hooks.example.com/"}, name="ops")
    assert _remind(desk, campaign) == Nudged(pending=1, reminded=1, lately=0)
    (row,) = desk.deliveries()
    assert (row.whom, row.event, row.facts["items"]) == (f"identity:{company.eve.id}", "review.due", 1)
    assert _remind(desk, campaign) == "reminded_lately"
    desk.later(hours=23)
    assert _remind(desk, campaign) == "reminded_lately"
    assert _remind(desk, campaign, again=True) == Nudged(1, 1, 1)
    desk.later(hours=25)
    assert _remind(desk, campaign) == Nudged(1, 1, 0)
    assert len(desk.deliveries()) == 3
    told = desk.told(Kind.CAMPAIGN_REMINDED)
    assert [(each.body["made"], each.body["again"]) for each in told] == [(1, False), (1, True), (1, False)]
    assert told[0].body["reviewers"] == [f"identity:{company.eve.id}"]


def test_after_the_due_date_it_says_that_it_is_overdue(desk: Desk) -> None:
    _company, campaign = _review(desk)
    _mail(desk)
    with desk.database.reading() as session:
        desk.now = session.get_one(CampaignRow, campaign).due_at
    _remind(desk, campaign)
    assert [row.event for row in desk.deliveries()] == ["review.overdue"]


def test_some_are_meant_and_of_them_those_who_are_not_done(desk: Desk) -> None:
    company, campaign = _review(desk)
    _mail(desk)
    assert _remind(desk, campaign, whom=[company.ada.id]) == "nobody_pending"
    assert _remind(desk, campaign, whom=[company.ada.id, company.eve.id]) == Nudged(1, 1, 0)


def test_a_message_that_did_not_arrive_does_not_count(desk: Desk) -> None:
    _company, campaign = _review(desk)
    _mail(desk)
    assert _remind(desk, campaign) == Nudged(1, 1, 0)
    with desk.database.transaction() as session:
        session.scalars(select(DeliveryRow)).one().status = "failed"
    desk.later(hours=15)  # another day by the calendar, and less than a day ago
    assert _remind(desk, campaign) == Nudged(1, 1, 0)


def test_nobody_is_reminded_of_what_has_ended_or_without_a_way_to_tell(desk: Desk) -> None:
    _company, campaign = _review(desk)
    assert _remind(desk, campaign) == "nobody_is_told"
    desk.channel("file", name="admins", recipient="role:admin", events=["review.due", "review.overdue"])
    assert _remind(desk, campaign) == "nobody_is_told"
    desk.channel("file", name="people", recipient="concerned", events=["review.due", "review.overdue"])
    with desk.database.transaction() as session:
        campaigns.cancel(session, campaign, reason="the wrong scope", by=make.ADMIN, at=desk.now + timedelta(hours=1))
    assert _remind(desk, campaign) == "campaign_ended"
    assert _remind(desk, 999) == "not_found"


def test_the_message_waits_for_its_readers_hours(desk: Desk) -> None:
    _company, campaign = _review(desk)
    _mail(desk)
    minute = desk.now.hour * 60 + desk.now.minute
    desk.hours = Hours(Quiet("UTC", minute - 60, minute + 60))
    _remind(desk, campaign, again=True)
    (row,) = desk.deliveries()
    assert row.not_before == desk.now + timedelta(hours=1)
