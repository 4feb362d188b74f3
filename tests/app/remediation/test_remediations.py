"""Promising removals, and moving them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.actors.actor import SCHEDULER
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow, PersonalRow
from app.remediation import queries, remediations
from app.remediation.policy import Status
from app.remediation.tables import RemediationRow
from app.review.tables import CampaignRow
from connectors.connector import TargetKind
from tests import make

from .conftest import Town


def test_each_decision_to_remove_or_change_becomes_one_promise(town: Town) -> None:
    with town.database.transaction() as session:
        bo = town.account(session)
        town.decided(session, town.grant(session, bo))
        town.decided(session, bo, "change", change_to="role:9")
        town.decided(session, town.grant(session, bo), "keep")
        town.decided(session, make.credential(session, town.system(session), account_id=bo.id))
        town.decided(session, make.integration(session, town.system(session)))
    assert town.open_all() == [town.system_id]
    made = {row.kind: row for row in town.all()}
    assert {kind: (row.wish, row.change_to, row.status) for kind, row in made.items()} == {
        "grant": ("remove", None, "open"),
        "account": ("change", "role:9", "open"),
        "credential": ("remove", None, "open"),
        "integration": ("remove", None, "open"),
    }
    assert all(row.due_at == town.now + timedelta(days=7) for row in made.values())
    target = remediations.target_of(made["grant"])
    assert (target.kind, target.account_key, target.username) == (TargetKind.GRANT, bo.key, bo.username)
    assert target.entitlement_kind == "role"
    assert remediations.target_of(made["credential"]).account_key == bo.key


def test_promising_twice_promises_nothing_new(town: Town) -> None:
    with town.database.transaction() as session:
        bo = town.account(session)
        town.decided(session, town.grant(session, bo))
        town.drifted(session, f"account:{bo.id}", "remove")
    town.open_all()
    before = [row.id for row in town.all()]
    assert town.open_all() == [town.system_id]
    assert [row.id for row in town.all()] == before
    assert len(before) == 2


def test_of_drift_only_what_began_and_is_to_go_becomes_a_promise(town: Town) -> None:
    with town.database.transaction() as session:
        bo = town.account(session)
        held = [town.grant(session, bo) for _ in range(4)]
        town.drifted(session, f"grant:{held[0].id}", "remove")
        town.drifted(session, f"grant:{held[1].id}", "keep")
        town.drifted(session, f"grant:{held[2].id}", None)
        town.drifted(session, f"grant:{held[3].id}", "remove", change="ended")
    town.open_all()
    assert (town.only.grant_id, town.only.account_id) == (held[0].id, bo.id)


def test_nothing_is_promised_before_the_campaign_closed(town: Town) -> None:
    with town.database.transaction() as session:
        session.execute(update(CampaignRow).values(status="open"))
    with pytest.raises(Refused, match="The campaign is open"):
        town.open_all()


def test_a_promise_and_its_moves_are_in_the_ledger_without_anybodys_name(town: Town) -> None:
    with town.database.transaction() as session:
        bo = town.account(session, username="bo@example.com")
        town.decided(session, bo)
    town.open_all()
    town.carry_out()
    with town.database.reading() as session:
        entries = session.scalars(select(EntryRow).order_by(EntryRow.id)).all()
        persons = set(session.scalars(select(PersonalRow.person)))
    assert [entry.kind for entry in entries] == [
        "remediation.opened", "act.begun", "act.ended", "remediation.moved",
    ]  # fmt: skip
    assert "bo@example.com" not in str([entry.body for entry in entries])
    assert persons <= {f"account:{bo.id}", None}


def test_a_move_that_is_not_in_the_table_is_refused(town: Town) -> None:
    with town.database.transaction() as session:
        town.decided(session, town.account(session))
    town.open_all()
    with town.database.transaction() as session:
        row = queries.find(session, town.only.id)
        with pytest.raises(Refused, match="cannot become"):
            remediations.move(session, row, Status.RETURNED, because="", by=SCHEDULER, at=town.now)


def test_who_was_second_is_told_so(town: Town) -> None:
    with town.database.transaction() as session:
        town.decided(session, town.account(session))
    town.open_all()
    stale = town.only
    with town.database.transaction() as session:
        session.execute(update(RemediationRow).values(version=RemediationRow.version + 1))
    with town.database.transaction() as session, pytest.raises(Refused) as caught:
        remediations.move(session, stale, Status.BY_HAND, because="x", by=SCHEDULER, at=town.now)
    assert caught.value.refusal.status == 412


def test_a_person_may_say_that_it_was_done_but_must_say_what(town: Town) -> None:
    with town.database.transaction() as session:
        town.decided(session, town.account(session))
        town.system(session).writing = []
    town.open_all()
    town.carry_out()
    with town.database.transaction() as session:
        row = queries.find(session, town.only.id)
        with pytest.raises(Refused, match="Say what was done"):
            remediations.say_done(session, row, "  ", by=make.actor(), at=town.now)
        remediations.say_done(session, row, "deactivated in Setup", by=make.actor(), at=town.now)
    assert (town.only.status, town.only.because) == ("acted", "by hand: deactivated in Setup")
    assert town.only.verified_at is None


def test_what_was_acted_on_is_not_said_to_be_done_once_more(town: Town) -> None:
    with town.database.transaction() as session:
        town.decided(session, town.account(session))
    town.open_all()
    town.carry_out()
    with town.database.transaction() as session:
        row = queries.find(session, town.only.id)
        with pytest.raises(Refused, match="cannot become"):
            remediations.say_done(session, row, "done", by=make.actor(), at=town.now)


def test_what_was_declined_can_be_put_back_to_be_tried_again(town: Town) -> None:
    with town.database.transaction() as session:
        town.decided(session, town.account(session))
        town.system(session).writing = []
    town.open_all()
    town.carry_out()
    with town.database.transaction() as session:
        row = queries.find(session, town.only.id)
        remediations.try_again(session, row, "writing was switched on", by=make.actor(), at=town.now)
        town.system(session).writing = ["deactivate"]
    assert town.carry_out().acted == 1


def test_what_was_never_carried_out_is_not_promised_for_another_campaign(town: Town) -> None:
    with town.database.transaction() as session:
        town.decided(session, town.account(session))
        other = CampaignRow(
            name="Q3", status="closed", scope={}, opened_at=town.now, opened_by="admin", due_at=town.now
        )
        session.add(other)
        session.flush()
        assert remediations.open_for(session, other.id, by=SCHEDULER, at=town.now) == []
