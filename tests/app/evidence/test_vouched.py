"""What a control owner accepted and signed has to be what the packet's own items and the log's own closing come to."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from app.evidence import vouched
from app.ledger import jcs, tree

ITEMS = [
    {"system": 1, "kind": "grant", "privileged": True, "whose_identity": 7},
    {"system": 1, "kind": "grant", "privileged": False, "whose_identity": 7},
    {"system": 2, "kind": "integration", "privileged": True, "whose_identity": None},
]
OPENED = {"author": "actor-admin", "body": {"scope": {"systems": "all", "many_answers": "first"}, "excluded": []}}
CLOSED = {"id": "e-1", "author": "actor-admin", "body": {"counts": {"items": 3}}, "opened": {}}
LEAF = tree.leaf_hash(jcs.dumps({"id": "e-1", "author": "actor-admin", "body": {"counts": {"items": 3}}})).hex()


def counted(items: list[dict[str, Any]]) -> dict[str, Any]:
    counting = vouched.Counting()
    for each in items:
        counting.add(each)
    return counting.told()


WHOLE = {"scope": {"systems": "all"}, "snapshots": {"1": 4, "2": 5}, "excluded": [], **counted(ITEMS)}
DIGEST = hashlib.sha256(jcs.dumps(WHOLE)).hexdigest()
ACCEPTED = {"granted_by": "actor-eve", "asked_by": "actor-admin", "digest": DIGEST, "people": 1}
SIGNED = {"closure": "e-1", "leaf": LEAF, "counts": {"items": 3}, "removals": {}}


def told(body: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The entry of a word, by Eve, who said why."""
    return {
        "author": "actor-eve",
        "body": body | {"remark": {"commitment": "-"}},
        "opened": {"remark": "all there"},
    } | more


def test_items_are_counted_as_the_owner_accepted_them() -> None:
    assert counted(ITEMS) == {
        "items": {"1": {"grant": 2}, "2": {"integration": 1}}, "privileged": 2, "people": 1, "of_nobody": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, None),
        ({"shown": None, "logged": None}, None),
        ({"shown": None}, "not the same"),
        ({"logged": None}, "not the same"),
        ({"shown": ACCEPTED | {"remark": "other"}}, "not the same"),
        ({"shown": ACCEPTED | {"remark": "all there", "people": 2}}, "not the same"),
        ({"logged": told(ACCEPTED, author="actor-admin")}, "accepted it, too"),
        ({"logged": told(ACCEPTED, author="actor-bo")}, "accepted it, too"),
        ({"opened": OPENED | {"author": "actor-eve"}}, "accepted it, too"),
        ({"items": ITEMS[:2]}, "not what the review is of"),
        ({"items": [ITEMS[0] | {"privileged": False}, *ITEMS[1:]]}, "not what the review is of"),
        ({"frozen": {"1": 4, "2": 6}}, "not what the review is of"),
        ({"opened": OPENED | {"body": {"scope": {"systems": ["A"]}, "excluded": []}}}, "not what the review is of"),
        ({"opened": OPENED | {"body": {"scope": {"systems": "all"}, "excluded": [1]}}}, "not what the review is of"),
    ],
)
def test_what_was_accepted(given: dict[str, Any], said: str | None) -> None:
    usual: dict[str, Any] = {
        "shown": ACCEPTED | {"remark": "all there"}, "logged": told(ACCEPTED), "opened": OPENED, "frozen": {"1": 4, "2": 5},
        "items": ITEMS,
    } | given  # fmt: skip
    population = counted(usual.pop("items"))
    troubles = list(vouched.acceptance(**usual, population=population))
    assert (troubles == []) if said is None else said in troubles[0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, None),
        ({"shown": None, "logged": None}, None),
        ({"shown": None}, "not the same"),
        ({"logged": None}, "not the same"),
        ({"logged": told(SIGNED, author="actor-bo")}, "not the same"),
        ({"closed": None}, "another closing"),
        ({"closed": CLOSED | {"id": "e-2"}}, "another closing"),
        ({"closed": CLOSED | {"body": {"counts": {"items": 4}}}}, "another closing"),
        ({"deciders": {"actor-eve"}}, "decided on some of it"),
    ],
)
def test_what_was_signed(given: dict[str, Any], said: str | None) -> None:
    usual: dict[str, Any] = {
        "shown": SIGNED | {"remark": "all there", "signed_by": "actor-eve"}, "logged": told(SIGNED), "closed": CLOSED,
        "deciders": {"actor-ada"},
    } | given  # fmt: skip
    troubles = list(vouched.signature(**usual))
    assert (troubles == []) if said is None else said in troubles[0]


def test_who_closed_it_and_other_counts_are_seen() -> None:
    other = CLOSED | {"author": "actor-eve"}
    leaf = tree.leaf_hash(jcs.dumps({name: value for name, value in other.items() if name != "opened"})).hex()
    body = SIGNED | {"leaf": leaf}
    shown = body | {"remark": "all there", "signed_by": "actor-eve"}
    assert "who closed it signed it" in next(vouched.signature(shown, told(body), other, frozenset()))
    wrong = SIGNED | {"counts": {"items": 4}}
    shown = wrong | {"remark": "all there", "signed_by": "actor-eve"}
    assert "not what the closing counted" in next(vouched.signature(shown, told(wrong), CLOSED, frozenset()))
