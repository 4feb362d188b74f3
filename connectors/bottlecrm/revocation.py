"""Takes away: switches a membership off, lowers a role, clears a flag, takes somebody out of a team, revokes a token.

Never touches the account that our own credential belongs to. BottleCRM can only replace a team's members as a whole, and
not in one transaction, so that act reads the team just before and just after; two people changing one team at the
same moment can still undo each other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.bottlecrm import entitlements, grants, reader
from connectors.bottlecrm.client import Answer, Client
from connectors.bottlecrm.look import look, program_of, team_of
from connectors.connector import Act, ActKind, ByHand, Coverage, Look, State, Target, TargetKind
from connectors.errors import Declined, Misread
from connectors.receipt import ActReceipt
from connectors.records import Stream

OURSELVES = "this account owns the credential that Rolecall acts with, and it does not act on itself"
_OF_PEOPLE = (TargetKind.ACCOUNT, TargetKind.GRANT)
_BY_TOKEN = frozenset({ActKind.DEACTIVATE, ActKind.CHANGE_GRANT, ActKind.REMOVE_GRANT, ActKind.RESTORE})


class BottleCRMExecutor:
    """Acts in one organisation, with an administrator's credential that is not the reader's."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._principal: str | None = client.sign_in.principal

    def check(self) -> Coverage:
        """As the reader's; acts are those of an administrator. A token's own scopes show only when it is refused."""
        covered = reader.coverage(self._client)
        self._principal = covered.principal
        may = covered.principal is not None and covered.streams[Stream.ACCOUNTS].readable
        acts = (_BY_TOKEN | ({ActKind.REVOKE_CREDENTIAL} if self._client.sign_in.by_session else set())) if may else ()
        return replace(covered, acts=frozenset(acts))

    def look(self, target: Target) -> Look:
        """Read one target's state now."""
        return look(self._client, target)

    def plan(self, target: Target, before: Look) -> Sequence[Act] | ByHand:
        """The one call that takes the target away, or the steps a person takes. Nothing for what is already gone."""
        if before.state is State.ABSENT:
            return []
        if before.state is State.UNKNOWN:
            return ByHand(before.because or "its state is not known", ("Look at it in BottleCRM and decide there.",))
        if _is_of(target, self._principal):
            return ByHand(OURSELVES, ("Ask another administrator to do it in BottleCRM.",))
        if target.kind is TargetKind.ACCOUNT:
            return [_status(target, before, ActKind.DEACTIVATE, "Inactive")]
        if target.kind is TargetKind.GRANT:
            return _less(target, before)
        return _no_entry(target, before, self._client.sign_in.by_session)

    def perform(self, act: Act) -> ActReceipt:
        """Carry out one act, once. Raises Declined for our own account as well as for what BottleCRM refuses."""
        if act.target.kind in _OF_PEOPLE and _is_of(act.target, self._myself()):
            raise Declined(f"{act.says}: {OURSELVES}", said=OURSELVES)
        if act.arguments.get("do") == "team":
            answer = _replace_members(self._client, act)
        else:
            answer = self._client.change(*_call(act.target, act.arguments))
        return ActReceipt(answer.asked, answer.status, answer.digest, answer.at)

    def restore(self, before: Look) -> Sequence[Act] | ByHand:
        """The call that brings back what `before` shows; a revoked token cannot come back."""
        facts, what = before.facts, before.facts.get("what")
        if before.state is not State.PRESENT:
            return ByHand("it was not there before", ("Nothing to bring back.",))
        target = Target(TargetKind.ACCOUNT, account_key=facts.get("account"), email=facts.get("email"))
        if what == "account":
            return [_status(target, before, ActKind.RESTORE, "Active")]
        if what in (entitlements.ROLE, entitlements.FLAG, entitlements.TEAM):
            target = replace(
                target, kind=TargetKind.GRANT, entitlement_key=facts.get("entitlement"), entitlement_kind=what
            )
            return _more(target, before)
        return ByHand(
            "a revoked token stays revoked",
            (
                "Ask its owner to create a new one under Settings > API tokens.",
                "Store it in the program that used the old one.",
            ),
        )

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _myself(self) -> str:
        self._principal = self._principal or reader.principal(self._client)
        if self._principal is None:
            raise Declined(
                "BottleCRM does not let this token see whose it is",
                said="the token lacks profile:read, so Rolecall cannot tell its own account from others",
            )
        return self._principal


def _less(target: Target, before: Look) -> Sequence[Act] | ByHand:
    kind, name = entitlements.split(target.entitlement_key or "")
    if kind == entitlements.TEAM:
        return [_team(target, before, ActKind.REMOVE_GRANT, join=False)]
    if kind == entitlements.FLAG:
        return [_field(target, before, ActKind.REMOVE_GRANT, entitlements.FLAGS[name][0], "false")]
    if name == entitlements.MEMBER:
        return ByHand(
            "every member has a role and there is none below USER",
            ("Decide on the account instead: deactivating it takes the role's effect away.",),
        )
    return [_field(target, before, ActKind.CHANGE_GRANT, "role", entitlements.MEMBER)]


def _more(target: Target, before: Look) -> Sequence[Act]:
    kind, name = entitlements.split(target.entitlement_key or "")
    if kind == entitlements.TEAM:
        return [_team(target, before, ActKind.RESTORE, join=True)]
    if kind == entitlements.FLAG:
        return [_field(target, before, ActKind.RESTORE, entitlements.FLAGS[name][0], "true")]
    return [_field(target, before, ActKind.RESTORE, "role", name)]


def _no_entry(target: Target, before: Look, by_session: bool) -> Sequence[Act] | ByHand:
    if program_of(target)[0] == "webhook":
        return ByHand(
            "webhooks are not switched off by Rolecall",
            (
                "Open Settings > Webhooks in BottleCRM as an administrator.",
                f"Switch off or delete {before.facts.get('name')}.",
            ),
        )
    if not by_session:
        return ByHand(
            "BottleCRM lets no personal access token revoke tokens",
            ("Open the organisation's tokens as an administrator.", f"Revoke {before.facts.get('name')}."),
        )
    says = f"Revoke the token {before.facts.get('name')} ({before.facts.get('token_prefix')}…)"
    return [_act(ActKind.REVOKE_CREDENTIAL, target, says, {"do": "token"})]


def _status(target: Target, before: Look, kind: ActKind, status: str) -> Act:
    verb = "Deactivate" if status == "Inactive" else "Reactivate"
    return _act(kind, target, f"{verb} {_who(before)}", {"do": "status", "value": status})


def _field(target: Target, before: Look, kind: ActKind, field: str, value: str) -> Act:
    says = f"Set {field} of {_who(before)} to {value}"
    return _act(kind, target, says, {"do": "field", "field": field, "value": value})


def _team(target: Target, before: Look, kind: ActKind, *, join: bool) -> Act:
    team, profile = before.facts.get("team"), before.facts.get("profile")
    says = f"Put {_who(before)} back into team {team}" if join else f"Take {_who(before)} out of team {team}"
    arguments = {"do": "team", "profile": profile, "join": "yes" if join else "no"}
    act = _act(kind, target, says, arguments)
    return replace(act, request=f"{act.request} members of that moment {'and' if join else 'without'} {profile}")


def _act(kind: ActKind, target: Target, says: str, arguments: Mapping[str, str | None]) -> Act:
    method, path, body = _call(target, arguments)
    return Act(kind, target, says, f"{method} {path}" + (f" {json.dumps(body)}" if body else ""), arguments)


def _call(target: Target, arguments: Mapping[str, str | None]) -> tuple[str, str, dict[str, object] | None]:
    """Method, path and body."""
    do, value = arguments.get("do"), arguments.get("value")
    if do == "status":
        return "POST", f"/api/user/{target.account_key}/status/", {"status": value}
    if do == "field":
        sent = {"true": True, "false": False}.get(value or "", value)
        return "PATCH", f"/api/user/{target.account_key}/", {str(arguments["field"]): sent}
    if do == "token":
        return "DELETE", f"/api/org/tokens/{program_of(target)[1]}/", None
    if do == "team":  # who else is in it is read at the moment
        return "PUT", f"/api/teams/{entitlements.split(target.entitlement_key or '')[1]}/", None
    raise ValueError(f"{do!r} is not something this connector does")


def _is_of(target: Target, principal: str | None) -> bool:
    return target.kind in _OF_PEOPLE and target.account_key is not None and target.account_key == principal


def _who(before: Look) -> str:
    return before.facts.get("email") or before.facts.get("account") or "the account"


def _replace_members(client: Client, act: Act) -> Answer:
    """Send the team's members of this moment with one more or less, and make sure that nobody else was lost."""
    _, path, _ = _call(act.target, act.arguments)
    profile = act.arguments.get("profile")
    before = team_of(client.get(path))
    wanted = {str(member["id"]) for member in grants.members(before)} - {profile}
    if act.arguments.get("join") == "yes" and profile:
        wanted.add(profile)
    answer = client.change("PUT", path, {"name": before["name"], "assign_users": sorted(filter(None, wanted))})
    after = {str(member["id"]) for member in grants.members(team_of(client.get(path)))}
    if after != wanted:
        raise Misread(
            f"BottleCRM, {act.says}: the team now has {len(after)} members and should have {len(wanted)}; "
            "compare it with the last reading"
        )
    return answer
