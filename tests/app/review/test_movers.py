"""Who moved, once: the CRM's change that follows the roster's is the same move."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.review import movers
from app.review.movers import Change
from tests.app.review.cast import NOW

WINDOW = timedelta(days=14)
ROSTER, CRM = True, False


def change(day: float, roster: bool, *fields: str, account: int = 1) -> Change:
    return Change(account, roster, int(day * 100), NOW + timedelta(days=day), frozenset(fields))


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ([(0, ROSTER, "title")], [0]),
        ([(0, ROSTER, "title"), (1, CRM, "title")], [0]),
        ([(0, CRM, "title"), (1, ROSTER, "title")], [0]),
        ([(1, CRM, "title"), (0, ROSTER, "title")], [0]),  # in whatever order they are found
        ([(0, ROSTER, "title"), (15, CRM, "title")], [0, 15]),  # too late to be told from another
        ([(0, ROSTER, "title"), (1, ROSTER, "title")], [0, 1]),  # twice is twice
        ([(0, ROSTER, "title"), (1, CRM, "title"), (2, CRM, "title")], [0, 2]),
        ([(0, ROSTER, "title"), (1, ROSTER, "title"), (2, CRM, "title"), (3, CRM, "title")], [0, 1]),
        ([(0, ROSTER, "title", "department"), (1, CRM, "title"), (2, CRM, "department")], [0]),
        ([(0, CRM, "title"), (1, ROSTER, "title", "department", "manager"), (2, CRM, "department")], [0]),
        ([(0, ROSTER, "manager"), (1, CRM, "title")], [0, 1]),
        ([(0, ROSTER, "title"), (1, CRM, "department")], [0, 1]),
    ],
)
def test_a_move_counts_once_whoever_tells_it(changes: list[tuple[float, bool, str]], first: list[float]) -> None:
    told = movers.first_of_each([change(*each) for each in changes], WINDOW)
    assert [(each.at - NOW) / timedelta(days=1) for each in told] == first


def test_one_persons_move_says_nothing_of_anothers() -> None:
    told = movers.first_of_each([change(0, ROSTER, "title"), change(1, CRM, "title", account=2)], WINDOW)
    assert [each.account_id for each in told] == [1, 2]
