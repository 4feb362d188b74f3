"""Saying no over HTTP: one shape for everything, and nothing in it that the caller should not know."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from app.api import problems
from app.kit.refusal import Refusal
from tests.app.api.house import House

SHAPE = {"type", "title", "status", "code", "detail", "way_out", "facts"}

# What is sent, by whom, and how it is refused.
REFUSED: dict[str, tuple[str | None, str, str, dict[str, Any], int, str]] = {
    "not signed in": (None, "GET", "/api/v1/systems", {}, 401, "not_signed_in"),
    "another's role": ("reviewer", "GET", "/api/v1/systems", {}, 403, "not_allowed"),
    "not there": ("admin", "GET", "/api/v1/systems/999", {}, 404, "not_found"),
    "no such route": ("admin", "GET", "/api/v1/nothing", {}, 404, "http"),
    "no such method": ("admin", "DELETE", "/api/v1/systems", {}, 405, "http"),
    "a number that is none": ("admin", "GET", "/api/v1/systems/x", {}, 422, "does_not_fit"),
    "a body that is none": ("ada", "PUT", "/api/v1/items/1/decision", {"content": b"{"}, 422, "does_not_fit"),
    "no such answer": ("ada", "PUT", "/api/v1/items/1/decision", {"json": {"answer": "maybe"}}, 422, "does_not_fit"),
    "too many at once": ("admin", "GET", "/api/v1/findings?limit=201", {}, 422, "does_not_fit"),
    "a cursor made up": ("admin", "GET", "/api/v1/findings?after=AAAA", {}, 400, "bad_cursor"),
    "a version that is none": (
        "ada", "PUT", "/api/v1/items/1/decision", {"json": {"answer": "keep"}, "headers": {"If-Match": "abc"}}, 400,
        "bad_if_match",
    ),
    "a scope that is none": (
        "boss", "POST", "/api/v1/campaigns", {"json": {"name": "Q1", "scope": {"systems": "nowhere"}}}, 422, "bad_scope",
    ),
    "a name taken": (
        "boss", "POST", "/api/v1/campaigns",
        {"json": {"name": "Q4", "scope": {"systems": "all", "fallback": "flo", "second_fallback": "fay"}}}, 409,
        "name_taken",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_every_refusal_is_a_problem_with_a_code_and_a_way_out(shown_house: House, case: str) -> None:
    who, method, path, given, status, code = REFUSED[case]
    answer = shown_house.client(who).request(method, path, **given)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert answer.headers["content-type"] == "application/problem+json"
    assert body.keys() == SHAPE
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]


def test_what_nobody_foresaw_is_a_500_that_tells_nothing(house: House) -> None:
    @event.listens_for(house.database.reader, "before_cursor_execute")
    def _fails(_c: Any, _k: Any, statement: str, *_rest: Any) -> None:
        if "FROM systems" in statement:
            raise ZeroDivisionError("secret of the house: hunter2")

    answer = house.client("admin", strict=False).get("/api/v1/systems")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "unforeseen"
    assert "hunter2" not in answer.text
    assert "Zero" not in answer.text


def test_every_mistake_in_a_body_is_told_at_once(shown_house: House) -> None:
    answer = shown_house.client("ada").put("/api/v1/items/1/decision", json={"answer": "maybe", "reason": 7})
    assert {each["where"] for each in answer.json()["facts"]["mistakes"]} == {"body.answer", "body.reason"}


def test_a_mistake_is_told_without_repeating_what_was_sent(shown_house: House) -> None:
    answer = shown_house.client("ada").put("/api/v1/items/1/decision", json={"answer": "hunter2"})
    assert "hunter2" not in answer.text


def test_facts_of_a_refusal_reach_the_caller() -> None:
    answer = problems.render(Refusal("x", "No.", facts={"undecided": 3}))
    assert b'"undecided":3' in answer.body
    assert answer.status_code == 409
