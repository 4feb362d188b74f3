"""What opens by itself, and that nothing does, as the command line tells it."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from app.review.tables import ScheduleRow
from tests.app.cli.saying import Place


def test_that_nothing_opens_by_itself_is_said_with_the_command_that_mends_it(place: Place) -> None:
    mends = "rolecall campaign schedule NAME --fallback ROSTER-ID"
    for words in (("campaign", "list"), ("campaign", "schedules"), ("doctor",)):
        told = place.rolecall(*words).well().all
        assert "No review opens by itself: there is no schedule." in told, words
        assert "a new administrator" in told
        assert mends in told
    made = place.rolecall("campaign", "schedule", "By the quarter", "--fallback", place.fallback).well().all
    assert "no worker runs in this home" in made
    assert "Leave `rolecall serve` running." in made
    for words in (("campaign", "list"), ("campaign", "schedules"), ("doctor",)):
        assert "No review opens by itself" not in place.rolecall(*words).well().all
    assert "no worker runs in this home" in place.rolecall("campaign", "schedules").well().all


def test_a_schedule_is_made_for_nine_and_changed_with_another_scope(place: Place) -> None:
    told = place.rolecall("campaign", "schedule", "Ours", "--fallback", place.fallback).well().all
    assert ", 9:00 (" in told
    file = place.home / "less.json"
    file.write_text(json.dumps({"kinds": ["grant"], "department": "Sales"}))
    place.rolecall("campaign", "reschedule", "Ours", "--scope", str(file)).well()
    assert (kept(place)["kinds"], kept(place)["department"]) == (["grant"], "Sales")
    assert kept(place)["fallback"] == place.fallback
    file.write_text(json.dumps({"department": None}))
    place.rolecall("campaign", "reschedule", "Ours", "--scope", str(file)).well()
    assert (kept(place)["kinds"], kept(place)["department"]) == (["grant"], None)
    left_out = {"exclude": [{"where": "low_risk", "reason": "once a year is enough"}], "approver": place.second}
    file.write_text(json.dumps(left_out))
    change = ("campaign", "reschedule", "Ours", "--scope", str(file))
    place.rolecall(*change).refused("word")
    place.rolecall(*change, "--approval", "made up").refused("no approval of ours")
    owned = place.rolecall("campaign", "reschedule", "Ours", "--control-owner", place.second)
    owned.refused("waits for the word of", "`rolecall campaign accept NAME --standing`")


def kept(place: Place) -> dict[str, Any]:
    """The scope that the schedule has."""
    with place.means() as means, means.database.reading() as session:
        return dict(session.scalars(select(ScheduleRow).where(ScheduleRow.name == "Ours")).one().scope)


def test_an_import_says_how_many_are_of_what_was_never_read(place: Place) -> None:
    file = place.home / "past.csv"
    file.write_text("account,access,decision,decided_by,decided_on\nnobody@gone.example,,keep,Old Boss,2026-01-31\n")
    told = place.rolecall("campaign", "import", "Portal", str(file), "--name", "Q0")
    assert (
        "1 answer imported, the latest of 2026-01-31. 1 of them is about what was never read here." in told.well().all
    )


def test_closing_before_the_last_round_names_the_command_that_begins_it(place: Place) -> None:
    file = place.home / "twice.json"
    file.write_text(json.dumps({"systems": ["Portal"], "then": [{"name": "Once more", "ask": ["owner"]}]}))
    opening = ("campaign", "open", "Twice", "--fallback", place.fallback, "--second", place.second)
    place.rolecall(*opening, "--scope", str(file), "--many-answers", "a test").well()
    place.rolecall("campaign", "close", "Twice").refused("One more round", "`rolecall campaign next-round CAMPAIGN`")


def test_attention_is_told_of_a_review_that_switched_it_on(place: Place) -> None:
    file = place.home / "watchful.json"
    file.write_text(json.dumps({"systems": ["Portal"], "attention": {"percent": 20, "ask": ["above"]}}))
    opening = ("campaign", "open", "Watchful", "--fallback", place.fallback, "--second", place.second)
    place.rolecall(*opening, "--scope", str(file), "--many-answers", "a test").well()
    told = place.rolecall("campaign", "show", "Watchful")
    assert "attention: Fewer than 5 people decided" in told.well().all
    answer = place.rolecall("campaign", "show", "Watchful", "--json").json()["attention"]
    assert (answer["figures"], "Fewer" in answer["because"]) == (None, True)
    assert place.rolecall("campaign", "show", "Q4", "--json").json()["attention"] is None
