"""How long to wait, and what to say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.kit.engine.runs import RunStatus, pause_after, said, wait_of

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


class Asks(Exception):
    def __init__(self, wait: object = None, until: object = None) -> None:
        self.wait, self.until = wait, until


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (ValueError("no wish"), 0),
        (Asks(wait=12), 12),
        (Asks(wait=-5), 0),
        (Asks(wait="soon"), 0),
        (Asks(until=NOW + timedelta(hours=2)), 7200),
        (Asks(until=NOW - timedelta(hours=2)), 0),
        (Asks(wait=1, until=NOW + timedelta(seconds=90)), 90),
        (Asks(until=NOW + timedelta(days=9)), 25 * 3600),
        (Asks(until=datetime(2027, 1, 1)), 0),
    ],
)
def test_an_error_may_ask_for_time_but_not_for_ever(error: Exception, seconds: float) -> None:
    assert wait_of(error, NOW) == seconds


@pytest.mark.parametrize(
    ("attempt", "wish", "seconds"), [(1, 0, 30), (2, 0, 60), (4, 0, 240), (9, 0, 900), (60, 0, 900), (1, 3600, 3600)]
)
def test_pauses_double_up_to_a_quarter_of_an_hour(attempt: int, wish: float, seconds: float) -> None:
    assert pause_after(attempt, 30.0, wish) == seconds


def test_what_a_database_adds_about_the_row_is_not_repeated() -> None:
    error = ValueError('duplicate key violates "uq_emails"\nDETAIL: Key (email)=(bo@example.com) already exists.')
    assert said(error) == 'ValueError: duplicate key violates "uq_emails"'
    assert len(said(ValueError("x" * 9000))) == 500


def test_only_three_statuses_are_ends() -> None:
    assert {status for status in RunStatus if status.ended} == {RunStatus.DONE, RunStatus.FAILED, RunStatus.CANCELLED}
