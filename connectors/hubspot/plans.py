"""Say which calls would take a target away from a HubSpot user, or bring it back, or which steps a person must take.

Pure: it works from what `look` found. The API writes one role, one main team and the additional teams of a user, and
removes users; nothing else. What it does with a field that is left out is not documented, so the complete intended state
is sent, with an explicit null for what goes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.connector import Act, ActKind, ByHand, Look, State, Target, TargetKind
from connectors.hubspot.paths import Place, Version, path

Facts = Mapping[str, str | None]
State3 = dict[str, Any]  # roleId, primaryTeamId, secondaryTeamIds: what a PUT writes

AGAIN = "Read the portal again afterwards: the reading proves the change."
USERS = "In HubSpot, open Settings > Users & Teams as a super admin"


def plan(target: Target, before: Look, version: Version, protected: Mapping[str, str]) -> Sequence[Act] | ByHand:
    """Acts that take the target away; none when it is gone already.

    `protected`: account keys that no act may target, with the reason.
    """
    if target.kind in (TargetKind.INTEGRATION, TargetKind.CREDENTIAL):
        return _by_hand_integration(target)
    who = before.facts.get("email") or target.email or target.account_key or "the account"
    if why := protected.get(target.account_key or ""):
        return ByHand(why, (f"Decide with a super admin how {who} may be changed without locking Rolecall out.",))
    if before.state is State.ABSENT:
        return ()
    if before.state is State.UNKNOWN:
        return ByHand(f"it is not certain that it is there: {before.because or before.state}", (AGAIN,))
    if target.kind is TargetKind.ACCOUNT:
        return _removal(target, before.facts, who, version)
    kind, _, number = (target.entitlement_key or "").partition(":")
    if kind == "super_admin":
        return ByHand(
            "HubSpot's API cannot give or take super admin",
            (
                f"{USERS}, find {who} and open its permissions.",
                "Take Super Admin away and give the role it should have.",
                AGAIN,
            ),
        )
    return _without(target, before.facts, who, kind, number, version)


def deactivation(who: str) -> ByHand:
    """Steps to deactivate, which keeps the profile and can be undone; verified by hs_deactivated or DEACTIVATE_USER."""
    return ByHand(
        "HubSpot's API cannot deactivate a user; it can only remove one",
        (
            f"{USERS}, tick {who} and choose Deactivate.",
            "Give its open records and scheduled pages a new owner when HubSpot asks.",
            AGAIN,
        ),
    )


def restore(before: Look, version: Version) -> Sequence[Act] | ByHand:
    """Acts that bring back what `before` shows."""
    facts, entitlement = before.facts, before.facts.get("entitlement")
    key, email = facts.get("id"), facts.get("email")
    if before.state is not State.PRESENT or not key or not email:
        return ByHand("there was nothing to bring back", (f"{USERS} and compare with the review.",))
    if by_hand := _only_by_hand(facts, entitlement, email):
        return by_hand
    target = Target(TargetKind.GRANT if entitlement else TargetKind.ACCOUNT, key, entitlement, email=email)
    former = {name: value for name, value in state_of(facts).items() if value not in (None, [])}
    if entitlement:
        says, method, body = f"Give {email} its former role and teams", "PUT", former
    else:
        names = {name: facts[name] for name in ("firstName", "lastName") if facts.get(name)}
        says, method = f"Invite {email} again with its former role and teams", "POST"
        body = {"email": email, "sendWelcomeEmail": True, **names, **former}
    return (_act(ActKind.RESTORE, target, says, method, body, facts, version, {}),)


def _only_by_hand(facts: Facts, entitlement: str | None, email: str) -> ByHand | None:
    if entitlement == "super_admin":
        steps = (f"{USERS}, find {email} and give it back.", AGAIN)
        return ByHand("the API cannot give super admin", steps)
    if len(_many(facts, "roleIds")) > 1:
        return ByHand("the API writes one role only", (f"{USERS}, find {email} and give back its roles.", AGAIN))
    if not entitlement and facts.get("superAdmin") == "true":
        again = (f"{USERS} and invite {email} again.", "Give it Super Admin again.", AGAIN)
        return ByHand("the API cannot give super admin", again)
    return None


def state_of(facts: Facts) -> State3:
    """The three fields that a PUT writes."""
    return {
        "roleId": facts.get("roleId"),
        "primaryTeamId": facts.get("primaryTeamId"),
        "secondaryTeamIds": sorted(_many(facts, "secondaryTeamIds")),
    }


def _many(facts: Facts, name: str) -> list[str]:
    return [each for each in (facts.get(name) or "").split(",") if each]


def _removal(target: Target, facts: Facts, who: str, version: Version) -> Sequence[Act] | ByHand:
    says = (
        f"Remove {who} from the portal (to come back, it must be invited again; deactivating is possible by hand only)"
    )
    return (_act(ActKind.REMOVE_ACCOUNT, target, says, "DELETE", None, facts, version, {}),)


def _without(
    target: Target, facts: Facts, who: str, kind: str, number: str, version: Version
) -> Sequence[Act] | ByHand:
    was, roles = state_of(facts), _many(facts, "roleIds")
    left = [each for each in roles if kind != "role" or each != number]
    if len(left) > 1 or kind not in ("role", "team") or not number:
        because = "the API writes one role only" if len(left) > 1 else "HubSpot's API cannot take this away"
        return ByHand(because, (f"{USERS}, find {who} and take {kind} {number} away.", AGAIN))
    intended = {
        "roleId": left[0] if left else None,
        "primaryTeamId": None if kind == "team" and was["primaryTeamId"] == number else was["primaryTeamId"],
        "secondaryTeamIds": [each for each in was["secondaryTeamIds"] if kind != "team" or each != number],
    }
    # What is unset and stays unset is left out: a plan without roles or teams may refuse even a null for them.
    body = {name: value for name, value in intended.items() if value not in (None, []) or was[name] not in (None, [])}
    says = f"Take {kind} {number} away from {who}"
    more = {"was": json.dumps(was), "intended": json.dumps(intended)}
    return (_act(ActKind.REMOVE_GRANT, target, says, "PUT", body, facts, version, more),)


def _act(
    kind: ActKind,
    target: Target,
    says: str,
    method: str,
    body: Mapping[str, Any] | None,
    facts: Facts,
    version: Version,
    more: Mapping[str, str],
) -> Act:
    where = path(version, Place.USERS, None if method == "POST" else facts.get("id"))
    arguments: dict[str, str | None] = {
        "method": method,
        "id": facts.get("id"),
        "email": facts.get("email"),
        "superAdmin": facts.get("superAdmin"),
        "body": None if body is None else json.dumps(body, sort_keys=True),
        **more,
    }
    sent = f" {arguments['body']}" if body is not None else ""
    return Act(kind, target, says, f"{method} {where}{sent}", arguments)


def _by_hand_integration(target: Target) -> ByHand:
    family, _, number = (target.integration_key or (target.credential_key or "").removeprefix("token:")).partition(":")
    steps: Mapping[str, str] = {
        "app": "In HubSpot, open Settings > Integrations > Connected apps, find the app and choose Uninstall.",
        "private_app": "In HubSpot, open Settings > Integrations > Legacy apps, open the app and delete it.",
        "service_key": "In HubSpot, open Development > Keys > Service keys, find the key and deactivate it.",
        "personal_access_key": "Ask the account's owner to deactivate it under Development > Keys > Personal access key.",
        "smtp_token": "In HubSpot, open the transactional e-mail settings, find the SMTP token and delete it.",
    }
    step = steps.get(family, "In HubSpot, open Settings > Integrations and remove it.")
    return ByHand(
        "HubSpot's API cannot remove integrations or keys", (f"{step} Its number is {number or 'unknown'}.", AGAIN)
    )
