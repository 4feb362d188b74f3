"""campaign, decide and removals: a review from its opening to what became of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from app.actors import actors
from app.actors.actor import Actor, Role
from app.actors.tables import ActorRow
from app.inventory.tables import AccountRow, IdentityEmailRow, IdentityRow
from app.kit import clock
from app.means import review_limits
from app.review import decisions, overrides
from app.review.decisions import Ask
from app.review.tables import ItemRow, ScheduleRow, TaskRow
from tests import make
from tests.app.cli.saying import Place


def of_somebody(place: Place, *where: Any) -> tuple[int, str]:
    """An item of the review with its reviewer's key."""
    with place.means() as means, means.database.reading() as session:
        found = session.execute(
            select(ItemRow.id, IdentityRow.key)
            .join(TaskRow, TaskRow.id == ItemRow.task_id)
            .join(IdentityRow, IdentityRow.id == TaskRow.reviewer_id)
            .where(ItemRow.outcome.is_(None), *where)
            .order_by(ItemRow.id)
        ).first()
    assert found is not None
    return found.id, found.key


# --- looking ---


def test_reviews_are_listed(place: Place) -> None:
    (told,) = place.rolecall("campaign", "list", "--json").json()
    assert (told["name"], told["status"]) == ("Q4", "open")
    assert "Q4" in place.rolecall("campaign", "list").well().out


def test_a_review_is_shown_by_reviewer(place: Place) -> None:
    told = place.rolecall("campaign", "show", "Q4", "--json").json()
    assert told["status"] == "open"
    assert len(told["shares"]) > 3
    assert "no answer" in place.rolecall("campaign", "show", str(told["id"])).well().out


def test_a_reviewer_sees_items_and_what_is_known_beside_each(place: Place) -> None:
    item, reviewer = of_somebody(place)
    told = place.rolecall("campaign", "items", "Q4", "--as", reviewer, "--json").json()
    assert item in {each["id"] for each in told}
    assert all(each["shown"]["system"] for each in told)
    line = place.rolecall("campaign", "items", "Q4", "--as", reviewer).well().all
    assert "since" in line
    assert "{" not in line


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("campaign", "show", "Q9"), ("Q9", "There are: Q4")),
        (("campaign", "items", "Q4", "--as", "nobody@example.com"), ("nobody@example.com", "person list")),
        (("campaign", "open", "Q5", "--fallback", "nobody"), ("nobody",)),
        (("campaign", "open", "Q5", "--fallback", "P00001", "--system", "Nobody's org"), ("Nobody's org",)),
        (("campaign", "schedule", "By the quarter", "--fallback", "P00001", "--day", "91"), ("91",)),
        (("decide", "999999", "keep", "--as", "P00001"), ("999999",)),
        (("removals", "--run", "Nobody's org"), ("Nobody's org",)),
    ],
)
def test_what_is_not_there_is_said(place: Place, words: tuple[str, ...], told: tuple[str, ...]) -> None:
    place.rolecall(*words).refused(*told)


def test_a_scope_that_is_no_json_is_named(place: Place) -> None:
    file = place.home / "scope.json"
    file.write_text("{systems: all}")
    place.rolecall("campaign", "open", "Q5", "--fallback", place.fallback, "--scope", str(file)).refused("scope.json")


def test_a_name_that_is_taken_is_refused(place: Place) -> None:
    place.rolecall("campaign", "open", "Q4", "--fallback", place.fallback, "--second", place.second).refused("Q4")


def test_a_schedule_is_made_once(place: Place) -> None:
    words = ("campaign", "schedule", "Every quarter", "--fallback", place.fallback, "--second", place.second)
    assert "day 45" in place.rolecall(*words).well().out
    place.rolecall(*words).refused("Every quarter")


def test_a_schedule_is_looked_at_made_and_changed_with_its_next_dates(place: Place) -> None:
    words = (
        "campaign", "schedule", "Often", "--fallback", place.fallback, "--cadence", "weekly", "--every", "2", "--from",
        "2031-12-01", "--closed", "12-15 to 12-24 year end",
    )  # fmt: skip
    told = place.rolecall(*words, "--look").well().out
    assert "Often would open on day 1 of every 2nd week from 2031-12-01" in told
    assert "2031-W51: Thu 2031-12-25 09:00, due 2032-01-08, moved from 2031-12-15: year end" in told
    place.rolecall("campaign", "reschedule", "Often", "--day", "3").refused("There is no schedule Often")
    assert len(place.rolecall(*words, "--json").json()) == 6
    assert (
        "day 3 of every 2nd week" in place.rolecall("campaign", "reschedule", "Often", "--day", "3", "--every-day").out
    )
    [often] = [each for each in place.rolecall("campaign", "schedules", "--json").json() if each["name"] == "Often"]
    assert [each["because"] for each in often["dates"]] == [None]
    place.rolecall("campaign", "reschedule", "Often", "--closed", "24.12. Christmas").refused("24.12.")


def test_a_schedule_takes_a_scope_with_its_rules_for_silence_and_attention_and_the_words_it_needs(place: Place) -> None:
    file, rules = (
        place.home / "scope.json",
        {"silence": {"answer": "keep"}, "attention": {"percent": 20, "ask": ["owner"]}},
    )
    file.write_text(json.dumps({"systems": "all", "kinds": ["grant"], **rules}))
    words = ("campaign", "schedule", "Watchful", "--fallback", place.fallback, "--scope", str(file))
    place.rolecall(*words, "--look").well()
    place.rolecall(*words).well()
    with place.means() as means, means.database.reading() as session:
        kept = session.scalars(select(ScheduleRow).where(ScheduleRow.name == "Watchful")).one().scope
    assert (kept["kinds"], kept["fallback"], kept["silence"]["answer"]) == (["grant"], place.fallback, "keep")
    assert kept["attention"]["percent"] == 20
    left_out = {"exclude": [{"where": "low_risk", "reason": "once a year is enough"}], "approver": place.second}
    file.write_text(json.dumps({"systems": "all", **left_out}))
    less = ("campaign", "schedule", "Less", "--fallback", place.fallback, "--scope", str(file))
    place.rolecall(*less).refused("word")
    place.rolecall(*less, "--approval", "made up").refused("no approval of ours")


def test_who_opens_a_review_without_an_owner_is_told_the_option_and_whose_word_is_missing_by_name(place: Place) -> None:
    asked = (
        "campaign",
        "open",
        "Owned",
        "--fallback",
        place.fallback,
        "--second",
        place.second,
        "--many-answers",
        "none yet",
    )
    owner = of_somebody(place, IdentityRow.key.not_in((place.fallback, place.second)))[1]
    owned = place.rolecall(*asked, ROLECALL_CONTROL_OWNER_REQUIRED="yes")
    owned.refused("names no control owner", "Say --control-owner and their roster id")
    assert '"control_owner"' not in owned.all
    waiting = place.rolecall(*asked, "--control-owner", owner)
    with place.means() as means, means.database.reading() as session:
        person = session.scalars(select(IdentityRow).where(IdentityRow.key == owner)).one()
        address = session.scalars(
            select(IdentityEmailRow.email).where(IdentityEmailRow.identity_id == person.id).order_by("email")
        ).first()
    waiting.refused(f"the word of {person.name} ({address})", "rolecall campaign accept", "--acceptance")


def test_a_schedule_is_changed_with_a_new_word_of_its_control_owner(place: Place) -> None:
    place.rolecall("campaign", "schedule", "Ours", "--fallback", place.fallback).well()
    change = ("campaign", "reschedule", "Ours", "--control-owner", place.second)
    place.rolecall(*change).refused("waits for the word of", "--acceptance")
    place.rolecall(*change, "--acceptance", _word(place, "Others")).refused("for another review")
    place.rolecall(*change, "--acceptance", _word(place, "Ours")).well()
    first = _kept(place)
    place.rolecall("campaign", "reschedule", "Ours", "--acceptance", _word(place, "Ours")).well()
    assert _kept(place) > first


def _kept(place: Place) -> str:
    """When the word that the schedule keeps was given."""
    with place.means() as means, means.database.reading() as session:
        row = session.scalars(select(ScheduleRow).where(ScheduleRow.name == "Ours")).one()
        assert row.scope["control_owner"] == place.second
        assert row.acceptance is not None
        return str(row.acceptance["at"])


def _word(place: Place, name: str) -> str:
    """The standing word of who stands above everybody, for a schedule's reviews."""
    scope = {"systems": "all", "fallback": place.fallback, "control_owner": place.second}
    with place.means() as means, means.database.transaction() as session:
        at, person = clock.now(), session.scalars(select(IdentityRow).where(IdentityRow.key == place.second)).one()
        row = session.scalars(select(ActorRow).where(ActorRow.person_key == person.key)).first()
        row = row or actors.make(
            session, person.name, {Role.REVIEWER: None}, person_key=person.key, by=make.ADMIN, at=at
        )
        by = Actor(row.id, row.name, frozenset({Role.REVIEWER}), person.id, "oidc")
        return overrides.accept(
            session, means.keys.derive("links"), name, scope, "it is all there", population=None,
            limits=review_limits(means.settings), by=by, at=at,
        ).sealed  # fmt: skip


# --- deciding ---


def test_a_decision_is_passed_on_and_stands_in_its_reviewers_name(place: Place) -> None:
    item, reviewer = of_somebody(place, ItemRow.privileged.is_(False))
    told = place.rolecall("decide", str(item), "keep", "--as", reviewer, "--json").json()
    assert (told["item"], told["answer"]) == (item, "keep")
    assert told["by"].endswith(f"for person:{reviewer}")


def test_nobody_decides_on_their_own_access_and_hears_the_way_out(place: Place) -> None:
    with place.means() as means, means.database.reading() as session:
        item, own = session.execute(
            select(ItemRow.id, IdentityRow.key)
            .join(AccountRow, AccountRow.id == ItemRow.account_id)
            .join(IdentityRow, IdentityRow.id == AccountRow.identity_id)
            .where(ItemRow.outcome.is_(None), IdentityRow.ended.is_(None))
        ).first() or (0, "")
    place.rolecall("decide", str(item), "keep", "--as", own).refused("own access", "another reviewer")


def test_an_answer_that_says_too_little_is_refused(place: Place) -> None:
    grave, whose = of_somebody(place, ItemRow.kind == "account", ItemRow.subject.in_(idle(place)))
    place.rolecall("decide", str(grave), "keep", "--as", whose).refused("a finding of high severity needs a reason")
    item, reviewer = of_somebody(place)
    place.rolecall("decide", str(item), "remove", "--as", reviewer).refused("needs a reason")
    place.rolecall("decide", str(item), "perhaps", "--as", reviewer, "-r", "?").refused("keep, remove, change")
    place.rolecall("decide", str(item), "change", "--as", reviewer, "-r", "less").refused("what to change to")


# --- closing; from here on the review is over ---


def answer_privileged(place: Place) -> None:
    """Everybody keeps what is privileged, with a reason."""
    with place.means() as means:
        with means.database.reading() as session:
            rows = session.execute(
                select(ItemRow.id, TaskRow.reviewer_id)
                .join(TaskRow, TaskRow.id == ItemRow.task_id)
                .where(ItemRow.privileged, ItemRow.outcome.is_(None))
            ).all()
        for reviewer in {row.reviewer_id for row in rows}:
            by = Actor(f"test:{reviewer}", "a reviewer", frozenset({Role.REVIEWER}), reviewer)
            with means.database.transaction() as session:
                asks = [Ask(row.id, "keep", "needed") for row in rows if row.reviewer_id == reviewer]
                decisions.record_many(session, asks, by=by, at=clock.now())


def test_a_review_is_closed_and_what_it_decided_is_carried_out_and_proved(place: Place) -> None:
    inactive = (ItemRow.kind == "account", ItemRow.privileged.is_(False), ItemRow.subject.in_(idle(place)))
    item, reviewer = of_somebody(place, *inactive)
    place.rolecall("decide", str(item), "remove", "--as", reviewer, "-r", "left").well()
    place.rolecall("campaign", "close", "Q4").refused("have no decision", "--unanswered keep")
    place.rolecall("campaign", "close", "Q4", "--unanswered", "keep").refused("privileged")
    answer_privileged(place)
    place.rolecall("system", "writing", "Sales org", "deactivate", "freeze", "end_sessions").well()
    told = place.rolecall("campaign", "close", "Q4", "--unanswered", "keep", "--json").json()
    assert (told["status"], told["removals"]) == ("closed", {"verified": 1})
    (removal,) = place.rolecall("removals", "--json").json()
    assert removal["status"] == "verified"
    assert removal["verified_snapshot"]
    assert place.rolecall("removals", "--status", "by_hand", "--json").json() == []
    assert "verified" in place.rolecall("removals", "--run", "Sales org").well().out
    place.rolecall("campaign", "close", "Q4").refused("closed")
    place.rolecall("decide", str(item), "keep", "--as", reviewer, "-r", "after all").refused("closed")


def test_a_review_is_told_beside_the_last_one(place: Place) -> None:
    if place.rolecall("campaign", "show", "Q4", "--json").json()["status"] == "open":
        answer_privileged(place)
        place.rolecall("campaign", "close", "Q4", "--unanswered", "keep").well()
    asked = (
        "--fallback",
        place.fallback,
        "--second",
        place.second,
        "--system",
        "Sales org",
        "--many-answers",
        "a test",
    )
    place.rolecall("campaign", "open", "Q5", *asked).well()
    told = place.rolecall("campaign", "show", "Q5", "--json").json()["comparison"]
    assert (told["before"], told["new"], told["not_asked_then"], told["otherwise"]) == ("Q4", 0, 0, 0)
    assert told["not_asked_now"] > 0  # the other system's
    shown = place.rolecall("campaign", "show", "Q5").well().all
    assert f"beside Q4: 0 items new, {told['gone']} no longer there, " in shown


def idle(place: Place) -> list[str]:
    """Accounts of Salesforce that nobody has used for long."""
    told = place.rolecall("findings", "--rule", "inactive_account", "--json").json()
    return [each["subject"] for each in told if each["system"] == "Sales org"]
