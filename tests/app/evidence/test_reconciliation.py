"""Does it add up? Every number beside the one it must agree with, and a sentence where it does not."""

from __future__ import annotations

from typing import Any

import pytest

from app.evidence import reconciliation

SYSTEM = {"id": 1, "name": "Sales org", "snapshot": 7, "reviewed": ["account", "grant"]}


def receipt(stream: str = "accounts", **given: Any) -> dict[str, Any]:
    values = {
        "snapshot": 7,
        "stream": stream,
        "verdict": "complete",
        "because": "-",
        "said": 3,
        "rows": 3,
        "records": 3,
        "dropped": [],
    }
    return values | given


def composed(
    *,
    receipts: list[dict[str, Any]] | None = None,
    population: dict[str, int] | None = None,
    items: dict[str, int] | None = None,
    excluded: list[dict[str, Any]] | None = None,
    system: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return reconciliation.compose(
        [SYSTEM | (system or {})],
        [receipt()] if receipts is None else receipts,
        {1: population or {"accounts": 3, "grants": 2}},
        {1: items or {"account": 3, "grant": 2}},
        {"keep": 5},
        excluded or [],
    )


def left_out(count: int, what: str, **given: Any) -> dict[str, Any]:
    return {"what": what, "count": count, "because": "-"} | given


ADDS_UP: list[dict[str, Any]] = [
    {},
    {"items": {"account": 2, "grant": 2}, "excluded": [left_out(1, "inactive accounts")]},
    {"items": {"account": 3, "grant": 1}, "excluded": [left_out(1, "grants of inactive accounts")]},
    {"items": {"account": 3, "grant": 1}, "excluded": [left_out(1, "something else", kind="grant")]},
    {
        "items": {"account": 3},
        "excluded": [left_out(2, "grants of Sales org")],
        "system": {"reviewed": ["account"]},
    },
    {"receipts": [receipt(rows=4, said=4, dropped=["row 4: no id"])]},
    {"receipts": [receipt(rows=3763, said=3763)]},  # the sign-ins it takes to know an account are rows too
    {"receipts": [receipt(), receipt("grants", rows=9, said=None)]},  # a row of a source may hold several grants
    {"receipts": [receipt(verdict="explained", said=4)]},
    {"receipts": []},
]
DOES_NOT: list[tuple[dict[str, Any], str]] = [
    ({"items": {"account": 2, "grant": 2}}, "of 3 accounts in scope, 2 were reviewed and 0 left out with a reason"),
    ({"items": {"account": 3, "grant": 3}}, "of 2 grants in scope, 3 were reviewed and 0 left out with a reason"),
    ({"excluded": [left_out(1, "inactive accounts")]}, "of 3 accounts in scope, 3 were reviewed and 1 left out"),
    ({"receipts": [receipt(rows=9, said=9, records=4)]}, "4 accounts were read, but the population has 3"),
    ({"receipts": [receipt(said=4)]}, "the server counted 4 accounts, 3 rows were read"),
    (
        {"receipts": [receipt("grants", verdict="incomplete", because="cut")]},
        "the reading of grants was incomplete (cut)",
    ),
]


@pytest.mark.parametrize("given", ADDS_UP)
def test_what_adds_up_is_said_to(given: dict[str, Any]) -> None:
    made = composed(**given)
    assert made["said"] == []
    assert made["adds_up"] is True


@pytest.mark.parametrize(("given", "sentence"), DOES_NOT)
def test_what_does_not_add_up_is_said_in_a_sentence(given: dict[str, Any], sentence: str) -> None:
    made = composed(**given)
    assert made["adds_up"] is False
    assert len(made["said"]) == 1
    assert sentence in made["said"][0]


@pytest.mark.parametrize(
    ("outcome", "decided", "word"),
    [
        ("keep", ["keep"], "keep"),
        ("remove", [], "remove (unanswered)"),
        ("remove", ["keep", "withdraw"], "remove (unanswered)"),
        ("keep", ["withdraw", "keep"], "keep"),
        (None, [], "open"),
    ],
)
def test_how_an_item_ended_is_one_word(outcome: str | None, decided: list[str], word: str) -> None:
    told = [{"answer": each} for each in decided]
    assert reconciliation.outcome({"outcome": outcome, "decisions": told}) == word
