"""Campaigns: opened once, closed once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.actors.actor import SCHEDULER
from app.jobs import FOLLOWS
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow, PendingRow
from app.review import campaigns, decisions, trust
from app.review.tables import CampaignRow, ItemRow
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW

# --- once ---


def test_one_slot_has_one_campaign(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        first = cast.opened(session, slot="quarterly:2026-Q4")
        again = cast.opened(session, slot="quarterly:2026-Q4", name="another")
        assert again.id == first.id
        opened = select(func.count()).where(EntryRow.kind == "campaign.opened")
        assert session.scalars(opened).one() == 1


def test_two_replicas_open_one_slot_at_once_and_get_one_campaign(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
    gate, found = threading.Barrier(2), []

    def replica() -> None:
        gate.wait()
        with database.transaction() as session:
            found.append(cast.opened(session, slot="quarterly:2026-Q4", by=SCHEDULER).id)

    both = [threading.Thread(target=replica) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    with database.reading() as session:
        assert session.scalars(select(CampaignRow.id)).all() == found[:1]
        assert len(set(found)) == 1
        assert len(found) == 2
        assert session.scalars(select(func.count()).select_from(ItemRow)).one() == 3


def test_a_name_is_taken_once(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        cast.opened(session)
        assert cast.refusal(session).code == "name_taken"


def test_the_entry_of_an_opening_names_nobody(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        cast.opened(session)
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "campaign.opened")).one()
        assert set(entry.body["fallback"]) == set(entry.body["second_fallback"]) == {"commitment"}
        assert "flo" not in str(entry.body["scope"])
        assert entry.body["items"] == {"account": 1, "grant": 2}


def test_a_late_start_says_when_it_should_have_been(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        campaign = cast.opened(session, slot="q:2026-Q4", planned_at=NOW - timedelta(hours=3))
        assert campaign.planned_at == NOW - timedelta(hours=3)
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "campaign.opened")).one()
        assert entry.body["late_minutes"] == 180


def test_more_answers_than_anybody_gives_with_care_need_a_reason_which_is_kept(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        limits = trust.Limits(most_answers=1)
        refused = cast.refusal(session, limits=limits)
        assert (refused.code, refused.facts["answers"]) == (
            "many_answers",
            {"Ada": 2},
        )  # the boss, and Bo with the rest
        assert cast.opened(session, name="fits", limits=trust.Limits(most_answers=2)).id
        campaign = cast.opened(session, name="why", limits=limits, scope={"many_answers": "the first review"})
        entry = session.scalars(select(EntryRow).where(EntryRow.subject == f"campaign:{campaign.id}")).one()
        assert entry.body["scope"]["many_answers"] == "the first review"
        assert cast.opened(session, name="due", limits=limits, by=SCHEDULER, configurer_id=company.cy.id).id


# --- closing ---


def test_a_campaign_with_an_answer_for_everything_closes_and_what_follows_is_pending(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        cast.decide_all(session, company, campaign)
        closed = campaigns.close(session, campaign.id, by=make.ADMIN, at=NOW)
        assert (closed.status, closed.closed_by) == ("closed", make.ADMIN.id)
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "campaign.closed")).one()
        assert entry.body["counts"]["keep"] == 3
        assert session.get(PendingRow, entry.id) is not None


def test_a_campaign_does_not_close_while_items_have_no_answer(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        campaign = cast.opened(session)
        with pytest.raises(Refused) as refused:
            campaigns.close(session, campaign.id, by=make.ADMIN, at=NOW)
        assert refused.value.refusal.facts["undecided"] == {"Ada": 3}
    with database.reading() as session:  # the refusal left nothing behind, though its transaction was committed
        assert session.scalars(select(CampaignRow.status)).all() == ["open"]


def test_silence_can_be_made_a_removal_but_never_keeps_privileged_access(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        with pytest.raises(Refused) as refused:
            campaigns.close(session, campaign.id, unanswered="keep", by=make.ADMIN, at=NOW)
        assert refused.value.refusal.code == "undecided"
        with pytest.raises(Refused):
            campaigns.close(session, campaign.id, unanswered="shrug", by=make.ADMIN, at=NOW)
        mighty = cast.items(session, campaign)[f"grant:{company.mighty.id}"]
        decisions.record(session, mighty.id, "keep", reason="quota", by=company.actor(company.ada), at=NOW)
        closed = campaigns.close(session, campaign.id, unanswered="keep", by=make.ADMIN, at=NOW)
        assert closed.unanswered == "keep"
        session.expire_all()
        assert {item.outcome for item in cast.items(session, campaign).values()} == {"keep"}
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "campaign.closed")).one()
        assert entry.body["counts"]["unanswered"] == 2
        assert len(entry.body["unanswered_items"]) == 64


def test_a_campaign_closes_once(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        campaign = cast.opened(session)
        campaigns.close(session, campaign.id, unanswered="remove", by=make.ADMIN, at=NOW)
        with pytest.raises(Refused) as refused:
            campaigns.close(session, campaign.id, unanswered="remove", by=make.ADMIN, at=NOW)
        assert refused.value.refusal.code == "campaign_ended"
        with pytest.raises(Refused):
            campaigns.cancel(session, campaign.id, reason="oops", by=make.ADMIN, at=NOW)
        with pytest.raises(Refused):
            campaigns.close(session, 999, by=make.ADMIN, at=NOW)


def test_a_cancelled_campaign_leads_to_nothing_but_the_news_of_it(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        campaign = cast.opened(session)
        with pytest.raises(Refused):
            campaigns.cancel(session, campaign.id, reason=" ", by=make.ADMIN, at=NOW)
        assert campaigns.cancel(session, campaign.id, reason="wrong scope", by=make.ADMIN, at=NOW).status == "cancelled"
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "campaign.cancelled")).one()
        assert session.get(PendingRow, entry.id) is not None
    assert FOLLOWS[Kind.CAMPAIGN_CANCELLED] == ("tell",)
