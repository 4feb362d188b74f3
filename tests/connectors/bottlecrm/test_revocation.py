"""What each target needs to be taken away, what only a person can do, and that a team loses one member and no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.bottlecrm.auth import Access
from connectors.bottlecrm.client import Client
from connectors.bottlecrm.revocation import BottleCRMExecutor
from connectors.connector import ActKind, ByHand, Look, State, Target, TargetKind
from connectors.errors import Declined, Misread, Unreachable
from tests.connectors.bottlecrm.wire import Asked, Reply, Wire, jwt, people, person, serving

BO = {"what": "account", "account": "u-bo", "email": "bo@example.com", "profile": "p-bo", "team": "Support"}


def grant(of: str, account: str = "u-bo") -> Target:
    return Target(TargetKind.GRANT, account_key=account, entitlement_key=of)


def there(**facts: str) -> Look:
    return Look(State.PRESENT, {**BO, **facts}, asked="", digest="")


class Organisation:
    """Just enough of BottleCRM: three people, one team, one token, and the way it replaces a team's members."""

    def __init__(self) -> None:
        self.members = ["ada", "bo", "eve"]
        self.loses: str | None = None
        self.breaks = False

    def __call__(self, asked: Asked) -> Reply:
        if asked.path == "/api/teams/t-1/":
            return self._team(asked)
        if asked.path.startswith("/api/users/"):
            return 200, people([person("ada", role="ADMIN"), person("bo")], [], asked.path)
        if asked.path == "/api/org/tokens/":
            dead = {"id": "k-1", "name": "feed", "token_prefix": "bcrm_pat_x", "is_live": False, "revoked_at": "2026"}
            return 200, {"tokens": [dead, dead | {"id": "k-2", "is_live": True}], "totals": {"count": 2}}
        return 404, {"detail": "No Profile matches the given query."}

    def _team(self, asked: Asked) -> Reply:
        if asked.method == "PUT":
            self.members = [each.removeprefix("p-") for each in asked.body["assign_users"] if each != self.loses]
            return (500, "<html>oops</html>") if self.breaks else (200, {"error": False})
        return 200, {"team": {"id": "t-1", "name": "Support", "users": [person(name) for name in self.members]}}


@pytest.fixture
def organisation() -> Organisation:
    return Organisation()


@pytest.fixture
def wire(organisation: Organisation) -> Iterator[Wire]:
    with serving(organisation) as serves:
        yield serves


@pytest.fixture
def executor(wire: Wire) -> BottleCRMExecutor:
    """Acts with the session of Ada, whose login is u-ada."""
    session = Access(wire.url, refresh=jwt("refresh", 9e9), access=jwt("access", 9e9))
    return BottleCRMExecutor(Client(session, lambda _: None))


@pytest.mark.parametrize(
    ("target", "kind", "request_text"),
    [
        (
            Target(TargetKind.ACCOUNT, account_key="u-bo"),
            ActKind.DEACTIVATE,
            'POST /api/user/u-bo/status/ {"status": "Inactive"}',
        ),
        (grant("role:ADMIN"), ActKind.CHANGE_GRANT, 'PATCH /api/user/u-bo/ {"role": "USER"}'),
        (grant("access:sales"), ActKind.REMOVE_GRANT, 'PATCH /api/user/u-bo/ {"has_sales_access": false}'),
        (grant("team:t-1"), ActKind.REMOVE_GRANT, "PUT /api/teams/t-1/ members of that moment without p-bo"),
        (Target(TargetKind.CREDENTIAL, credential_key="k-2"), ActKind.REVOKE_CREDENTIAL, "DELETE /api/org/tokens/k-2/"),
        (
            Target(TargetKind.INTEGRATION, integration_key="token:k-2"),
            ActKind.REVOKE_CREDENTIAL,
            "DELETE /api/org/tokens/k-2/",
        ),
    ],
)
def test_one_call_takes_each_thing_away(
    executor: BottleCRMExecutor, wire: Wire, target: Target, kind: ActKind, request_text: str
) -> None:
    acts = executor.plan(target, there())
    assert not isinstance(acts, ByHand)
    assert [(act.kind, act.request) for act in acts] == [(kind, request_text)]
    assert wire.asked == [], "a plan asks nothing"


@pytest.mark.parametrize(
    ("target", "because"),
    [
        (grant("role:USER"), "every member has a role"),
        (Target(TargetKind.INTEGRATION, integration_key="webhook:w-1"), "webhooks are not switched off"),
        (Target(TargetKind.ACCOUNT, account_key="u-ada"), "does not act on itself"),
        (grant("role:ADMIN", "u-ada"), "does not act on itself"),
    ],
)
def test_what_is_left_to_a_person(executor: BottleCRMExecutor, target: Target, because: str) -> None:
    by_hand = executor.plan(target, there())
    assert isinstance(by_hand, ByHand)
    assert because in by_hand.because
    assert by_hand.steps


def test_a_token_executor_leaves_tokens_to_a_person(wire: Wire) -> None:
    acting = BottleCRMExecutor(Client(Access(wire.url, token="bcrm_pat_made-up"), lambda _: None))
    by_hand = acting.plan(Target(TargetKind.CREDENTIAL, credential_key="k-2"), there())
    assert isinstance(by_hand, ByHand)


def test_what_is_gone_needs_no_act_and_what_is_unknown_needs_a_person(executor: BottleCRMExecutor) -> None:
    target = Target(TargetKind.ACCOUNT, account_key="u-bo")
    assert executor.plan(target, Look(State.ABSENT, BO, "", "")) == []
    assert isinstance(executor.plan(target, Look(State.UNKNOWN, BO, "", "", because="refused")), ByHand)


def test_our_own_account_is_not_acted_on_even_when_a_plan_says_so(executor: BottleCRMExecutor, wire: Wire) -> None:
    acts = executor.plan(Target(TargetKind.ACCOUNT, account_key="u-bo"), there())
    assert not isinstance(acts, ByHand)
    ours = replace(acts[0], target=Target(TargetKind.ACCOUNT, account_key="u-ada"))
    with pytest.raises(Declined, match="does not act on itself"):
        executor.perform(ours)
    assert wire.asked == []


def test_a_token_that_cannot_say_whose_it_is_does_not_act(wire: Wire) -> None:
    wire.answer = lambda _: (403, {"detail": "This token is not scoped for read access to profile."})
    acting = BottleCRMExecutor(Client(Access(wire.url, token="bcrm_pat_made-up"), lambda _: None))
    acts = acting.plan(Target(TargetKind.ACCOUNT, account_key="u-bo"), there())
    assert not isinstance(acts, ByHand)
    with pytest.raises(Declined, match="whose it is"):
        acting.perform(acts[0])
    assert wire.lines() == ["GET /api/profile/"]


def test_a_team_loses_one_member_and_keeps_the_others(
    executor: BottleCRMExecutor, organisation: Organisation, wire: Wire
) -> None:
    acts = executor.plan(grant("team:t-1"), executor.look(grant("team:t-1")))
    assert not isinstance(acts, ByHand)
    organisation.members.append("fay")  # joins between the plan and the act
    executor.perform(acts[0])
    assert organisation.members == ["ada", "eve", "fay"]
    assert [each.body for each in wire.asked if each.method == "PUT"] == [
        {"name": "Support", "assign_users": ["p-ada", "p-eve", "p-fay"]}
    ]


def test_a_team_that_lost_somebody_else_is_reported(executor: BottleCRMExecutor, organisation: Organisation) -> None:
    acts = executor.plan(grant("team:t-1"), executor.look(grant("team:t-1")))
    assert not isinstance(acts, ByHand)
    organisation.loses = "p-eve"
    with pytest.raises(Misread, match="has 1 members and should have 2"):
        executor.perform(acts[0])


def test_a_team_change_that_broke_may_have_happened(executor: BottleCRMExecutor, organisation: Organisation) -> None:
    acts = executor.plan(grant("team:t-1"), executor.look(grant("team:t-1")))
    assert not isinstance(acts, ByHand)
    organisation.breaks = True
    with pytest.raises(Unreachable) as lost:
        executor.perform(acts[0])
    assert lost.value.ambiguous


@pytest.mark.parametrize(
    ("target", "state"),
    [
        (Target(TargetKind.ACCOUNT, account_key="u-bo", email="bo@example.com"), State.PRESENT),
        (Target(TargetKind.ACCOUNT, account_key="u-bo", email="Bo@Example.com"), State.PRESENT),
        (Target(TargetKind.ACCOUNT, account_key="u-eve", email="eve@example.com"), State.ABSENT),
        (Target(TargetKind.ACCOUNT, account_key="u-bo", email="other@example.com"), State.UNKNOWN),
        (replace(grant("role:USER"), email="bo@example.com"), State.PRESENT),
        (replace(grant("role:ADMIN"), email="bo@example.com"), State.ABSENT),
        (grant("team:t-1"), State.PRESENT),
        (grant("team:t-1", "u-zoe"), State.ABSENT),
        (Target(TargetKind.CREDENTIAL, credential_key="k-1"), State.ABSENT),
        (Target(TargetKind.CREDENTIAL, credential_key="k-2"), State.PRESENT),
        (Target(TargetKind.CREDENTIAL, credential_key="k-3"), State.ABSENT),
    ],
)
def test_a_look_says_what_is_there_now(executor: BottleCRMExecutor, target: Target, state: State) -> None:
    assert executor.look(target).state is state


def test_a_refused_look_is_unknown_and_not_absent(executor: BottleCRMExecutor, wire: Wire) -> None:
    wire.answer = lambda _: (403, {"error": True, "errors": "Permission Denied"})
    seen = executor.look(Target(TargetKind.ACCOUNT, account_key="u-bo"))
    assert (seen.state, seen.because) == (State.UNKNOWN, "Permission Denied")


@pytest.mark.parametrize(
    ("facts", "request_text"),
    [
        ({"what": "account"}, 'POST /api/user/u-bo/status/ {"status": "Active"}'),
        ({"what": "role", "entitlement": "role:ADMIN"}, 'PATCH /api/user/u-bo/ {"role": "ADMIN"}'),
        ({"what": "access", "entitlement": "access:sales"}, 'PATCH /api/user/u-bo/ {"has_sales_access": true}'),
        ({"what": "team", "entitlement": "team:t-1"}, "PUT /api/teams/t-1/ members of that moment and p-bo"),
    ],
)
def test_one_call_brings_each_thing_back(executor: BottleCRMExecutor, facts: dict[str, Any], request_text: str) -> None:
    acts = executor.restore(there(**facts))
    assert not isinstance(acts, ByHand)
    assert [(act.kind, act.request) for act in acts] == [(ActKind.RESTORE, request_text)]


def test_a_revoked_token_cannot_be_brought_back(executor: BottleCRMExecutor) -> None:
    assert isinstance(executor.restore(there(what="token")), ByHand)
