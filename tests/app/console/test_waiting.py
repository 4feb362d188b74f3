"""What waits comes in order of how pressing it is, and only to who can do something about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.actors.actor import Role
from app.console.waiting import Told, waiting
from app.inventory.tables import SystemRow
from app.review.tables import CampaignRow, TaskRow
from app.stories.beginning import Step
from app.stories.desk import Own, Running
from app.stories.readings import Standing, State
from tests import make

NOW = make.NOW
DUE = NOW + timedelta(days=9)


def _campaign(**given: Any) -> CampaignRow:
    return CampaignRow(**({"id": 4, "name": "Q4", "status": "open", "due_at": DUE} | given))


def _own(undecided: int, *, items: int = 9, **given: Any) -> Own:
    return Own(_campaign(**given), TaskRow(status="open"), items, undecided)


def _running(**given: Any) -> Running:
    of = {"campaign": _campaign(), "items": 9, "answered": 3, "reviewers": 2, "pending": 1, "drift": 0}
    return Running(**(of | given))  # type: ignore[arg-type]


def _system(state: State) -> Standing:
    return Standing(SystemRow(id=7, name="Sales org"), state, f"because {state}", None, None, ())


def _paths(told: Told, *roles: Role) -> list[str]:
    return [each.path for each in waiting(told, by=make.actor(None, *roles, name="Flo"), at=NOW)]


def test_a_review_with_a_round_to_come_is_not_told_to_be_closed() -> None:
    for rounds, title in ((0, "Q4 can be closed"), (1, "The next round of Q4 is to begin")):
        (told,) = waiting(Told(running=[_running(pending=0, rounds=rounds)]), by=make.ADMIN, at=NOW)
        assert told.title == title


EVERYTHING = Told(
    own=[_own(2)],
    running=[_running(drift=1)],
    findings={"critical": 1, "high": 2, "medium": 3},
    systems=[_system(State.PARTIAL), _system(State.FAILED), _system(State.COMPLETE)],
    closed=_campaign(name="Q3", status="closed"),
)


def test_an_administrator_hears_of_everything_own_answers_first() -> None:
    assert _paths(EVERYTHING, Role.ADMIN) == [
        "/reviews/4", "/systems/7", "/findings?severity=critical", "/campaigns/4/drift", "/findings?severity=high",
        "/systems/7",
    ]  # fmt: skip


def test_it_security_runs_no_reviews() -> None:
    assert "/campaigns/4/drift" not in _paths(EVERYTHING, Role.IT_SECURITY)
    assert "/findings?severity=critical" in _paths(EVERYTHING, Role.IT_SECURITY)


def test_an_auditor_is_led_to_the_packet_and_asked_to_mend_nothing() -> None:
    assert _paths(EVERYTHING, Role.AUDITOR) == ["/reviews/4", "/evidence"]


def test_a_reviewer_hears_of_their_own_alone() -> None:
    assert _paths(EVERYTHING, Role.REVIEWER) == ["/reviews/4"]


@pytest.mark.parametrize(
    ("own", "title", "path"),
    [
        (_own(9), "9 items wait for your answer", "/reviews/4"),
        (_own(1), "1 item waits for your answer", "/reviews/4"),
        (_own(0), "Your answers to Q4 have to be submitted", "/reviews/4/submission"),
    ],
)
def test_ones_own_share_says_what_is_left_of_it(own: Own, title: str, path: str) -> None:
    (found,) = waiting(Told(own=[own]), by=make.actor(None, Role.REVIEWER), at=NOW)
    assert (found.title, found.path, found.due) == (title, path, DUE)


def test_what_is_closed_or_submitted_does_not_wait() -> None:
    submitted = Own(_campaign(), TaskRow(status="submitted"), 9, 0)
    assert not _paths(Told(own=[submitted, _own(3, status="closed")]), Role.REVIEWER)


@pytest.mark.parametrize(
    ("running", "paths"),
    [
        (_running(), []),
        (_running(campaign=_campaign(due_at=NOW - timedelta(days=1))), ["/campaigns/4"]),
        (_running(pending=0), ["/campaigns/4/closure"]),
        (_running(pending=0, drift=2), ["/campaigns/4/drift", "/campaigns/4/closure"]),
    ],
)
def test_a_review_waits_when_it_is_late_or_can_go_on(running: Running, paths: list[str]) -> None:
    assert _paths(Told(running=[running]), Role.ADMIN) == paths


def test_the_first_step_that_is_not_done_waits_alone() -> None:
    steps = [Step("a", "", "/a", True), Step("b", "", "/b", False), Step("c", "", "/c", False)]
    never = _system(State.NEVER)
    assert _paths(Told(steps=steps, systems=[never]), Role.ADMIN) == ["/b"], "reading it is one of the steps"
    assert _paths(Told(systems=[never]), Role.ADMIN) == ["/systems/7"]
