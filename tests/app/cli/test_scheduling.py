"""What opens by itself, and that nothing does, as the command line tells it."""

from __future__ import annotations

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
