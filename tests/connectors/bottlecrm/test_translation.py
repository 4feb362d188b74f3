"""What BottleCRM's rows mean in our words; what they leave out stays unsaid, and what makes no sense is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.bottlecrm import accounts, entitlements, grants, integrations, logins
from connectors.errors import Misread
from connectors.records import Privilege
from tests.connectors.bottlecrm.wire import person

CREATED = datetime(2026, 2, 3, 4, 5, 6, 7, UTC)


def test_an_account_is_its_login_in_this_organisation() -> None:
    bo = accounts.account(person("bo", login={"last_login": "2026-05-01T09:00:00+02:00"}))
    assert (bo.key, bo.username, bo.email, bo.name) == ("u-bo", "bo@example.com", "bo@example.com", "bo")
    assert bo.last_login == datetime(2026, 5, 1, 7, 0, tzinfo=UTC)
    assert (bo.created, bo.logins_known_since) == (CREATED, CREATED)
    assert bo.native["profile"] == "p-bo"


def test_never_signed_in_is_known_since_the_membership_began() -> None:
    bo = accounts.account(person("bo"))
    assert (bo.last_login, bo.logins_known_since) == (None, CREATED)


@pytest.mark.parametrize(
    ("membership", "login", "active"),
    [(True, True, True), (False, True, False), (True, False, False), (None, True, None), (None, False, False)],
)
def test_an_account_is_active_when_membership_and_login_are(membership: Any, login: Any, active: bool | None) -> None:
    assert accounts.account(person("bo", is_active=membership, login={"is_active": login})).active is active


@pytest.mark.parametrize(
    "row",
    [
        person("bo", user_details=None),
        person("bo", login={"id": None}),
        person("bo", login={"email": ""}),
        person("bo", created_at="yesterday"),
    ],
)
def test_a_person_who_cannot_be_named_is_a_misreading(row: dict[str, Any]) -> None:
    with pytest.raises(Misread):
        accounts.translate([row])


def test_a_member_holds_a_role_and_the_flags_that_are_set() -> None:
    rows = [person("bo", has_sales_access=True), person("eve", role="ADMIN", is_active=False)]
    held = [(grant.account_key, grant.entitlement_key) for grant in grants.of_people(rows)]
    assert held == [("u-bo", "role:USER"), ("u-bo", "access:sales"), ("u-eve", "role:ADMIN")]


@pytest.mark.parametrize("said", [{"role": None}, {"has_sales_access": None}, {"has_marketing_access": "no"}])
def test_a_row_that_does_not_say_a_right_is_a_misreading(said: dict[str, Any]) -> None:
    with pytest.raises(Misread):
        grants.of_people([person("bo", **said)])


def test_team_members_are_named_by_their_login() -> None:
    team = {"id": "t-1", "name": "Support", "users": [person("bo"), person("eve")]}
    assert [grant.account_key for grant in grants.of_teams([team])] == ["u-bo", "u-eve"]
    assert entitlements.teams([team])[0].key == "team:t-1"


def test_a_team_that_does_not_name_its_members_is_a_misreading() -> None:
    with pytest.raises(Misread):
        grants.of_teams([{"id": "t-1", "name": "Support"}])


def test_roles_are_those_that_bottlecrm_offers() -> None:
    offered = {
        each.key: each
        for each in entitlements.roles({"roles": [["ADMIN", "ADMIN"], ["USER", "USER"], ["AUDITOR", "x"]]})
    }
    assert Privilege.ADMINISTER in (offered["role:ADMIN"].privileges or ())
    assert (offered["role:USER"].privileges, offered["role:USER"].revocable) == ((), False)
    assert offered["role:AUDITOR"].privileges is None, "what we do not know we do not guess"
    assert {"access:sales", "access:marketing"} <= set(offered)


@pytest.mark.parametrize("body", [{}, {"roles": None}, {"roles": [[]]}, None])
def test_an_answer_without_roles_is_a_misreading(body: Any) -> None:
    with pytest.raises(Misread):
        entitlements.roles(body)


@pytest.mark.parametrize("key", ["profile:x", "role:", "access:support", "team", ""])
def test_a_foreign_entitlement_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="not a BottleCRM entitlement"):
        entitlements.split(key)


def audited(**said: Any) -> dict[str, Any]:
    row = {
        "id": "row", "event_type": "LOGIN_SUCCESS", "created_at": "2026-11-22T20:33:50.351562+00:00", "success": True,
        "actor": {"id": "u-bo", "name": "bo", "email": "bo@example.com"}, "ip_address": "192.0.2.7",
        "user_agent": "Fictional/1.0", "request_path": "/api/auth/magic-link/verify/",
    }  # fmt: skip
    return row | said


@pytest.mark.parametrize(
    ("said", "way"),
    [
        ({}, "mailed link"),
        ({"request_path": "/api/auth/magic-link/verify-code/"}, "mailed code"),
        ({"event_type": "TOKEN_REFRESH", "request_path": ""}, "session renewed"),
        ({"request_path": "/something/new/"}, None),
    ],
)
def test_a_sign_in_says_by_which_way(said: dict[str, Any], way: str | None) -> None:
    (login,) = logins.translate([audited(**said)])
    assert (login.way, login.account_key, login.succeeded) == (way, "u-bo", True)
    assert login.at == datetime(2026, 11, 22, 20, 33, 50, 351562, UTC)
    assert "192.0.2.7" not in repr(login)


def test_a_sign_in_of_nobody_is_kept_as_that() -> None:
    assert logins.translate([audited(actor=None)])[0].account_key is None


def test_the_first_day_asked_for_leaves_room_for_the_organisations_time_zone() -> None:
    assert logins.since(datetime(2026, 11, 22, 1, tzinfo=UTC).timestamp(), 30) == "2026-10-22"


def token(**said: Any) -> dict[str, Any]:
    row = {
        "id": "tok-1", "name": "feed", "token_prefix": "bcrm_pat_abcd", "scopes": ["users:read"], "expires_at": None,
        "last_used_at": None, "created_at": "2026-02-03T04:05:06.000007Z", "revoked_at": None, "is_live": True,
        "owner": {"id": "p-bo", "name": "bo", "role": "USER", "is_active": True},
    }  # fmt: skip
    return row | said


def test_a_token_is_a_program_and_the_credential_it_enters_by() -> None:
    program, credential = integrations.of_token(token(), integrations.owners([person("bo")]))
    assert (program.key, program.owner_key, program.derived) == ("token:tok-1", "u-bo", True)
    assert (credential.key, credential.integration_key, credential.account_key) == ("tok-1", "token:tok-1", "u-bo")
    assert (credential.last_used, credential.uses_known_since) == (None, CREATED)
    assert credential.scopes == ("users:read",)


@pytest.mark.parametrize(("said", "scopes"), [([], ("*",)), (None, None), (["*:read"], ("*:read",))])
def test_no_scope_means_every_scope_and_silence_means_silence(said: Any, scopes: tuple[str, ...] | None) -> None:
    assert integrations.of_token(token(scopes=said), {})[1].scopes == scopes


def test_a_dead_token_stays_and_is_inactive() -> None:
    program, credential = integrations.of_token(token(is_live=False, revoked_at="2026-03-01T00:00:00Z"), {})
    assert (program.active, credential.active, credential.account_key) == (False, False, None)


def test_of_a_webhook_only_the_host_is_taken() -> None:
    hook = integrations.of_webhook(
        {
            "id": "w-1", "url": "https://hooks.example.com/t/hushhush?key=hush", "description": "Feed", "is_active": True,
            "events": ["lead.created"], "created_by": {"id": "u-bo"}, "created_at": "2026-02-03T04:05:06Z",
        }
    )  # fmt: skip
    assert (hook.name, hook.publisher, hook.owner_key) == ("Feed (hooks.example.com)", "hooks.example.com", "u-bo")
    assert hook.scopes == ("lead.created",)
    assert "hush" not in repr(hook)
