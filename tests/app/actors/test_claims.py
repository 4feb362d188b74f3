"""What an identity provider says of somebody, read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.actors import claims
from app.actors.actor import Role
from app.actors.claims import Rules

RULES = Rules("groups", {"admin": ("rolecall admins",), "reviewer": ("managers", "leads"), "auditor": ("audit",)})
ADA = {"sub": "ada-1", "name": "Ada", "email": "Ada@Example.com", "email_verified": True, "groups": ["managers"]}


@pytest.mark.parametrize(
    ("groups", "roles"),
    [
        (["managers"], {Role.REVIEWER}),
        (["leads", "managers", "cooks"], {Role.REVIEWER}),
        (["rolecall admins", "audit"], {Role.ADMIN, Role.AUDITOR}),
        ("managers", {Role.REVIEWER}),
        (["Managers"], set()),
        (["manager"], set()),
        ([], set()),
        (None, set()),
        (7, set()),
        ([{"name": "managers"}], set()),
    ],
)
def test_groups_give_roles_by_their_exact_names(groups: Any, roles: set[Role]) -> None:
    assert claims.arrival(ADA | {"groups": groups}, RULES, "https://id").roles == roles


def test_who_is_in_no_group_gets_the_default_role_if_there_is_one() -> None:
    rules = replace(RULES, default_role="reviewer")
    assert claims.arrival(ADA | {"groups": []}, rules, "https://id").roles == {Role.REVIEWER}
    assert claims.arrival(ADA | {"groups": ["audit"]}, rules, "https://id").roles == {Role.AUDITOR}


@pytest.mark.parametrize(
    ("path", "found"),
    [("realm_access.roles", {"a"}), ("https://example.com/groups", {"b"}), ("realm_access", set()), ("no.such", set())],
)
def test_a_groups_claim_may_lie_deeper_or_have_dots_in_its_name(path: str, found: set[str]) -> None:
    told = {"realm_access": {"roles": ["a"]}, "https://example.com/groups": ["b"]}
    assert claims.groups_in(told, path) == found


@pytest.mark.parametrize(
    ("told", "trusted", "email"),
    [
        ({"email": "Ada@Example.com", "email_verified": True}, False, "ada@example.com"),
        ({"email": "ada@example.com", "email_verified": "true"}, False, "ada@example.com"),
        ({"email": "ada@example.com", "xms_edov": "1"}, False, "ada@example.com"),
        ({"email": "ada@example.com"}, False, None),
        ({"email": "ada@example.com"}, True, "ada@example.com"),
        ({"email": "ada@example.com", "email_verified": False}, True, None),
        ({"email": "ada@example.com", "xms_edov": False}, True, None),
        ({"email": "ada@example.com", "email_verified": "no"}, False, None),
        ({"email": "nobody", "email_verified": True}, False, None),
        ({"email": ["ada@example.com"], "email_verified": True}, False, None),
        ({}, True, None),
    ],
)
def test_an_address_counts_when_it_is_verified(told: dict[str, Any], trusted: bool, email: str | None) -> None:
    assert claims.verified_email(told, trusted=trusted) == email


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"sub": None}, "bad_token"),
        ({"sub": ""}, "bad_token"),
        ({"sub": 7}, "bad_token"),
        ({"groups": None, "_claim_names": {"groups": "src1"}}, "groups_left_out"),
        ({"groups": None, "hasgroups": True}, "groups_left_out"),
        ({"groups": None, "_claim_names": {"other": "src1"}}, None),
        ({"email": "ada@evil.example.com"}, "wrong_domain"),
        ({"email": "ada@example.com.evil"}, "wrong_domain"),
        ({"email_verified": False}, "wrong_domain"),
        ({"email": None}, "wrong_domain"),
    ],
)
def test_why_somebody_may_not_come(change: dict[str, Any], code: str | None) -> None:
    rules = replace(RULES, email_domains=("example.com",))
    refusal = claims.why_not_come(ADA | change, rules)
    assert (refusal.code if refusal else None) == code


def test_somebody_without_a_name_is_called_by_what_is_known() -> None:
    assert claims.arrival({"sub": "x-1", "name": " "}, RULES, "https://id").name == "x-1"
    assert claims.arrival(ADA | {"name": "A" * 300}, RULES, "https://id").name == "A" * 200
