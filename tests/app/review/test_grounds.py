"""The readings that a review rests on: refused where they lack, overridden by two."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.actors.actor import SCHEDULER, Role
from app.inventory.tables import StreamRow
from app.kit.db import Database
from app.ledger.tables import EntryRow
from app.review.policy import Override
from app.review.tables import CampaignSnapshotRow
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW


@pytest.mark.parametrize(
    ("stream", "verdict"),
    [
        ("grants", "incomplete"),
        ("accounts", "not_collected"),
        ("entitlements", "incomplete"),
        ("integrations", "incomplete"),
    ],
)
def test_a_campaign_does_not_open_on_a_stream_that_lacks(database: Database, stream: str, verdict: str) -> None:
    with database.transaction() as session:
        good = dict.fromkeys(("accounts", "entitlements", "grants", "integrations"), "complete")
        cast.company(session, streams=good | {stream: verdict})
        refusal = cast.refusal(session)
        assert refusal.code == "readings_lack"
        assert "Sales org" in refusal.reason
        assert stream in refusal.reason
        assert "made for a test" in refusal.reason
        assert refusal.way_out
        assert refusal.facts["lacks"][0]["verdict"] == verdict


def test_drift_during_a_reading_that_is_explained_does_not_stop_a_campaign(database: Database) -> None:
    with database.transaction() as session:
        cast.company(
            session, streams=dict.fromkeys(("accounts", "entitlements", "grants", "integrations"), "explained")
        )
        assert cast.opened(session).status == "open"


def test_sign_ins_are_not_needed(database: Database) -> None:
    with database.transaction() as session:
        streams = dict.fromkeys(("accounts", "entitlements", "grants", "integrations"), "complete")
        cast.company(session, streams=streams | {"logins": "not_collected"})
        assert cast.opened(session).status == "open"


def test_a_campaign_does_not_open_on_a_stale_reading(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session, read_at=NOW - timedelta(days=3))
        refusal = cast.refusal(session)
        assert "were read too long ago (read 3 days ago" in refusal.reason


def test_a_system_that_was_never_read_cannot_be_overridden(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        make.system(session, name="Unread")
        second = company.actor(company.cy, Role.ADMIN)
        assert cast.refusal(session, override=Override(second, "we know")).code == "never_read"


def test_a_reading_that_is_not_sealed_does_not_count(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session, read_at=NOW - timedelta(days=3))
        make.snapshot(session, company.system, status="reading", sealed_at=None)
        assert cast.refusal(session).code == "readings_lack"


def test_a_campaign_rests_on_a_roster(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        company.roster.removed = NOW
        assert "no roster" in cast.refusal(session).reason


def test_a_roster_may_be_left_aside_only_while_there_is_none(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        assert cast.refusal(session, scope={"roster": "none"}).code == "bad_scope"
        company.roster.removed = NOW
        assert cast.opened(session, scope={"roster": "none"}).status == "open"


def test_an_old_roster_is_not_trusted_by_the_day_it_was_extracted(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        session.execute(update(StreamRow).where(StreamRow.stream == "people").values(server_at=NOW - timedelta(days=8)))
        refusal = cast.refusal(session)
        assert refusal.facts["lacks"][0] | {"because": ""} == {
            "system": company.roster.name,
            "stream": "people",
            "verdict": "stale",
            "because": "",
        }


@pytest.mark.parametrize(("people", "trusted"), [(100, True), (95, True), (94, False)])
def test_a_roster_that_shrank_by_more_than_five_per_cent_is_not_trusted(
    database: Database, people: int, trusted: bool
) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        session.execute(update(StreamRow).where(StreamRow.stream == "people").values(rows=100, rows_digest="whole"))
        for hour in (1, 2):  # the same shrunken file, read twice: reading it again does not make it whole
            at = NOW + timedelta(hours=hour)
            snapshot = make.snapshot(session, company.roster, streams={"people": "complete"}, at=at)
            cast.count_people(session, snapshot.id, people, digest="cut")
        if trusted:
            assert cast.opened(session).status == "open"
        else:
            assert cast.refusal(session).facts["lacks"][0]["verdict"] == "shrunk"


def test_an_override_needs_a_second_person_and_a_reason(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session, streams={"accounts": "complete"})
        first = company.actor(company.cy, Role.ADMIN)
        alias = company.actor(company.cy, Role.ADMIN)  # another sign-in of the same person
        second = company.actor(company.flo, Role.ADMIN)
        reviewer = company.actor(company.flo)
        for override in (
            Override(first, "we know"),
            Override(alias, "we know"),
            Override(second, "  "),
            Override(reviewer, "we know"),
            Override(SCHEDULER, "we know"),
        ):
            assert cast.refusal(session, override=override, by=first).code == "bad_override"
        assert cast.refusal(session, override=Override(second, "we know"), by=SCHEDULER).code == "bad_override"
        campaign = cast.opened(session, override=Override(second, "we know"), by=first)
        assert campaign.override is not None
        assert campaign.override["asked_by"] == first.id
        assert campaign.override["granted_by"] == second.id
        assert campaign.override["reason"] == "we know"
        assert {lack["stream"] for lack in campaign.override["lacks"]} == {"entitlements", "grants", "integrations"}
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "campaign.overridden")).one()
        assert entry.author == second.id


def test_an_override_that_was_not_needed_is_not_recorded(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session, override=Override(company.actor(company.flo, Role.ADMIN), "in case"))
        assert campaign.override is None


def test_a_campaign_opens_on_the_reading_that_was_looked_at_or_not_at_all(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        seen = {company.system.id: session.scalars(select(func.max(StreamRow.snapshot_id))).one()}
        later = make.snapshot(session, company.system, at=NOW + timedelta(minutes=1))
        assert cast.refusal(session, snapshots=seen).code == "read_again"
        campaign = cast.opened(session, snapshots={company.system.id: later.id})
        assert session.scalars(select(CampaignSnapshotRow.snapshot_id)).all() == [later.id]
        assert campaign.status == "open"
