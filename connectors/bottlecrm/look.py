"""Reads one thing as it is now: an account, a grant, a token or a webhook.

`facts` name the thing as well as its state, because `restore` has nothing else to go by. A 404 in BottleCRM's own words,
a revoked token or an inactive membership prove absence; a refusal, or another e-mail on the same key, proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.bottlecrm import entitlements, grants, integrations, lists
from connectors.bottlecrm.accounts import account, login_of
from connectors.bottlecrm.client import Answer, Client
from connectors.connector import Look, State, Target, TargetKind
from connectors.errors import Denied, Misread

Facts = dict[str, str | None]


def look(client: Client, target: Target) -> Look:
    """The target's state at this moment. A right that we lack makes it UNKNOWN, with BottleCRM's sentence."""
    try:
        if target.kind is TargetKind.ACCOUNT:
            return _account(client, target)
        if target.kind is TargetKind.GRANT:
            return _grant(client, target)
        return _program(client, target)
    except Denied as error:
        return Look(State.UNKNOWN, {}, asked=str(target.kind), digest="", because=error.missing)


def _account(client: Client, target: Target) -> Look:
    row, answer = _person(client, target)
    facts: Facts = {"what": "account", "account": target.account_key}
    if row is None:
        return _seen(answer, State.ABSENT, facts)
    facts |= _of_person(row)
    if trouble := _other_person(row, target):
        return _seen(answer, State.UNKNOWN, facts, trouble)
    active = account(row).active
    facts["active"] = str(active)
    if active is None:
        return _seen(answer, State.UNKNOWN, facts, "BottleCRM does not say whether the account is active")
    return _seen(answer, State.PRESENT if active else State.ABSENT, facts)


def _grant(client: Client, target: Target) -> Look:
    kind, name = entitlements.split(target.entitlement_key or "")
    facts: Facts = {"what": kind, "account": target.account_key, "entitlement": target.entitlement_key}
    if kind == entitlements.TEAM:
        return _membership(client, target, name, facts)
    row, answer = _person(client, target)
    if row is None:
        return _seen(answer, State.ABSENT, facts)
    facts |= _of_person(row)
    if trouble := _other_person(row, target):
        return _seen(answer, State.UNKNOWN, facts, trouble)
    held = {grant.entitlement_key for grant in grants.of_people([row])}
    return _seen(answer, State.PRESENT if target.entitlement_key in held else State.ABSENT, facts)


def _membership(client: Client, target: Target, name: str, facts: Facts) -> Look:
    answer = client.get(f"/api/teams/{name}/", may_lack=True)
    if answer.status == 404:
        return _seen(answer, State.ABSENT, facts)
    team = team_of(answer)
    facts["team"] = str(team.get("name"))
    for member in grants.members(team):
        if str(login_of(member)["id"]) == target.account_key:
            facts |= {"profile": str(member["id"]), "email": str(login_of(member)["email"])}
            trouble = _other_person(member, target)
            return _seen(answer, State.UNKNOWN if trouble else State.PRESENT, facts, trouble)
    return _seen(answer, State.ABSENT, facts)


def _program(client: Client, target: Target) -> Look:
    kind, key = program_of(target)
    if kind == "webhook":
        answer = client.get(f"/api/webhooks/{key}/", may_lack=True)
        facts: Facts = {"what": "webhook", "webhook": key}
        if answer.status == 404:
            return _seen(answer, State.ABSENT, facts)
        hook = integrations.of_webhook(answer.body)
        facts |= {"name": hook.name, "active": str(hook.active)}
        return _seen(answer, State.PRESENT if hook.active is not False else State.ABSENT, facts)
    answer = client.get("/api/org/tokens/")
    facts = {"what": "token", "token": key}
    for row in integrations.tokens(answer.body)[0]:
        if str(row.get("id")) == key:
            facts |= {
                name: str(row.get(name)) for name in ("name", "token_prefix", "revoked_at", "expires_at", "is_live")
            }
            return _seen(answer, State.ABSENT if row.get("is_live") is False else State.PRESENT, facts)
    return _seen(answer, State.ABSENT, facts)


def program_of(target: Target) -> tuple[str, str]:
    """("token" or "webhook", its id), from a credential's key or an integration's."""
    if target.credential_key:
        return "token", target.credential_key
    kind, _, key = (target.integration_key or "").partition(":")
    if kind not in ("token", "webhook") or not key:
        raise ValueError(f"{target.integration_key!r} is not a BottleCRM integration")
    return kind, key


def team_of(answer: Answer) -> Mapping[str, Any]:
    """The team in the answer of `teams/{id}/`."""
    team = answer.body.get("team") if isinstance(answer.body, Mapping) else None
    if not isinstance(team, Mapping) or not team.get("name"):
        raise Misread(f"BottleCRM, {answer.asked}: the answer has no team in it")
    return team


def _person(client: Client, target: Target) -> tuple[Mapping[str, Any] | None, Answer]:
    """The profile row of the target's account and the answer it was in; None when BottleCRM has no such member.

    By e-mail first: asking for one person by id brings along the customers and deals that they look after.
    """
    if target.email:
        answer = client.get("/api/users/", {"email": target.email, "limit": client.access.page_size})
        for column in lists.columns(answer, lists.people_columns):
            for row in column.rows:
                if str(login_of(row)["id"]) == target.account_key:
                    return row, answer
    answer = client.get(f"/api/user/{target.account_key}/", may_lack=True)
    if answer.status == 404:
        return None, answer
    try:
        return answer.body["data"]["profile_obj"], answer
    except (KeyError, TypeError) as error:
        raise Misread(f"BottleCRM, {answer.asked}: the answer has no person in it") from error


def _of_person(row: Mapping[str, Any]) -> Facts:
    named = ("role", *(native for native, _, _ in entitlements.FLAGS.values()))
    facts: Facts = {"profile": str(row.get("id")), "email": str(login_of(row)["email"])}
    return facts | {name: str(row.get(name)) for name in named}


def _other_person(row: Mapping[str, Any], target: Target) -> str | None:
    email = str(login_of(row)["email"])
    if target.email is None or target.email.casefold() == email.casefold():
        return None
    return f"the account is now {email}, not {target.email}"


def _seen(answer: Answer, state: State, facts: Facts, because: str | None = None) -> Look:
    return Look(state, facts, asked=answer.asked, digest=answer.digest, at=answer.at, because=because)
