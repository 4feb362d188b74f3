"""Groups and definitions that must be changed or go: a person's task, proved by a later reading of what they contain."""

from __future__ import annotations

from typing import Any

import pytest

from app.actors.actor import SCHEDULER
from app.inventory import composition, contents
from app.inventory.tables import EdgeRow, EntitlementRow
from app.remediation import comebacks, plans, remediations, undoings, verify
from app.remediation.brakes import Brakes
from app.remediation.policy import Caps
from app.stories import removals
from tests import make

from .conftest import KEYS, Town


def decided(town: Town, outcome: str, **given: Any) -> int:
    """A definition that was reviewed as it is, with this outcome; its removal is promised and handed to a person."""
    with town.database.transaction() as session:
        thing = make.entitlement(session, town.system(session), label="Exporters", **given)
        digests = composition.parts(contents.contents(session, [thing.id])[thing.id])
        kind = "group" if thing.kind == "group" else "definition"
        item = town.decided(session, thing, outcome, kind=kind)
        item.shown = {"what": {"digests": digests}}
        number = int(thing.id)
    town.open_all()
    town.later(minutes=1)
    assert town.carry_out().by_hand == 1
    return number


def read(town: Town, streams: dict[str, str] | None = None) -> verify.Counts:
    """A later reading, and what it proves."""
    with town.database.transaction() as session:
        at = town.later(hours=1)
        snapshot = make.snapshot(session, town.system(session), at=at, streams=streams)
        comebacks.notice(session, snapshot.id, by=SCHEDULER, at=at)
        return verify.verify(session, snapshot.id, by=SCHEDULER, at=at)


def alter(town: Town, number: int, **given: Any) -> None:
    with town.database.transaction() as session:
        thing = session.get_one(EntitlementRow, number)
        for name, value in given.items():
            setattr(thing, name, value)


def test_it_is_a_persons_task_with_that_crms_steps_and_no_executor_is_opened(town: Town) -> None:
    with town.database.transaction() as session:
        town.system(session).kind = "salesforce"
    decided(town, "change", kind="permission_set", privileges=["export"])
    assert (town.only.status, town.only.kind, town.only.wish) == ("by_hand", "definition", "change")
    assert "Open Setup, Permission Sets, and Exporters." in town.only.steps
    assert town.crm.log == []
    plan = plans.plan(
        town.database, town.only.id, common=Brakes(), stopped=lambda: False, keys=KEYS, clock=town.clock, look=True,
        open_executor=town.crm.open,
    )  # fmt: skip
    assert (plan.calls, plan.by_hand, list(plan.steps)) == ((), town.only.because, town.only.steps)
    with town.database.reading() as session:
        assert removals.lines(session, town.all())[0].what == "Exporters"


def test_a_change_is_proved_when_a_reading_shows_that_it_contains_something_else(town: Town) -> None:
    number = decided(town, "change", privileges=["export", "see_all"])
    assert read(town).verified == 0, "nothing in it is different"
    alter(town, number, label="Renamed")
    assert read(town).verified == 0, "what it is called is not what it contains"
    alter(town, number, privileges=["see_all"])
    assert read(town, {"entitlements": "incomplete"}).verified == 0
    assert read(town).verified == 1


def test_what_was_said_to_be_changed_and_is_not_is_open_again(town: Town) -> None:
    decided(town, "change", privileges=["export"])
    with town.database.transaction() as session:
        mine = session.merge(town.only, load=True)
        remediations.say_done(session, mine, "took export out", by=SCHEDULER, at=town.now)
    assert read(town).still_there == 1
    assert town.only.status == "open"


def test_that_somebody_left_a_group_is_its_change_and_that_it_is_gone_proves_both(town: Town) -> None:
    with town.database.transaction() as session:
        group = make.entitlement(session, town.system(session), kind="group")
        account = make.account(session, town.system(session))
        grant = make.grant(session, account, group)
        digests = composition.parts(contents.contents(session, [group.id])[group.id])
        item = town.decided(session, group, "change", kind="group")
        item.shown = {"what": {"digests": digests}}
        grant_id = grant.id
    town.open_all()
    town.carry_out()
    assert read(town).verified == 0
    with town.database.transaction() as session:
        session.get_one(type(grant), grant_id).ended = town.now
    assert read(town, {"entitlements": "complete"}).verified == 0, "the grants were not read"
    assert read(town).verified == 1


def test_a_removal_is_proved_by_its_absence_alone_and_it_is_watched(town: Town) -> None:
    number = decided(town, "remove", privileges=["export"])
    alter(town, number, privileges=[])
    assert read(town).verified == 0, "it is there, whatever it contains"
    alter(town, number, ended=town.now)
    assert read(town).verified == 1
    alter(town, number, ended=None)
    read(town)
    assert town.only.status == "returned"
    assert "it is there again" in (town.only.because or "")


def test_a_change_that_is_taken_back_is_a_return(town: Town) -> None:
    number = decided(town, "change", privileges=["export"])
    alter(town, number, privileges=[])
    assert read(town).verified == 1
    alter(town, number, privileges=["export"])
    read(town)
    assert (town.only.status, town.only.life) == ("returned", 2)
    assert "as it was reviewed" in (town.only.because or "")


@pytest.mark.parametrize("outcome", ["change", "remove"])
def test_undoing_is_proved_when_it_is_as_it_was(town: Town, outcome: str) -> None:
    number = decided(town, outcome, privileges=["export"])
    there, away = ({"privileges": ["export"]}, {"privileges": []}) if outcome == "change" else (
        {"ended": None}, {"ended": town.now},
    )  # fmt: skip
    alter(town, number, **away)
    assert read(town).verified == 1
    with town.database.transaction() as session:
        mine = session.merge(town.only, load=True)
        undoings.undo(session, mine, "they need it after all", by=make.ADMIN, at=town.later(minutes=1))
    assert town.carry_out().by_hand == 1
    assert read(town).verified == 0
    alter(town, number, **there)
    assert read(town).verified == 1


def test_what_changed_while_a_review_ran_is_proved_when_it_contains_or_brings_something_else_than_was_listed(
    town: Town,
) -> None:
    with town.database.transaction() as session:
        thing = make.entitlement(session, town.system(session), label="Exporters", privileges=[])
        inner = make.entitlement(session, town.system(session), privileges=["export"])
        edge = EdgeRow(system_id=thing.system_id, holder_id=thing.id, held_id=inner.id, kind="includes", began=town.now)
        session.add(edge)
        session.flush()
        digests = composition.parts(contents.contents(session, [thing.id])[thing.id])
        listed = town.drifted(session, f"definition:{thing.id}", "remove", change="changed")
        listed.shown = {"what": {"digests": digests | {"brings": composition.digest(["export"])}}}
        number, part = thing.id, inner.id
    town.open_all()
    town.later(minutes=1)
    assert town.carry_out().by_hand == 1
    assert (town.only.kind, town.only.wish, town.only.entitlement_id) == ("definition", "change", number)
    assert read(town).verified == 0
    alter(town, number, privileges=None)
    alter(town, part, privileges=[])
    assert read(town).verified == 0, "what it allows itself is not told, so nobody knows what it brings"
    alter(town, number, privileges=[])
    assert read(town).verified == 1, "of its own parts none is different, and it brings less"
    with town.database.transaction() as session:
        undoings.undo(
            session, session.merge(town.only, load=True), "after all", by=make.ADMIN, at=town.later(minutes=1)
        )
    assert town.carry_out().by_hand == 1
    assert read(town).verified == 0
    alter(town, part, privileges=["export"])
    assert read(town).verified == 1


def test_they_count_for_no_cap_and_wait_for_a_stop(town: Town) -> None:
    with town.database.transaction() as session:
        for privilege in ("export", "develop"):
            thing = make.entitlement(session, town.system(session), privileges=[privilege])
            town.decided(session, thing, "remove", kind="definition")
    town.open_all()
    strict = Brakes(Caps(per_run=1), release_above=1)
    assert town.carry_out(brakes=strict, stopped=lambda: True).held == 2
    assert {row.status for row in town.all()} == {"open"}
    assert town.carry_out(brakes=strict).by_hand == 2
