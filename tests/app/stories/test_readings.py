"""How far a system's last reading can be trusted, and what a revocation would mean."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.inventory.tables import SnapshotRow, StreamRow, SystemRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.review.tables import CampaignRow, ItemRow, TaskRow
from app.stories import readings, revocation
from app.stories.readings import State
from tests import make
from tests.app.stories.town import EVE, NOW, SEC, finding, town

DAY = timedelta(days=1)
LIMITS: dict[str, Any] = {"by": SEC, "at": NOW, "max_age": timedelta(hours=36), "roster_days": 7}


def test_each_state_of_a_systems_readings_is_told_apart(database: Database) -> None:
    with database.transaction() as session:
        systems = {state: make.system(session, name=state) for state in State}
        make.snapshot(session, systems[State.COMPLETE])
        partial = make.snapshot(
            session, systems[State.PARTIAL], streams={"accounts": "complete", "grants": "incomplete"}
        )
        session.get_one(StreamRow, (partial.id, "grants")).because = "2 rows came twice"
        make.snapshot(session, systems[State.STALE], at=NOW - 3 * DAY)
        make.snapshot(session, systems[State.FAILED], at=NOW - DAY)
        make.snapshot(
            session, systems[State.FAILED], status="failed", sealed_at=None, because="It could not be reached."
        )
        make.snapshot(session, systems[State.READING], status="reading", sealed_at=None)
        told = {each.system.name: each for each in readings.standings(session, **LIMITS)}
        assert {name: each.state for name, each in told.items()} == {state.value: state for state in State}
        assert "grants: 2 rows came twice" in told["partial"].because
        assert [row.stream for row in told["partial"].lacking] == ["grants"]
        assert told["failed"].because == "It could not be reached."
        assert told["failed"].sealed is not None, "what was read before the failure still stands"
        assert next(iter(told)) == "never", "those that need somebody come first"


def test_what_an_operator_switched_off_is_nothing_to_look_into(database: Database) -> None:
    read = {"accounts": "complete", "sessions": "not_collected"}
    with database.transaction() as session:
        make.snapshot(session, make.system(session, name="off"), streams=read)
        make.snapshot(session, make.system(session, name="on", config={"sessions": "on"}), streams=read)
        told = {each.system.name: each for each in readings.standings(session, **LIMITS)}
        assert (told["off"].state, told["on"].state) == (State.COMPLETE, State.PARTIAL)
        assert told["off"].because == "Everything was read but what is switched off: sessions."


def test_a_reading_that_was_left_by_its_worker_has_failed(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session)
        make.snapshot(session, system, status="reading", sealed_at=None, at=NOW - 2 * DAY)
        (told,) = readings.standings(session, **LIMITS)
        assert (told.state, told.because) == (State.FAILED, "The last reading did not come to its end.")


def test_a_roster_that_is_not_trusted_is_not_complete(database: Database) -> None:
    with database.transaction() as session:
        roster = make.system(session, kind="roster")
        make.snapshot(session, roster, streams={"people": "complete"})
        (told,) = readings.standings(session, **LIMITS)
        assert (told.state, told.trouble.code if told.trouble else None) == (State.PARTIAL, "roster_stale")


def test_a_system_shows_its_readings_with_every_receipt(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session)
        old, new = make.snapshot(session, system, at=NOW - DAY), make.snapshot(session, system)
        told = readings.story(session, system.id, **LIMITS)
        assert told is not None
        assert [each.snapshot.id for each in told.readings] == [new.id, old.id]
        assert len(told.readings[0].streams) == 5
        found = readings.reading(session, old.id, by=SEC)
        assert found is not None
        assert found[0].id == system.id
        session.get_one(SystemRow, system.id).removed = NOW
        session.flush()
        assert readings.story(session, system.id, **LIMITS) is None
        assert readings.reading(session, session.query(SnapshotRow).count() + 99, by=SEC) is None


def test_readings_are_not_for_reviewers(database: Database) -> None:
    with database.transaction() as session:
        for ask in (
            lambda: readings.standings(session, **(LIMITS | {"by": EVE})),
            lambda: readings.story(session, 1, **(LIMITS | {"by": EVE})),
            lambda: readings.reading(session, 1, by=EVE),
            lambda: revocation.outlook(session, 1, by=EVE),
        ):
            with pytest.raises(Refused, match="You may not see"):
                ask()


def test_a_revocation_says_what_stops_and_what_is_left_behind(database: Database) -> None:
    with database.transaction() as session:
        there = town(session)
        loader = make.integration(session, there.sales, name="Loader", owner_account_id=there.bo_sales.id)
        make.credential(
            session, there.sales, account_id=there.bo_sales.id, integration_id=loader.id, last_used=NOW, kind="api_key"
        )
        make.credential(session, there.sales, account_id=there.bo_sales.id, active=False, label="Dead")
        there.cy.manager_id, there.sales.owner_key = there.bo.id, there.bo.key
        campaign = CampaignRow(
            name="Q4", status="open", scope={}, opened_at=NOW, opened_by="a", due_at=NOW + DAY,
        )  # fmt: skip
        session.add(campaign)
        session.flush()
        task = TaskRow(campaign_id=campaign.id, reviewer_id=there.bo.id)
        session.add(task)
        session.flush()
        for number, outcome in ((1, None), (2, "keep")):
            session.add(
                ItemRow(
                    campaign_id=campaign.id, task_id=task.id, kind="grant", subject=f"grant:{number}",
                    system_id=there.sales.id, chosen_by="manager", privileged=False, risk=1, shown={}, outcome=outcome,
                )
            )  # fmt: skip
        row = finding(session, there.sales, f"account:{there.bo_sales.id}", account_id=there.bo_sales.id)
        told = revocation.outlook(session, row.id, by=SEC)
        assert told is not None
        assert list(told.stops) == [
            f"Loader enters by an api key of this account (last used on {NOW.date()}) and would stop.",
            "Loader names this account as its owner; it would have none.",
        ]
        assert list(told.waits) == [
            "Bo Reed is the manager of 1 in the roster.",
            "Bo Reed has 1 open items in the review Q4; hand them to somebody else.",
            "Bo Reed is named as the owner of Sales org.",
        ]
        assert told.refusal is None
        row.status = "closed"
        session.flush()
        closed = revocation.outlook(session, row.id, by=SEC)
        assert closed is not None
        assert closed.refusal is not None
        assert closed.refusal.code == "finding_not_open"
        assert revocation.outlook(session, 999_999, by=SEC) is None
