"""Which calls take a target away, and which bring it back: pure, from what a look has seen.

An account is taken away in the leaver's order: freeze, end sessions, revoke tokens, deactivate. Freezing alone blocks
sign-in only; what is running or holds a token goes on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from connectors.connector import Act, ActKind, ByHand, Look, State, Target, TargetKind
from connectors.salesforce import consequences
from connectors.salesforce.soql import moment, when

Facts = Mapping[str, str | None]
UNTOUCHABLE = {"AutomatedProcess", "Guest"}


def plan(target: Target, before: Look) -> Sequence[Act] | ByHand:
    """Say which calls would take the target away; nothing where it is gone already."""
    facts = before.facts
    if before.state is State.UNKNOWN:
        return ByHand(before.because or "its state is not known", ("Find it in Setup and decide there.",))
    if facts.get("protected") == "true":
        steps = ("Ask another administrator to change this account in Setup.",)
        return ByHand("Rolecall signs in with this account, or it is protected by the configuration", steps)
    if facts.get("user_type") in UNTOUCHABLE:
        steps = ("Change the site or the feature that this account belongs to.",)
        return ByHand(f"accounts of type {facts.get('user_type')} belong to Salesforce's own features", steps)
    if target.kind is TargetKind.ACCOUNT:
        return _leaver(target, facts)
    if before.state is State.ABSENT:
        return ()
    if target.kind is TargetKind.CREDENTIAL:
        return [_revoke(target, f"Revoke the token of {facts.get('app')} for {facts.get('username')}")]
    if target.kind is TargetKind.INTEGRATION:
        return _integration(target, facts)
    return _grant(target, facts)


def _update(kind: ActKind, target: Target, says: str, source: str, key: str, fields: Mapping[str, object]) -> Act:
    body = json.dumps(dict(fields), sort_keys=True)
    arguments = {"do": "update", "object": source, "id": key, "fields": body}
    return Act(kind, target, says, f"PATCH /sobjects/{source}/{key} {body}", arguments)


def _delete(target: Target, says: str, source: str, key: str) -> Act:
    arguments = {"do": "delete", "object": source, "id": key}
    return Act(ActKind.REMOVE_GRANT, target, says, f"DELETE /sobjects/{source}/{key}", arguments)


def _create(target: Target, says: str, source: str, fields: Mapping[str, object]) -> Act:
    body = json.dumps(dict(fields), sort_keys=True)
    arguments = {"do": "create", "object": source, "fields": body}
    return Act(ActKind.RESTORE, target, says, f"POST /sobjects/{source} {body}", arguments)


def _revoke(target: Target, says: str) -> Act:
    request = "POST /services/oauth2/revoke (the token's own handle, fetched at that moment and not kept)"
    return Act(ActKind.REVOKE_CREDENTIAL, target, says, request, {"do": "revoke_tokens"})


def _leaver(target: Target, facts: Facts) -> Sequence[Act] | ByHand:
    who, key = facts.get("username") or target.account_key or "", target.account_key or ""
    if integrations := consequences.runs_as(facts):
        return ByHand(
            f"integrations run as this account ({integrations}), and would stop",
            (
                f"In Setup, let them run as another user (Run As, execution user) instead of {who}.",
                "Then deactivate this account, or ask again.",
            ),
        )
    acts: list[Act] = []
    active, login = facts.get("active") == "true", facts.get("login_id")
    if active and login and facts.get("frozen") != "true":
        acts.append(_update(ActKind.FREEZE, target, f"Freeze {who}", "UserLogin", login, {"IsFrozen": True}))
    if facts.get("sessions") not in (None, "0"):
        request = "DELETE /sobjects/AuthSession/{each of the user's sessions}"
        acts.append(Act(ActKind.END_SESSIONS, target, f"End all sessions of {who}", request, {"do": "end_sessions"}))
    if facts.get("tokens") not in (None, "0"):
        acts.append(_revoke(target, f"Revoke all OAuth tokens of {who}"))
    if active:
        breaks = consequences.told(facts, who)
        says = f"Deactivate {who}" + (f" ({breaks})" if breaks else "")
        acts.append(_update(ActKind.DEACTIVATE, target, says, "User", key, {"IsActive": False}))
    return acts


def _integration(target: Target, facts: Facts) -> Sequence[Act] | ByHand:
    app = facts.get("app") or target.integration_key
    if not (target.integration_key or "").startswith("app:"):
        return ByHand(
            "blocking an app concerns everybody who uses it, and no API call of ours does it",
            (
                f"In Setup, open Connected Apps OAuth Usage (or External Client App Manager) and find {app}.",
                "Revoke its tokens there and choose Block, or uninstall it.",
            ),
        )
    acts = []
    for user, key in json.loads(facts.get("holders") or "[]"):
        one = Target(
            TargetKind.CREDENTIAL, account_key=user, credential_key=key, integration_key=target.integration_key
        )
        acts.append(_revoke(one, f"Revoke a token of {app} (user {user})"))
    return acts


def _grant(target: Target, facts: Facts) -> Sequence[Act] | ByHand:
    who, kind = facts.get("username") or target.account_key, facts.get("kind") or "entitlement"
    if facts.get("by_policy") == "true":
        steps = ("In Setup, open User Access Policies.", f"Change the policy that assigns this to {who}.")
        return ByHand("a user access policy decides on this assignment and would bring it back", steps)
    if facts.get("of_profile") == "true":
        return ByHand("this set belongs to a profile", (f"Move {who} to another profile.",))
    what = f"{kind.replace('_', ' ')} {target.entitlement_key}"
    if target.until:
        return _time_box(target, facts, what)
    if assignment := facts.get("assignment_id"):
        return [_delete(target, f"Remove {what} from {who}", "PermissionSetAssignment", assignment)]
    if (row := facts.get("row_id")) and (source := facts.get("row_of")):
        return [_delete(target, f"Remove {who} from {what}", source, row)]
    key = target.account_key or ""
    if kind == "role":
        return [_update(ActKind.REMOVE_GRANT, target, f"Clear the role of {who}", "User", key, {"UserRoleId": None})]
    least = facts.get("least_profile_id")
    if kind == "profile" and least and least != target.entitlement_key:
        says = f"Move {who} to profile {facts.get('least_profile')}"
        return [_update(ActKind.CHANGE_GRANT, target, says, "User", key, {"ProfileId": least})]
    return ByHand(
        "a user always has a profile, and no least-privilege profile of the same licence is configured",
        (f"In Setup, edit {who}.", "Choose a profile of the same licence that allows less."),
    )


def _time_box(target: Target, facts: Facts, what: str) -> Sequence[Act] | ByHand:
    """Give an assignment an end, where it has none or a later one."""
    who, assignment = facts.get("username") or target.account_key, facts.get("assignment_id")
    if not assignment:
        steps = (f"Note {target.until} in the calendar, and take {what} away from {who} then.",)
        return ByHand("only assignments of permission sets and their groups can be given an end", steps)
    ends, wanted = when(facts.get("until")), when(target.until)
    if wanted is None or (ends is not None and ends <= wanted):
        return ()
    fields, says = {"ExpirationDate": moment(wanted)}, f"End {what} of {who} on {wanted.date()}"
    return [_update(ActKind.TIME_BOX, target, says, "PermissionSetAssignment", assignment, fields)]


def restore(before: Look) -> Sequence[Act] | ByHand:
    """Say which calls would bring back what `before` shows. Sessions and tokens cannot be brought back."""
    facts = before.facts
    account, held = facts.get("account_key") or "", facts.get("entitlement_key") or ""
    if before.state is not State.PRESENT:
        return ()
    if facts.get("target") == TargetKind.ACCOUNT:
        return _restore_account(account, facts)
    if facts.get("target") != TargetKind.GRANT:
        return ByHand("a revoked token cannot be brought back", ("The person signs in to the app again.",))
    target = Target(TargetKind.GRANT, account, held, facts.get("kind"), username=facts.get("username"))
    who, assignment = facts.get("username") or account, facts.get("assignment_id")
    if assignment and facts.get("wanted_until"):
        says, former = f"Give {held} of {who} its former end back", {"ExpirationDate": facts.get("until")}
        return [_update(ActKind.RESTORE, target, says, "PermissionSetAssignment", assignment, former)]
    if assignment:
        column = "PermissionSetGroupId" if held.startswith("0PG") else "PermissionSetId"
        fields: dict[str, object] = {"AssigneeId": account, column: held}
        if facts.get("until"):
            fields["ExpirationDate"] = facts["until"]
        return [_create(target, f"Give {held} back to {who}", "PermissionSetAssignment", fields)]
    if source := facts.get("row_of"):
        fields = {facts.get("row_what") or "": held, facts.get("row_who") or "": account}
        return [_create(target, f"Put {who} back into {held}", source, fields)]
    column = "UserRoleId" if held.startswith("00E") else "ProfileId"
    return [_update(ActKind.RESTORE, target, f"Give {held} back to {who}", "User", account, {column: held})]


def _restore_account(account: str, facts: Facts) -> Sequence[Act]:
    target = Target(TargetKind.ACCOUNT, account, username=facts.get("username"))
    who, login = facts.get("username") or account, facts.get("login_id")
    acts = [_update(ActKind.RESTORE, target, f"Activate {who}", "User", account, {"IsActive": True})]
    if login and facts.get("frozen") == "false":
        acts.append(_update(ActKind.RESTORE, target, f"Unfreeze {who}", "UserLogin", login, {"IsFrozen": False}))
    return acts
