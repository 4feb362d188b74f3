"""Who is asked about what, as a form writes it, and as it is shown again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.console import asking
from app.kit.refusal import Refused
from app.review import chain
from app.review.scope import FACTS

RULES: list[tuple[str, list[dict[str, Any]]]] = [
    ("", []),
    ("-> manager, owner", [{"ask": ["manager", "owner"]}]),
    ("privileged -> Owner , Grace Kim", [{"where": "privileged", "ask": ["owner", {"person": "key of Grace Kim"}]}]),
    (
        'department = "A, B" -> above, p-1 + p-2\n\n-> people (department = "I, T" and title = "O"), manager',
        [
            {"where": 'department = "A, B"', "ask": ["above", {"group": ["key of p-1", "key of p-2"]}]},
            {"ask": [{"people": 'department = "I, T" and title = "O"'}, "manager"]},
        ],
    ),
]


@pytest.mark.parametrize(("typed", "meant"), RULES)
def test_a_line_is_a_rule_and_names_people_in_any_way(typed: str, meant: list[dict[str, Any]]) -> None:
    rules = asking.read(typed, lambda name: f"key of {name}")
    assert rules == meant
    chain.read(rules, FACTS)


@pytest.mark.parametrize("typed", ["manager", "privileged ->", "-> manager,, owner", "->"])
def test_a_line_that_asks_nobody_is_refused(typed: str) -> None:
    with pytest.raises(Refused, match="does not say who is asked"):
        asking.read(typed, str)


KEYS = st.text('ab-+ ,("', min_size=1, max_size=5).map(str.strip).filter(bool)
STEPS = st.one_of(
    st.sampled_from(["manager", "above", "owner"]),
    KEYS.map(lambda key: {"person": key}),
    st.lists(KEYS, min_size=1, max_size=3, unique=True).map(lambda keys: {"group": keys}),
    st.sampled_from(['department = "I, T"', 'title = "(x" or title = "b"']).map(lambda match: {"people": match}),
)


WRITTEN = st.fixed_dictionaries(
    {"ask": st.lists(STEPS, min_size=1, max_size=3)}, optional={"where": st.just("privileged")}
)


@given(rules=st.lists(WRITTEN, max_size=3))
def test_what_is_shown_is_read_as_the_same_or_is_not_shown(rules: list[dict[str, Any]]) -> None:
    shown = asking.written(rules)
    assert shown is None or asking.read(shown, str) == rules
