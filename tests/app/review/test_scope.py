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
    assert (refused.value.refusal.code, refused.value.refusal.status) == ("bad_scope", 422)
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


@pytest.mark.parametrize(
    "rules",
    [
        "manager",
        ["manager"],
        [{"where": "privileged"}],
        [{"ask": []}],
        [{"ask": ["nobody"]}],
        [{"ask": [{"person": " "}]}],
        [{"ask": [{"group": []}]}],
        [{"ask": [{"group": [f"p-{n}" for n in range(51)]}]}],
        [{"ask": [{"people": "moonlight = 3"}]}],
        [{"ask": ["manager"], "when": "always"}],
        [{"ask": ["manager"], "where": 3}],
        [{"ask": ["manager"]}] * 21,
        [{"ask": ["manager"] * 21}],
    ],
)
def test_a_rule_for_reviewers_that_is_not_understood_is_refused(rules: Any) -> None:
    with pytest.raises(Refused) as refused:
        scope.read(GOOD | {"reviewers": rules})
    assert refused.value.refusal.status == 422


def test_rules_for_reviewers_are_kept_as_they_were_written_and_enter_the_ledger_as_commitments() -> None:
    rules = [
        {"where": "privileged", "ask": ["owner", {"person": "p-7"}, {"group": ["p-8", "p-9"]}]},
        {"ask": ["manager", "above", {"people": 'department = "IT"'}]},
    ]
    written = scope.read(GOOD | {"reviewers": rules, "security_owner": "p-103"}).written()
    assert written["reviewers"] == rules
    assert scope.read(scope.read(written).written()).written() == written
    plain, people = scope.apart(written)
    assert "p-7" not in str(plain)
    assert "p-103" not in str(plain)
    assert "p-7" in people["reviewers"]
    assert people["security_owner"] == "p-103"
