"""The expression of what a review is about."""

from __future__ import annotations

from typing import Any

import pytest

from app.kit.refusal import Refused
from app.review import scope
from app.review.scope import ItemKind

GOOD: dict[str, Any] = {"systems": "all", "fallback": "p-1"}


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"system": ["Sales org"]}, '"system" is not known'),
        ({"Departments": "Sales"}, "Departments"),
        ({"systems": None}, "names"),
        ({"systems": []}, "no system"),
        ({"systems": "Sales org"}, "list of names"),
        ({"systems": [1]}, "list of names"),
        ({"kinds": []}, "no kind"),
        ({"kinds": ["grants"]}, "grants"),
        ({"kinds": "grant"}, "list of names"),
        ({"department": 7}, "department"),
        ({"department": " "}, "department"),
        ({"fallback": None}, "fallback"),
        ({"second_fallback": "p-1"}, "same person"),
        ({"roster": "maybe"}, "roster"),
        ({"without": {}}, None),
        ({"without": "x"}, "list"),
        ({"without": [{"system": "a", "kind": "grant"}]}, "reason"),
        ({"without": [{"system": "a", "kind": "grant", "reason": " "}]}, "without a reason"),
        ({"without": [{"system": "a", "kind": "role", "reason": "x"}]}, "role"),
        ({"systems": ["b"], "without": [{"system": "a", "kind": "grant", "reason": "x"}]}, "not in scope"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(given: dict[str, Any], word: str | None) -> None:
    if word is None:
        assert scope.read(GOOD | given).without == ()
        return
    with pytest.raises(Refused) as refused:
        scope.read(GOOD | given)
    assert word in refused.value.refusal.reason
    assert refused.value.refusal.status == 422
    assert refused.value.refusal.way_out


def test_what_is_written_down_reads_the_same_again() -> None:
    full = {
        "systems": ["b", "a", "b"],
        "kinds": ["account", "grant"],
        "department": "Sales",
        "without": [{"system": "a", "kind": "account", "reason": "by hand"}],
        "fallback": "p-1",
        "second_fallback": "p-2",
        "roster": "none",
    }
    for written in (GOOD, full):
        read = scope.read(written)
        assert scope.read(read.written()) == read


def test_each_kind_needs_its_streams_and_no_others() -> None:
    read = scope.read(GOOD | {"kinds": ["account"]})
    assert read.needs_of("a") == ("accounts",)
    assert scope.read(GOOD | {"kinds": ["grant"]}).needs_of("a") == ("accounts", "entitlements", "grants")
    assert scope.read(GOOD | {"kinds": ["credential"]}).needs_of("a") == ("accounts", "integrations")
    left = [{"system": "a", "kind": kind, "reason": "x"} for kind in ("integration", "credential")]
    partly = scope.read(GOOD | {"without": left})
    assert "integrations" not in partly.needs_of("a")
    assert "integrations" in partly.needs_of("b")
    assert partly.kinds_of("a") == (ItemKind.GRANT, ItemKind.ACCOUNT)
