"""Taking away in HubSpot: looked at twice, sent once, and never our own or the last super admin's."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from connectors.connector import Act, ActKind, ByHand, Look, State, Target, TargetKind
from connectors.errors import Declined, Denied, Unreachable
from connectors.hubspot import open_executor
from connectors.hubspot.revocation import HubSpotExecutor
from tests.connectors.hubspot.conftest import TOKEN, Reply, Server, said

OWNER = "1"


@dataclass
class Portal:
    """A few users behind the scripted server."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    mode: str = "partial"
    deactivated: set[str] = field(default_factory=set)
    sent: list[str] = field(default_factory=list)
    whose: dict[str, Any] = field(
        default_factory=lambda: {"hubId": 42, "userId": int(OWNER), "scopes": ["settings.users.write"]}
    )
    refusal: Reply | None = None

    def add(self, key: str, **more: Any) -> None:
        self.users[key] = {"id": key, "email": f"u{key}@example.com", "superAdmin": False, "roleIds": []} | more

    def answer(self, request: BaseHTTPRequestHandler) -> Reply | None:
        parts = urlsplit(request.path)
        by_email = parse_qs(parts.query).get("idProperty") == ["EMAIL"]
        if "private-apps" in parts.path:
            return said(200, self.whose)
        last = unquote(parts.path.rpartition("/")[2])
        if "/crm/objects" in parts.path:
            return said(200, {"properties": {"hs_deactivated": "true" if last in self.deactivated else None}})
        if parts.path == "/settings/users/2026-03":
            return said(200, {"results": list(self.users.values())})
        if "/settings/users" not in parts.path or last in ("roles", "teams"):
            return said(200, {"results": [], "portalId": 42})
        key = next((each["id"] for each in self.users.values() if by_email and each["email"] == last), last)
        return self.of_user(request, key)

    def of_user(self, request: BaseHTTPRequestHandler, key: str) -> Reply | None:
        if request.command != "GET":
            self.sent.append(f"{request.command} {key}")
            if self.refusal:
                return self.refusal
        if request.command == "DELETE":
            self.users.pop(key, None)
            return 204, {}, b""
        if key not in self.users:
            return said(404, {"category": "OBJECT_NOT_FOUND"})
        return said(200, self.users[key])

    def put(self, key: str, body: dict[str, Any]) -> None:
        user = self.users[key]
        fields = ("roleId", "primaryTeamId", "secondaryTeamIds")
        for name in fields if self.mode == "replace" else body:
            if name == "roleId" and self.mode == "ignores-role":
                continue
            user[name] = body.get(name)
            if name == "roleId":
                user["roleIds"] = [body[name]] if body.get(name) else []


@pytest.fixture
def portal(server: Server) -> Portal:
    made = Portal()
    made.add(OWNER, superAdmin=True)
    made.add("2", superAdmin=True)
    made.add("7", roleId="30", roleIds=["30"], primaryTeamId="50", secondaryTeamIds=["51", "52"])

    def reply(request: BaseHTTPRequestHandler) -> Reply | None:
        if request.command == "PUT" and not made.refusal:
            made.put(request.path.rpartition("/")[2], json.loads(server.bodies[-1]))
        return made.answer(request)

    server.will(reply)
    return made


@pytest.fixture
def executor(server: Server) -> HubSpotExecutor:
    opened = open_executor({"base_url": server.url, "protected": "3, 4"}, {"token": TOKEN}, lambda _: None)
    assert isinstance(opened, HubSpotExecutor)
    return opened


def account(key: str) -> Target:
    return Target(TargetKind.ACCOUNT, account_key=key, email=f"u{key}@example.com")


def grant(key: str, entitlement: str) -> Target:
    kind = entitlement.partition(":")[0]
    return Target(TargetKind.GRANT, key, entitlement, kind, email=f"u{key}@example.com")


def only(executor: HubSpotExecutor, target: Target) -> tuple[Act, Look]:
    before = executor.look(target)
    planned = executor.plan(target, before)
    assert not isinstance(planned, ByHand), planned
    (act,) = planned
    return act, before


# --- looking


def test_absence_is_proved_by_404_on_both_the_id_and_the_email(portal: Portal, executor: HubSpotExecutor) -> None:
    assert executor.look(account("7")).state is State.PRESENT
    portal.users["7"]["id"] = "8"
    portal.users["8"] = portal.users.pop("7")
    moved = executor.look(account("7"))
    assert (moved.state, moved.because) == (State.UNKNOWN, "404 by id, but u7@example.com is user 8")
    portal.users.pop("8")
    assert executor.look(account("7")).state is State.ABSENT
    assert executor.look(Target(TargetKind.ACCOUNT, account_key="7")).state is State.UNKNOWN


def test_a_key_that_belongs_to_somebody_else_now_is_unknown(portal: Portal, executor: HubSpotExecutor) -> None:
    portal.users["7"]["email"] = "other@example.com"
    look = executor.look(account("7"))
    assert look.state is State.UNKNOWN
    assert "another e-mail" in str(look.because)
    assert isinstance(executor.plan(account("7"), look), ByHand)


def test_a_refusal_never_proves_absence(server: Server, executor: HubSpotExecutor) -> None:
    for status in (401, 403):
        server.will(said(status, {}))
        look = executor.look(account("7"))
        assert look.state is State.UNKNOWN
        assert look.because


def test_a_grant_is_looked_up_in_the_users_own_row(portal: Portal, executor: HubSpotExecutor) -> None:
    for key, state in (("role:30", State.PRESENT), ("role:31", State.ABSENT), ("team:52", State.PRESENT)):
        assert executor.look(grant("7", key)).state is state
    assert executor.plan(grant("7", "role:31"), executor.look(grant("7", "role:31"))) == ()


# --- roles and teams


@pytest.mark.parametrize("mode", ["partial", "replace"])
@pytest.mark.parametrize("entitlement", ["role:30", "team:50", "team:51"])
def test_a_grant_goes_and_the_others_stay_whatever_put_means(
    portal: Portal, executor: HubSpotExecutor, mode: str, entitlement: str
) -> None:
    portal.mode = mode
    others = {"role:30", "team:50", "team:51", "team:52"} - {entitlement}
    act, before = only(executor, grant("7", entitlement))
    assert act.kind is ActKind.REMOVE_GRANT
    executor.perform(act)
    assert executor.look(grant("7", entitlement)).state is State.ABSENT
    assert all(executor.look(grant("7", other)).state is State.PRESENT for other in others)
    restored = executor.restore(before)
    assert not isinstance(restored, ByHand)
    executor.perform(restored[0])
    assert executor.look(grant("7", entitlement)).state is State.PRESENT


def test_a_put_that_changes_nothing_is_a_refusal(portal: Portal, executor: HubSpotExecutor) -> None:
    portal.mode = "ignores-role"
    act, _ = only(executor, grant("7", "role:30"))
    with pytest.raises(Declined, match="roleId is '30', wanted None"):
        executor.perform(act)
    assert executor.look(grant("7", "role:30")).state is State.PRESENT


def test_a_user_that_changed_since_the_plan_is_left_alone(portal: Portal, executor: HubSpotExecutor) -> None:
    act, _ = only(executor, grant("7", "role:30"))
    portal.users["7"]["secondaryTeamIds"] = ["51"]
    with pytest.raises(Declined, match="changed since"):
        executor.perform(act)
    portal.users["7"]["email"] = "other@example.com"
    with pytest.raises(Declined, match="email is other@example"):
        executor.perform(act)
    assert portal.sent == []


def test_an_act_done_already_is_not_sent_again(portal: Portal, executor: HubSpotExecutor) -> None:
    act, _ = only(executor, grant("7", "role:30"))
    executor.perform(act)
    assert "nothing was sent" in executor.perform(act).asked
    removal, _ = only(executor, account("7"))
    assert executor.perform(removal).status == 204
    again = executor.perform(removal)
    assert again.status == 404
    assert "nothing was sent" in again.asked
    assert portal.sent == ["PUT 7", "DELETE 7"]


def test_several_roles_and_super_admin_and_seats_are_a_persons_work(portal: Portal, executor: HubSpotExecutor) -> None:
    portal.users["7"] |= {"roleIds": ["30", "31", "32"], "superAdmin": True, "seatNames": ["Core"]}
    for entitlement in ("role:30", "team:50", "super_admin", "seat:Core"):
        target = grant("7", entitlement)
        plan = executor.plan(target, executor.look(target))
        assert isinstance(plan, ByHand), entitlement
        assert plan.steps
        assert isinstance(executor.restore(executor.look(target)), ByHand)


# --- removing


def test_a_user_is_removed_and_can_be_invited_again(portal: Portal, executor: HubSpotExecutor) -> None:
    act, before = only(executor, account("7"))
    assert act.kind is ActKind.REMOVE_ACCOUNT
    assert act.request == "DELETE /settings/users/2026-03/7"
    assert before.facts["deactivated"] is None
    assert executor.perform(act).status == 204
    assert executor.look(account("7")).state is State.ABSENT
    (invitation,) = executor.restore(before)  # type: ignore[misc]
    assert json.loads(str(invitation.arguments["body"])) == {
        "email": "u7@example.com",
        "sendWelcomeEmail": True,
        "roleId": "30",
        "primaryTeamId": "50",
        "secondaryTeamIds": ["51", "52"],
    }


def test_deactivating_is_a_persons_work(server: Server, portal: Portal) -> None:
    config = {"base_url": server.url, "accounts": "deactivate"}
    executor = open_executor(config, {"token": TOKEN}, lambda _: None)
    portal.deactivated.add("7")
    before = executor.look(account("7"))
    assert before.facts["deactivated"] == "true"
    plan = executor.plan(account("7"), before)
    assert isinstance(plan, ByHand)
    assert "deactivate" in plan.because
    with pytest.raises(ValueError, match="accounts"):
        open_executor({**config, "accounts": "freeze"}, {"token": TOKEN}, lambda _: None)


def test_the_credentials_owner_is_spared_by_plan_and_by_perform(portal: Portal, executor: HubSpotExecutor) -> None:
    before = executor.look(account(OWNER))
    plan = executor.plan(account(OWNER), before)
    assert isinstance(plan, ByHand)
    assert "own credential" in plan.because
    act, _ = only(executor, account("7"))
    for forged in (OWNER, "3", "4"):
        target = account(forged)
        portal.add(forged, superAdmin=False)
        with pytest.raises(Declined):
            executor.perform(
                replace(act, target=target, arguments={**act.arguments, "id": forged, "email": target.email})
            )
    assert portal.sent == []


def test_nothing_is_changed_with_a_credential_of_unknown_owner(portal: Portal, executor: HubSpotExecutor) -> None:
    portal.whose = {"hubId": 42, "scopes": ["settings.users.write"]}
    assert executor.check().acts == frozenset()
    act, _ = only(executor, account("7"))
    with pytest.raises(Declined, match="whose credential"):
        executor.perform(act)
    assert portal.sent == []


def test_the_last_super_admin_is_spared_and_a_deactivated_one_does_not_count(
    portal: Portal, executor: HubSpotExecutor
) -> None:
    portal.users[OWNER]["superAdmin"] = False
    portal.add("9", superAdmin=True)
    act, _ = only(executor, account("2"))
    portal.deactivated.add("9")
    with pytest.raises(Declined, match="last super admin"):
        executor.perform(act)
    portal.users.pop("9")
    with pytest.raises(Declined, match="last super admin"):
        executor.perform(act)
    assert portal.sent == []
    portal.add("10", superAdmin=True)
    assert executor.perform(act).status == 204


def test_one_who_became_super_admin_since_the_plan_is_left_alone(portal: Portal, executor: HubSpotExecutor) -> None:
    act, _ = only(executor, account("7"))
    portal.users["7"]["superAdmin"] = True
    with pytest.raises(Declined, match="superAdmin is true, it was false"):
        executor.perform(act)
    assert portal.sent == []


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (said(400, {"message": "cannot remove a super admin"}), Declined),
        (said(403, {"message": "not this one"}), Declined),
        (said(403, {"category": "MISSING_SCOPES"}), Denied),
        (said(500, {}), Unreachable),
    ],
)
def test_a_refused_removal_is_sent_once_and_said(
    portal: Portal, executor: HubSpotExecutor, refusal: Reply, kind: type[Exception]
) -> None:
    act, _ = only(executor, account("7"))
    portal.refusal = refusal
    with pytest.raises(kind):
        executor.perform(act)
    assert portal.sent == ["DELETE 7"]


def test_integrations_are_a_persons_work_with_steps(executor: HubSpotExecutor) -> None:
    before = Look(State.PRESENT, {}, "", "")
    for key in ("app:3", "private_app:3", "service_key:3", "smtp_token:3", "webhook:3"):
        for target in (
            Target(TargetKind.INTEGRATION, integration_key=key),
            Target(TargetKind.CREDENTIAL, credential_key=f"token:{key}"),
        ):
            plan = executor.plan(target, before)
            assert isinstance(plan, ByHand)
            assert "number is 3" in plan.steps[0]


def test_no_act_holds_a_secret(portal: Portal, executor: HubSpotExecutor) -> None:
    for target in (account("7"), grant("7", "role:30")):
        act, before = only(executor, target)
        assert TOKEN not in repr((act, before, executor.perform(act)))
        portal.add("7", roleId="30", roleIds=["30"])
