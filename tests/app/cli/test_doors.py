"""Handing on, drift and cancelling at the command line."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.actors import actors
from app.actors.actor import Role
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, IdentityRow, SystemRow
from app.kit import clock
from app.review.tables import ItemRow, TaskRow
from tests import make
from tests.app.cli.saying import Place, Said


def shares(place: Place) -> list[tuple[str, list[int]]]:
    """Each reviewer's key with their items, the smallest share first."""
    with place.means() as means, means.database.reading() as session:
        found: dict[str, list[int]] = {}
        for key, item in session.execute(
            select(IdentityRow.key, ItemRow.id)
            .join(TaskRow, TaskRow.reviewer_id == IdentityRow.id)
            .join(ItemRow, ItemRow.task_id == TaskRow.id)
            .order_by(ItemRow.id)
        ):
            found.setdefault(key, []).append(item)
    return sorted(found.items(), key=lambda share: len(share[1]))


def theirs(place: Place, key: str) -> list[int]:
    return dict(shares(place)).get(key, [])


def hand_on(place: Place, giver: str, taker: str, *more: str) -> Said:
    return place.rolecall("campaign", "hand-on", "Q4", "--from", giver, "--to", taker, "-r", "away", *more)


# --- handing on ---


def test_one_item_and_then_the_rest_are_handed_on(place: Place) -> None:
    giver, items = next(share for share in shares(place) if len(share[1]) > 2 and share[0] != place.second)
    before = len(theirs(place, place.second))
    told = hand_on(place, giver, place.second, "--item", str(items[0]), "--json").json()
    assert told["items"] == 1
    assert theirs(place, giver) == items[1:]
    hand_on(place, giver, place.second).well()
    assert theirs(place, giver) == []
    assert len(theirs(place, place.second)) == before + len(items)
    hand_on(place, giver, place.second).refused("Nothing is", "in Q4")


def test_only_what_is_theirs_is_handed_on(place: Place) -> None:
    (giver, _), (other, items) = [share for share in shares(place) if share[0] != place.second][:2]
    hand_on(place, giver, place.second, "--item", str(items[0])).refused(f"Item {items[0]} is not")
    hand_on(place, giver, "nobody@example.com").refused("nobody@example.com")
    assert items[0] in theirs(place, other)


def test_somebody_reviews_for_another_for_a_time(place: Place) -> None:
    giver, items = next(share for share in shares(place) if share[0] not in (place.second, place.fallback))
    words = ("campaign", "delegate", "--from", giver, "--to", place.second, "-r", "on leave", "--until")
    place.rolecall(*words, "tomorrow").refused("tomorrow", "2026-12-24T18:00+01:00")
    place.rolecall(*words, "2020-01-01T00:00Z").refused("ends in the past")
    until = (clock.now() + timedelta(days=3)).isoformat()
    place.rolecall(*words, until, "--scope", "system = Salesfarce").refused(
        "no system called “Salesfarce”", "There are"
    )
    told = place.rolecall(*words, until, "--json").json()
    assert set(theirs(place, giver)) < set(items)
    assert told["items"] == len(items) - len(theirs(place, giver))
    assert "everything" in place.rolecall("campaign", "delegations").well().out
    place.rolecall("campaign", "delegation-end", str(told["id"])).well()
    assert theirs(place, giver) == items
    place.rolecall("campaign", "delegation-end", str(told["id"])).refused("ended")


# --- drift ---


@pytest.fixture
def began(place: Place) -> tuple[int, str]:
    """A privileged grant that began after the review was frozen, and whose it is."""
    with place.means() as means, means.database.transaction() as session:
        account = session.scalars(
            select(AccountRow)
            .join(SystemRow, SystemRow.id == AccountRow.system_id)
            .join(IdentityRow, IdentityRow.id == AccountRow.identity_id)
            .where(SystemRow.name == "Sales org", AccountRow.active, AccountRow.ended.is_(None))
            .where(IdentityRow.key.not_in((place.fallback, place.second)))
        ).first()
        assert account is not None
        system = session.get_one(SystemRow, account.system_id)
        mighty = make.entitlement(session, system, privileges=["export"])
        grant = make.grant(session, account, mighty)
        held = select(EntitlementRow).join(GrantRow, GrantRow.entitlement_id == EntitlementRow.id)
        team = session.scalars(
            held.join(ItemRow, ItemRow.grant_id == GrantRow.id).where(EntitlementRow.kind == "team")
        ).first()
        assert team is not None
        team.privileges = ["export"]
        return grant.id, session.get_one(IdentityRow, account.identity_id).key


def test_drift_is_listed_and_decided_on_once_by_somebody_else(place: Place, began: tuple[int, str]) -> None:
    grant, whose = began
    listed = place.rolecall("campaign", "drift", "Q4", "--json").json()
    drift = next(each for each in listed if each["subject"] == f"grant:{grant}")
    assert (drift["change"], drift["needs_decision"], drift["answer"]) == ("began", True, None)
    (changed,) = (each for each in listed if each["change"] == "changed")
    assert (changed["needs_decision"], changed["shown"]["changed"][0]["came"]) == (True, ["export"])
    told = place.rolecall("campaign", "drift", "Q4").well()
    assert "2 need a decision" in told.all
    assert "brings +export" in told.all
    words = "campaign", "drift-decide", str(drift["id"])
    place.rolecall(*words, "keep", "--as", whose, "-r", "mine").refused("is no administrator here", "actor give")
    with place.means() as means, means.database.transaction() as session:
        for key in (whose, place.second):
            actors.make(session, key, {Role.ADMIN: None}, person_key=key, by=make.ADMIN, at=clock.now())
    place.rolecall(*words, "keep", "--as", whose, "-r", "mine").refused("own access", "another administrator")
    place.rolecall(*words, "perhaps", "--as", place.second, "-r", "new job").refused("keep or remove")
    told = place.rolecall(*words, "keep", "--as", place.second, "-r", "new job", "--json").json()
    assert (told["answer"], told["needs_decision"]) == ("keep", False)
    assert "1 needs a decision" in place.rolecall("campaign", "drift", "Q4").well().all
    assert told["by"].endswith(f"for person:{place.second}")
    place.rolecall(*words, "remove", "--as", place.second, "-r", "after all").refused("keep")
    place.rolecall("campaign", "drift-decide", "999999", "keep", "--as", place.second, "-r", "x").refused("999999")
    with place.means() as means, means.database.transaction() as session:
        key = int(changed["subject"].partition(":")[2])
        session.get_one(EntitlementRow, key).privileges = ["export", "administer"]
    place.rolecall("campaign", "drift", "Q4").well()
    words = "campaign", "drift-decide", str(changed["id"]), "keep", "--as", place.second, "-r", "seen"
    place.rolecall(*words).refused("brings +administer, +export", "--seen 2")
    place.rolecall(*words, "--seen", "1").refused("something else than you saw")
    assert place.rolecall(*words, "--seen", "2", "--json").json()["version"] == 3
    assert "changed again" not in place.rolecall("campaign", "drift", "Q4").well().out
    with place.means() as means, means.database.transaction() as session:
        session.get_one(EntitlementRow, key).privileges = ["develop"]
        person = session.scalars(select(IdentityRow).where(IdentityRow.key == place.second)).one()
        thing = session.get_one(EntitlementRow, key)
        theirs = make.account(
            session, session.get_one(SystemRow, thing.system_id), identity_id=person.id, username="second@corp"
        )
        make.grant(session, theirs, thing)
    assert "changed, decided, changed again" in place.rolecall("campaign", "drift", "Q4").well().out
    assert "On record with it: they hold it, or are in it." in place.rolecall(*words, "--seen", "4").well().all


# --- cancelling ---


def test_a_review_is_cancelled_with_a_reason_and_nothing_is_done_in_it_any_more(place: Place) -> None:
    place.rolecall("campaign", "cancel", "Q4", "-r", " ").refused("reason")
    place.rolecall("campaign", "cancel", "Q4", "-r", "the wrong scope").well()
    (told,) = place.rolecall("campaign", "list", "--json").json()
    assert told["status"] == "cancelled"
    place.rolecall("campaign", "cancel", "Q4", "-r", "again").refused("cancelled")
    place.rolecall("campaign", "drift", "Q4").refused("cancelled")
    giver = shares(place)[0][0]
    hand_on(place, giver, place.second).refused("cancelled")
