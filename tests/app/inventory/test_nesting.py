"""Which privileges holding an entitlement brings, and how."""

from __future__ import annotations

from app.inventory import nesting


def test_an_entitlement_brings_what_it_carries_itself() -> None:
    assert list(nesting.reach({1: ["export"]}, {})) == [(1, "export", "1")]


def test_a_chain_is_told_as_a_path() -> None:
    told = set(nesting.reach({3: ["export"]}, {1: [2], 2: [3]}))
    assert told == {(1, "export", "1>2>3"), (2, "export", "2>3"), (3, "export", "3")}


def test_a_circle_of_groups_ends() -> None:
    told = set(nesting.reach({2: ["export"]}, {1: [2], 2: [3], 3: [1]}))
    assert told == {(1, "export", "1>2"), (2, "export", "2"), (3, "export", "3>1>2")}


def test_two_carriers_are_told_each_and_one_carrier_once_by_the_shortest_way() -> None:
    told = set(nesting.reach({4: ["export"], 3: ["export"]}, {1: [2, 4], 2: [3, 4]}))
    assert {path for held, _, path in told if held == 1} == {"1>4", "1>2>3"}
