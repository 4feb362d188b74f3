"""What would be sent, in which order, and what only a person can do: from a look, without a request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.connector import Act, ActKind, ByHand, Look, State, Target, TargetKind
from connectors.salesforce import plans

BO, SET, GROUP, ROLE, PROFILE = "005000000000001AAA", "0PS000000000001", "00G000000000001", "00E1", "00e1"
FACTS = {"username": "bo@example.com", "user_type": "Standard", "protected": "false", "active": "true"}


def seen(state: State = State.PRESENT, **facts: str | None) -> Look:
    return Look(state, FACTS | facts, asked="", digest="", because="because" if state is State.UNKNOWN else None)


def grant(held: str = SET) -> Target:
    return Target(TargetKind.GRANT, BO, held)


def kinds(acts: Any) -> list[ActKind]:
    assert not isinstance(acts, ByHand)
    return [act.kind for act in acts]


LEAVER = Target(TargetKind.ACCOUNT, BO)
ALL = [ActKind.FREEZE, ActKind.END_SESSIONS, ActKind.REVOKE_CREDENTIAL, ActKind.DEACTIVATE]


@pytest.mark.parametrize(
    ("facts", "acts"),
    [
        ({"login_id": "0Yw1", "frozen": "false", "sessions": "2", "tokens": "1"}, ALL),
        ({"login_id": "0Yw1", "frozen": "true", "sessions": "0", "tokens": "0"}, [ActKind.DEACTIVATE]),
        ({"login_id": None, "frozen": None, "sessions": None, "tokens": None}, [ActKind.DEACTIVATE]),
        ({"active": "false", "login_id": "0Yw1", "tokens": "3"}, [ActKind.REVOKE_CREDENTIAL]),
        ({"active": "false", "sessions": "0", "tokens": "0"}, []),
    ],
)
def test_a_leaver_goes_in_order(facts: dict[str, Any], acts: list[ActKind]) -> None:
    assert kinds(plans.plan(LEAVER, seen(**facts))) == acts


def test_freezing_names_the_login_row_and_not_the_user() -> None:
    freeze = plans.plan(LEAVER, seen(login_id="0Yw1", frozen="false"))[0]  # type: ignore[index]
    assert freeze.request == 'PATCH /sobjects/UserLogin/0Yw1 {"IsFrozen": true}'


@pytest.mark.parametrize("facts", [{"protected": "true"}, {"user_type": "Guest"}, {"user_type": "AutomatedProcess"}])
@pytest.mark.parametrize("target", [LEAVER, grant(), Target(TargetKind.CREDENTIAL, BO, credential_key="k")])
def test_some_accounts_are_never_touched(facts: dict[str, str], target: Target) -> None:
    assert isinstance(plans.plan(target, seen(assignment_id="0Pa1", **facts)), ByHand)


def test_what_we_could_not_see_is_left_to_a_person() -> None:
    assert isinstance(plans.plan(grant(), seen(State.UNKNOWN)), ByHand)


def test_what_is_gone_needs_nothing() -> None:
    assert plans.plan(grant(), seen(State.ABSENT)) == ()


@pytest.mark.parametrize(
    ("held", "facts", "request_"),
    [
        (SET, {"kind": "permission_set", "assignment_id": "0Pa1"}, "DELETE /sobjects/PermissionSetAssignment/0Pa1"),
        (
            GROUP,
            {"kind": "group", "row_of": "GroupMember", "row_id": "0111"},
            "DELETE /sobjects/GroupMember/0111",
        ),
        (
            "0PL1",
            {"kind": "permission_set_licence", "row_of": "PermissionSetLicenseAssign", "row_id": "2LA1"},
            "DELETE /sobjects/PermissionSetLicenseAssign/2LA1",
        ),
        (ROLE, {"kind": "role"}, f'PATCH /sobjects/User/{BO} {{"UserRoleId": null}}'),
        (
            PROFILE,
            {"kind": "profile", "least_profile_id": "00e9"},
            f'PATCH /sobjects/User/{BO} {{"ProfileId": "00e9"}}',
        ),
    ],
)
def test_a_grant_is_taken_away_by_one_call(held: str, facts: dict[str, str], request_: str) -> None:
    (act,) = plans.plan(grant(held), seen(**facts))  # type: ignore[misc]
    assert isinstance(act, Act)
    assert act.request == request_
    assert act.kind is (ActKind.CHANGE_GRANT if held == PROFILE else ActKind.REMOVE_GRANT)


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": "profile"},
        {"kind": "profile", "least_profile_id": PROFILE},
        {"kind": "permission_set", "assignment_id": "0Pa1", "by_policy": "true"},
        {"kind": "permission_set", "assignment_id": "0Pa1", "of_profile": "true"},
    ],
)
def test_what_would_come_back_or_cannot_go_is_for_a_person(facts: dict[str, str]) -> None:
    found = plans.plan(grant(PROFILE), seen(**facts))
    assert isinstance(found, ByHand)
    assert found.steps


def test_an_app_known_by_its_tokens_loses_them_and_an_installed_one_is_for_a_person() -> None:
    holders = json.dumps([[BO, "k1"], ["005000000000002AAA", "k2"]])
    derived = Target(TargetKind.INTEGRATION, integration_key="app:Shadow")
    acts = plans.plan(derived, seen(app="Shadow", holders=holders))
    assert kinds(acts) == [ActKind.REVOKE_CREDENTIAL] * 2
    assert [act.target.credential_key for act in acts] == ["k1", "k2"]  # type: ignore[union-attr]
    assert isinstance(plans.plan(Target(TargetKind.INTEGRATION, integration_key="0H41"), seen()), ByHand)


# --- bringing back ---


MEMBER = {"row_id": "0111", "row_of": "GroupMember", "row_who": "UserOrGroupId", "row_what": "GroupId"}


def before(target: TargetKind, held: str | None = None, **facts: str | None) -> Look:
    return seen(target=target.value, account_key=BO, entitlement_key=held, **facts)


@pytest.mark.parametrize(
    ("held", "facts", "request_"),
    [
        (
            SET,
            {"assignment_id": "0Pa1", "until": "2027-01-01T00:00:00.000+0000"},
            f'POST /sobjects/PermissionSetAssignment {{"AssigneeId": "{BO}", '
            f'"ExpirationDate": "2027-01-01T00:00:00.000+0000", "PermissionSetId": "{SET}"}}',
        ),
        (
            "0PG1",
            {"assignment_id": "0Pa1"},
            f'POST /sobjects/PermissionSetAssignment {{"AssigneeId": "{BO}", "PermissionSetGroupId": "0PG1"}}',
        ),
        (GROUP, MEMBER, f'POST /sobjects/GroupMember {{"GroupId": "{GROUP}", "UserOrGroupId": "{BO}"}}'),
        (ROLE, {}, f'PATCH /sobjects/User/{BO} {{"UserRoleId": "{ROLE}"}}'),
        (PROFILE, {}, f'PATCH /sobjects/User/{BO} {{"ProfileId": "{PROFILE}"}}'),
    ],
)
def test_a_grant_is_brought_back(held: str, facts: dict[str, str], request_: str) -> None:
    (act,) = plans.restore(before(TargetKind.GRANT, held, **facts))  # type: ignore[misc]
    assert isinstance(act, Act)
    assert (act.kind, act.request) == (ActKind.RESTORE, request_)


def test_an_account_is_activated_and_unfrozen_only_if_it_was_not_frozen() -> None:
    acts = plans.restore(before(TargetKind.ACCOUNT, login_id="0Yw1", frozen="false"))
    assert [act.arguments["object"] for act in acts] == ["User", "UserLogin"]  # type: ignore[union-attr]
    assert len(plans.restore(before(TargetKind.ACCOUNT, login_id="0Yw1", frozen="true"))) == 1  # type: ignore[arg-type]


def test_a_token_cannot_be_brought_back() -> None:
    assert isinstance(plans.restore(before(TargetKind.CREDENTIAL)), ByHand)


def test_what_was_not_there_is_not_brought_back() -> None:
    assert plans.restore(seen(State.ABSENT)) == ()


# --- an end instead of a removal ---

NEW_YEAR = Target(TargetKind.GRANT, BO, SET, until="2027-01-01T00:00:00+00:00")


@pytest.mark.parametrize("until", [None, "2027-03-01T00:00:00.000+0000"])
def test_an_assignment_is_given_an_end_where_it_has_none_or_a_later_one(until: str | None) -> None:
    (act,) = plans.plan(NEW_YEAR, seen(kind="permission_set", assignment_id="0Pa1", until=until))  # type: ignore[misc]
    assert isinstance(act, Act)
    assert act.kind is ActKind.TIME_BOX
    assert act.request == 'PATCH /sobjects/PermissionSetAssignment/0Pa1 {"ExpirationDate": "2027-01-01T00:00:00Z"}'


def test_an_assignment_that_ends_sooner_is_left_as_it_is() -> None:
    facts = {"kind": "permission_set", "assignment_id": "0Pa1", "until": "2026-12-01T00:00:00.000+0000"}
    assert plans.plan(NEW_YEAR, seen(**facts)) == ()


@pytest.mark.parametrize("facts", [{"kind": "role"}, {"kind": "group", **MEMBER}])
def test_what_cannot_be_given_an_end_is_not_taken_away_instead(facts: dict[str, str]) -> None:
    found = plans.plan(NEW_YEAR, seen(**facts))
    assert isinstance(found, ByHand)
    assert "2027-01-01" in found.steps[0]


def test_a_former_end_is_given_back_and_no_second_assignment_made() -> None:
    facts = {"assignment_id": "0Pa1", "wanted_until": NEW_YEAR.until, "until": None}
    (act,) = plans.restore(before(TargetKind.GRANT, SET, **facts))  # type: ignore[misc]
    assert isinstance(act, Act)
    assert act.request == 'PATCH /sobjects/PermissionSetAssignment/0Pa1 {"ExpirationDate": null}'


# --- what breaks ---


def test_the_plan_names_what_stops_and_what_is_left_behind_and_for_whom() -> None:
    facts = {"breaks:scheduled jobs": "2", "breaks:open opportunities": "12", "manager": "ada@example.com"}
    facts |= {"breaks:apps that hold a token": "Data Loader, RingUp"}
    *_, last = plans.plan(LEAVER, seen(**facts))  # type: ignore[misc]
    assert isinstance(last, Act)
    assert last.says == (
        "Deactivate bo@example.com (stops scheduled jobs: 2; apps that hold a token: Data Loader, RingUp; "
        "leaves with bo@example.com, at least, open opportunities: 12; new owner: ada@example.com)"
    )
    assert last.request.endswith('{"IsActive": false}')


def test_a_default_of_the_org_is_told_before_salesforce_refuses() -> None:
    (act,) = plans.plan(LEAVER, seen(**{"breaks:defaults of the org": "WebToLeadDefaultOwnerId"}))  # type: ignore[misc]
    assert isinstance(act, Act)
    assert "may be refused" in act.says


def test_an_account_that_an_integration_runs_as_is_for_a_person() -> None:
    found = plans.plan(LEAVER, seen(login_id="0Yw1", frozen="false", **{"runs:client credentials apps": "1"}))
    assert isinstance(found, ByHand)
    assert "client credentials apps: 1" in found.because
