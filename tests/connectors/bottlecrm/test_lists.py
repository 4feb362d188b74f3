"""Pages join on to each other, and a list that moved while it was read is read again, never trusted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.bottlecrm import lists
from connectors.errors import Misread
from connectors.receipt import Verdict, judge
from tests.connectors.bottlecrm.test_client import TOKEN, talking
from tests.connectors.bottlecrm.wire import Asked, Reply, people, person

EVERYBODY = [person(name) for name in "abcdefg"]
GONE = [person(name, is_active=False) for name in "vwxyz"]
Change = Callable[[list[dict[str, Any]], list[dict[str, Any]]], None]


def nothing(active: list[dict[str, Any]], inactive: list[dict[str, Any]]) -> None:
    """The list stays as it is."""


def walk(size: int, change: Change = nothing, after: int = 1, resume: str | None = None) -> list[lists.Listed]:
    """All pages of seven active and five inactive people; `change` happens behind page number `after`."""
    active, inactive = list(EVERYBODY), list(GONE)

    def answer(asked: Asked) -> Reply:
        if len(wire.asked) == after + 1:
            change(active, inactive)
        return 200, people(active, inactive, asked.path)

    with talking(answer, token=TOKEN, page_size=size) as (client, wire):
        return list(lists.people(client, resume))


def ids(pages: list[lists.Listed]) -> list[str]:
    return sorted(row["id"] for page in pages for row in page.rows)


@pytest.mark.parametrize("size", [2, 3, 4, 5, 6, 7, 8, 500])
def test_every_row_is_read_once_whatever_the_size_of_a_page(size: int) -> None:
    pages = walk(size)
    assert ids(pages) == sorted(row["id"] for row in EVERYBODY + GONE)
    verdict = judge([page.receipt for page in pages])
    assert (verdict.verdict, verdict.said, verdict.rows) == (Verdict.COMPLETE, 12, 12)


@pytest.mark.parametrize("size", [2, 3, 5])
def test_a_reading_goes_on_where_it_stopped(size: int) -> None:
    pages = walk(size)
    for number, page in enumerate(pages[:-1]):
        assert ids(walk(size, resume=page.resume)) == ids(pages[number + 1 :])


MOVES: dict[str, Change] = {
    "somebody who was read left": lambda active, _: active.remove(EVERYBODY[0]),
    "somebody came in front": lambda active, _: active.insert(0, person("0")),
    "the last one read left": lambda active, _: active.remove(EVERYBODY[2]),
    "everybody left": lambda active, _: active.clear(),
}


@pytest.mark.parametrize("move", MOVES)
def test_a_list_that_moved_is_read_again_from_the_start(move: str) -> None:
    with pytest.raises(Misread) as moved:
        walk(3, MOVES[move])
    assert moved.value.restart


def test_somebody_deactivated_behind_our_back_is_not_missed_in_both_lists() -> None:
    def deactivated(active: list[dict[str, Any]], inactive: list[dict[str, Any]]) -> None:
        inactive.insert(0, active.pop())

    with pytest.raises(Misread) as moved:
        walk(6, deactivated)
    assert moved.value.restart


def test_somebody_new_behind_the_place_of_reading_is_read_too() -> None:
    pages = walk(3, lambda active, _: active.append(person("h")))
    assert "p-h" in ids(pages)
    assert judge([page.receipt for page in pages]).verdict is Verdict.EXPLAINED


def test_a_server_that_gives_fewer_rows_than_asked_is_read_on() -> None:
    with talking(lambda asked: (200, people(EVERYBODY, [], asked.path.replace("limit=500", "limit=3")))) as (client, _):
        assert len(ids(list(lists.people(client)))) == 7


def test_a_page_without_new_rows_before_the_end_is_a_misreading() -> None:
    stuck = people(EVERYBODY, [], "?limit=1")
    with talking(lambda _: (200, stuck)) as (client, _), pytest.raises(Misread, match="without new rows"):
        list(lists.people(client))


@pytest.mark.parametrize("body", [{}, [], {"active_users": {}}, None, {"active_users": {"active_users": [1]}}])
def test_an_answer_without_the_list_is_a_misreading(body: Any) -> None:
    with talking(lambda _: (200, body)) as (client, _), pytest.raises(Misread):
        list(lists.people(client))


def test_the_audit_log_may_grow_while_it_is_read() -> None:
    rows = [{"id": f"row{number:03}", "event_type": "LOGIN_SUCCESS"} for number in range(250)]

    def answer(asked: Asked) -> Reply:
        if len(wire.asked) > 1:
            rows.insert(0, {"id": f"new{len(rows)}", "event_type": "LOGIN_SUCCESS"})
        at = int(asked.path.rpartition("offset=")[2])
        return 200, {"count": len(rows), "results": rows[at : at + 100]}

    with talking(answer) as (client, wire):
        pages = list(lists.audit(client, "LOGIN_SUCCESS", "2026-01-01"))
    assert ids(pages) == [f"row{number:03}" for number in range(250)]
    assert wire.lines()[0] == "GET /api/org/audit-log/?event_type=LOGIN_SUCCESS&from=2026-01-01&limit=100&offset=0"
    assert judge([page.receipt for page in pages]).verdict is Verdict.EXPLAINED


def test_an_audit_log_that_lost_rows_is_not_trusted() -> None:
    rows = [{"id": f"row{number:03}"} for number in range(250)]

    def answer(asked: Asked) -> Reply:
        if len(wire.asked) > 1:
            del rows[:150]
        at = int(asked.path.rpartition("offset=")[2])
        return 200, {"count": len(rows), "results": rows[at : at + 100]}

    with talking(answer) as (client, wire), pytest.raises(Misread):
        list(lists.audit(client, "LOGIN_SUCCESS", "2026-01-01"))
