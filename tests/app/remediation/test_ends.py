"""Access that is to end on a day: given that end where the system keeps one, taken away on the day where not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.actors.actor import Actor, Role
from app.inventory.tables import GrantRow
from app.remediation import queries, undoings, wishes
from app.remediation.brakes import Brakes
from app.remediation.policy import Caps
from app.review.tables import DecisionRow
from connectors.connector import Act, ActKind, ByHand, Look, Target
from connectors.errors import Unreachable

from .conftest import Town
from .readings import ended, looked_again, reading

EVE = Actor("eve", "Eve", frozenset({Role.IT_SECURITY}))
BOX = frozenset(ActKind)


def decided(town: Town, *, kind: str = "grant", days: int = 10) -> Any:
    """A review that let something of Bo's stay for some days; returns the day."""
    until = town.now + timedelta(days=days)
    with town.database.transaction() as session:
        bo = town.account(session, key="bo")
        item = town.decided(session, bo if kind == "account" else town.grant(session, bo))
        session.scalars(select(DecisionRow).where(DecisionRow.item_id == item.id)).one().until = until
    town.open_all()
    return until


def keeps_ends(town: Town) -> None:
    """This CRM gives a grant an end, as one call."""

    def plan(target: Target, before: Look) -> Sequence[Act] | ByHand:
        if target.until is None or town.crm.ends.get(str(before.facts["name"])) == target.until:
            return () if target.until else (Act(ActKind.REMOVE_GRANT, target, "Remove it", "DELETE", before.facts),)
        arguments = {"name": before.facts["name"], "until": target.until}
        return (Act(ActKind.TIME_BOX, target, "Give it an end", "PATCH", arguments),)

    town.crm.acts = BOX
    town.crm.planned = plan


def test_the_promise_names_the_day_and_is_due_after_it(town: Town) -> None:
    until = decided(town)
    made = town.only
    assert (made.wish, made.until, made.target["until"]) == ("time_box", until, until.isoformat())
    assert made.due_at == until + timedelta(days=7)


def test_where_the_system_keeps_ends_it_is_given_one_and_a_reading_shows_it(town: Town) -> None:
    keeps_ends(town)
    until = decided(town)
    assert town.carry_out().acted == 1
    assert town.acts == [("time_box", "done")]
    assert len(town.crm.present) == 2, "it is there still"
    town.later(hours=1)
    assert reading(town)[1].still_there == 1, "a reading that shows no end is none"
    town.carry_out()
    town.later(hours=1)

    def ends(session: Any, _: Any) -> None:
        session.get_one(GrantRow, town.only.grant_id).until = until

    assert reading(town, ends)[1].verified == 1


def test_an_end_that_comes_later_than_decided_is_not_what_was_decided(town: Town) -> None:
    keeps_ends(town)
    until = decided(town)
    town.carry_out()
    town.later(hours=1)

    def too_late(session: Any, _: Any) -> None:
        session.get_one(GrantRow, town.only.grant_id).until = until + timedelta(days=1)

    assert reading(town, too_late)[1].still_there == 1


@pytest.mark.parametrize("kind", ["grant", "account"])
def test_where_no_ends_are_kept_nothing_is_called_before_the_day_and_it_goes_on_it(town: Town, kind: str) -> None:
    decided(town, kind=kind)
    town.carry_out()
    assert (town.crm.log, town.only.status, town.only.because) == ([], "open", wishes.WAITS)
    with town.database.reading() as session:
        assert queries.ended(session, town.now) == []
    town.later(days=10)
    with town.database.reading() as session:
        assert queries.ended(session, town.now) == [town.system_id]
    assert town.carry_out().acted == 1
    assert len(town.crm.effects) == 1
    town.later(hours=1)
    if kind == "grant":
        assert reading(town, ended(GrantRow))[1].verified == 1


def test_a_connector_that_would_take_it_away_at_once_is_not_let(town: Town) -> None:
    town.crm.acts = BOX  # it says that it can, and its plan removes
    decided(town)
    town.carry_out()
    assert (town.crm.effects, town.only.status) == ([], "open")


def test_undoing_it_takes_the_end_away_again_and_a_reading_proves_that(town: Town) -> None:
    keeps_ends(town)
    until = decided(town)
    town.carry_out()
    town.later(hours=1)
    assert reading(town, end_of(town, until))[1].verified == 1
    undone(town)
    (name,) = town.crm.ends
    assert town.carry_out().acted == 1
    assert (town.acts[-1], town.crm.ends, name in town.crm.present) == (("restore", "done"), {}, True)
    town.later(hours=1)
    assert reading(town, end_of(town, until))[1].still_there == 1, "it ends still, and that was undone"
    assert town.carry_out().gone_already == 1
    town.later(hours=1)
    assert reading(town, end_of(town, None))[1].verified == 1


def test_undoing_an_end_whose_reply_was_lost_looks_and_asks_again(town: Town) -> None:
    keeps_ends(town)
    decided(town)
    town.carry_out()
    undone(town)

    def lost(_: str) -> None:
        town.crm.before_effect = lambda _: None
        raise Unreachable("the line was cut", ambiguous=True)

    town.crm.before_effect = lost
    with pytest.raises(Unreachable):
        town.carry_out()
    assert town.crm.ends, "there, and with its end: that proves nothing"
    town.carry_out()
    assert (town.crm.ends, town.acts[1:]) == ({}, [("restore", "ambiguous"), ("restore", "done")])


def test_undoing_before_an_end_was_given_calls_nothing(town: Town) -> None:
    keeps_ends(town)
    decided(town)
    undone(town)
    assert town.carry_out().gone_already == 1
    assert town.crm.effects == []


@pytest.mark.parametrize(("days", "back"), [(None, 1), (30, 1), (0, 0), (-2, 0)])
def test_access_that_was_given_an_end_is_watched_for_lasting_longer(town: Town, days: int | None, back: int) -> None:
    keeps_ends(town)
    until = decided(town)
    town.carry_out()
    town.later(hours=1)
    reading(town, end_of(town, until))
    town.later(days=2)
    moved = end_of(town, until + timedelta(days=days) if days is not None else None)
    assert looked_again(town, moved) == back
    if back:
        says = "it has no end any more" if days is None else f"put off until {(until + timedelta(days=30)).date()}"
        assert (town.only.status, says in str(town.only.because)) == ("returned", True)
        town.later(days=1)
        assert reading(town)[1].verified == 0, "it lasts longer still"
        assert reading(town, end_of(town, until))[1].verified == 1


def test_what_ends_on_a_day_is_watched_for_a_month_after_that_day(town: Town) -> None:
    keeps_ends(town)
    until = decided(town, days=60)
    town.carry_out()
    town.later(hours=1)
    reading(town, end_of(town, until))
    town.later(days=85)
    assert looked_again(town, end_of(town, None)) == 1


def end_of(town: Town, until: Any) -> Any:
    """A reading that shows this end of what there is."""

    def found(session: Any, _: Any) -> None:
        grant = next(row.grant_id for row in town.all() if row.grant_id)
        session.get_one(GrantRow, grant).until = until

    return found


def undone(town: Town) -> None:
    with town.database.transaction() as session:
        row = queries.find(session, town.only.id)
        undoings.undo(session, row, "needed for longer", by=EVE, at=town.now)


def test_what_waits_for_its_day_counts_for_no_cap(town: Town) -> None:
    decided(town)
    with town.database.transaction() as session:
        town.decided(session, town.grant(session, town.account(session, key="cy")))
    town.open_all()
    assert town.carry_out(brakes=Brakes(Caps(per_run=1, percent=100))).acted == 1
