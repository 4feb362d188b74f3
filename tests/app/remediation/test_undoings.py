"""Undoing a removal is a new decision: what was taken away is given back, and a reading shows it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import Actor, Role
from app.inventory.tables import AccountRow, PrivilegeRow, SnapshotRow, SystemRow
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow
from app.remediation import comebacks, queries, undoings
from app.remediation.brakes import Brakes
from app.remediation.policy import Caps
from app.remediation.tables import RemediationRow
from connectors.connector import ByHand
from connectors.errors import Unreachable
from tests import make

from .conftest import Town, administrator
from .crm import Died
from .readings import deactivated, looked_again, reading, removed

EVE = Actor("eve", "Eve", frozenset({Role.IT_SECURITY}))


def undone(town: Town, reason: str = "needed until June", by: Actor = EVE, **given: Any) -> UUID:
    """Undo the removal that there is; returns what gives the access back."""
    with town.database.transaction() as session:
        former = session.scalars(select(RemediationRow).where(RemediationRow.wish == "remove")).one()
        return undoings.undo(session, former, reason, by=by, at=town.now, **given).id


def of(town: Town, removal: UUID) -> RemediationRow:
    with town.database.reading() as session:
        return queries.find(session, removal)


def active_again(session: Session, _: SnapshotRow) -> None:
    session.query(AccountRow).filter_by(key="bo").update({"active": True})


def proved(town: Town) -> None:
    removed(town)
    assert reading(town, deactivated)[1].verified == 1
    town.later(hours=1)


def test_what_was_proved_gone_is_given_back_from_how_it_was_and_proved_by_a_reading(town: Town) -> None:
    proved(town)
    made = undone(town)
    assert {row.wish: row.status for row in town.all()} == {"remove": "undone", "restore": "open"}
    assert town.carry_out().acted == 1
    assert town.crm.present >= {"bo"}
    assert town.acts[-1] == ("restore", "done")
    given = of(town, made)
    assert (given.status, given.reason, given.asked_by) == ("acted", "needed until June", "eve")
    town.later(hours=1)
    snapshot, counts = reading(town, active_again)
    assert (counts.verified, of(town, made).verified_snapshot_id) == (1, snapshot)
    assert "shows it again" in str(of(town, made).because)
    with town.database.reading() as session:
        told = session.scalars(select(EntryRow).where(EntryRow.kind == "remediation.undone")).one()
        opened = session.scalars(select(EntryRow).where(EntryRow.subject == f"remediation:{made}")).first()
    assert (told.author, told.body["by_giving_back"]) == ("eve", str(made))
    assert opened is not None
    assert opened.body["undoes"] == told.subject.removeprefix("remediation:")


def test_access_that_was_given_back_is_no_return(town: Town) -> None:
    proved(town)
    undone(town)
    town.carry_out()
    town.later(days=1)
    assert looked_again(town, active_again) == 0
    with town.database.reading() as session:
        assert comebacks.judgements(session, town.system_id) == []


def test_what_is_not_there_after_it_was_given_back_is_open_again(town: Town) -> None:
    proved(town)
    made = undone(town)
    town.carry_out()
    town.later(hours=1)
    assert reading(town)[1].still_there == 1
    assert (of(town, made).status, "does not show it" in str(of(town, made).because)) == ("open", True)


def test_a_removal_that_was_not_begun_is_undone_without_a_call(town: Town) -> None:
    with town.database.transaction() as session:
        town.decided(session, town.account(session, key="bo"))
    town.open_all()
    made = undone(town)
    town.carry_out()
    assert town.crm.effects == []
    assert (of(town, made).status, of(town, made).because) == ("acted", "It was there when we looked.")


def test_what_somebody_else_gave_back_meanwhile_is_not_given_again(town: Town) -> None:
    proved(town)
    made = undone(town)
    town.crm.present.add("bo")
    assert town.carry_out().gone_already == 1
    assert (town.crm.effects, of(town, made).because) == (["bo"], "It was there when we looked.")


def test_how_it_was_is_kept_through_a_crash_and_a_second_look_that_finds_it_gone(town: Town) -> None:
    with town.database.transaction() as session:
        town.decided(session, town.account(session, key="bo"))
    town.open_all()

    def dies(_: str) -> None:
        town.crm.after_effect = lambda _: None
        raise Died

    town.crm.after_effect = dies
    with pytest.raises(Died):
        town.carry_out()
    assert town.carry_out().gone_already == 1
    undone(town)
    assert town.carry_out().acted == 1
    assert "bo" in town.crm.present


def test_what_the_api_cannot_give_back_is_a_persons_task_with_steps(town: Town) -> None:
    proved(town)
    town.crm.restored = ByHand("a revoked token stays revoked", ())
    made = undone(town)
    assert town.carry_out().by_hand == 1
    assert of(town, made).status == "by_hand"
    assert "Activate the account again" in " ".join(of(town, made).steps)
    assert "there again" in of(town, made).steps[-1]


@pytest.mark.parametrize("happened", [True, False], ids=["and it had happened", "and it had not"])
def test_a_giving_back_whose_reply_was_lost_is_resolved_by_looking(town: Town, happened: bool) -> None:
    proved(town)
    made = undone(town)

    def lost(_: str) -> None:
        town.crm.before_effect = town.crm.after_effect = lambda _: None
        raise Unreachable("the line was cut", ambiguous=True)

    setattr(town.crm, "after_effect" if happened else "before_effect", lost)
    with pytest.raises(Unreachable):
        town.carry_out()
    assert of(town, made).status == "acting"
    town.carry_out()
    assert of(town, made).status == "acted"
    assert town.crm.effects.count("bo") == 2, "taken away once, given back once"
    assert town.acts[1] == ("restore", "done" if happened else "ambiguous")


def test_giving_back_needs_its_own_switch_and_is_stopped_with_the_rest(town: Town) -> None:
    proved(town)
    made = undone(town)
    town.carry_out(stopped=lambda: True)
    assert of(town, made).status == "open"
    with town.database.transaction() as session:
        session.get_one(SystemRow, town.system_id).writing = ["deactivate"]
    town.carry_out()
    assert (of(town, made).status, "read-only for this kind of act (restore)" in str(of(town, made).because)) == (
        "by_hand", True,
    )  # fmt: skip


def test_the_only_administrator_left_is_given_back_their_access(town: Town) -> None:
    with town.database.transaction() as session:
        bo = town.account(session, key="bo")
        administrator(session, bo)
        town.decided(session, bo)
    town.open_all()
    assert town.carry_out().acted == 1
    town.later(hours=1)
    undone(town)
    with town.database.transaction() as session:  # the other one is none any more, so taking away would be refused
        spare = session.query(AccountRow).filter_by(key="spare-admin").one()
        session.query(PrivilegeRow).filter_by(account_id=spare.id).delete()
    assert town.carry_out().acted == 1
    assert "bo" in town.crm.present


def test_undoing_needs_a_reason_and_somebody_else_and_is_not_undone_itself(town: Town) -> None:
    proved(town)
    with town.database.transaction() as session:
        person = make.identity(session, "Bo")
        session.query(AccountRow).filter_by(key="bo").update({"identity_id": person.id})
        bo = Actor("bo", "Bo", frozenset({Role.ADMIN}), person.id)
    for given, code in (({"reason": "ok"}, "no_reason"), ({"by": bo}, "own_access")):
        with pytest.raises(Refused) as no:
            undone(town, **given)  # type: ignore[arg-type]
        assert no.value.refusal.code == code
    made = undone(town)
    with pytest.raises(Refused) as twice, town.database.transaction() as session:
        undoings.undo(session, queries.find(session, made), "back again", by=EVE, at=town.now)
    assert twice.value.refusal.code == "gives_back"


def test_of_two_at_once_one_undoes_it(town: Town) -> None:
    proved(town)
    with town.database.reading() as session:
        seen = session.scalars(select(RemediationRow)).one()
        session.expunge(seen)
    undone(town)
    with pytest.raises(Refused) as no, town.database.transaction() as session:
        undoings.undo(session, seen, "me too, please", by=EVE, at=town.now)
    assert no.value.refusal.status == 412


def test_a_removal_by_the_lane_is_not_overtaken_by_what_gives_back(town: Town) -> None:
    """The cap counts what is taken away, and not what is given back."""
    proved(town)
    undone(town)
    with town.database.transaction() as session:
        for number in range(3):
            town.decided(session, town.account(session, key=f"cy{number}"))
    town.open_all()
    counts = town.carry_out(brakes=Brakes(Caps(per_run=3, percent=100)))
    assert (counts.acted, counts.held) == (4, 0)
