"""Look at one HubSpot target now, read fresh by its own address.

A user is absent only when HubSpot answers 404 both for its id and for its e-mail: its delete is answered 204 whether or
not there was anything to delete, its list may lag, and a refusal proves nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from connectors.connector import Look, State, Target, TargetKind
from connectors.errors import Denied
from connectors.hubspot import changes, entitlements, integrations
from connectors.hubspot.client import Client
from connectors.hubspot.lists import Row, Shelf, text, texts, walk
from connectors.hubspot.paths import Place
from connectors.hubspot.wire import Answer
from connectors.records import Stream

BY_EMAIL = [("idProperty", "EMAIL")]


def look(client: Client, target: Target) -> Look:
    """The target's state. A refusal yields UNKNOWN with its reason."""
    try:
        if target.kind in (TargetKind.INTEGRATION, TargetKind.CREDENTIAL):
            return _program(client, target)
        return _account(client, target)
    except Denied as error:
        return Look(State.UNKNOWN, {}, asked=f"refused: {error.missing}", digest="", because=str(error))


def user(client: Client, key: str, *, by_email: bool = False) -> tuple[Row | None, Answer]:
    """One user by id or by e-mail; None on 404."""
    answer = client.read(Place.USERS, key, BY_EMAIL if by_email else (), allow=(404,))
    return (None if answer.status == 404 else answer.body()), answer


def facts_of(row: Row) -> dict[str, str | None]:
    """What a user's own row says, flat."""
    roles = dict.fromkeys(each for each in (text(row, "roleId"), *texts(row, "roleIds")) if each)
    return {
        "id": text(row, "id"),
        "email": text(row, "email"),
        "superAdmin": text(row, "superAdmin"),
        "firstName": text(row, "firstName"),
        "lastName": text(row, "lastName"),
        "roleId": text(row, "roleId") or next(iter(roles), None),
        "roleIds": ",".join(roles) or None,
        "primaryTeamId": text(row, "primaryTeamId"),
        "secondaryTeamIds": ",".join(texts(row, "secondaryTeamIds")) or None,
        "seatNames": ",".join(texts(row, "seatNames")) or None,
    }


def deactivated(client: Client, key: str) -> tuple[str | None, Answer | None]:
    """`hs_deactivated` of one user, "true" or "false"; None when HubSpot does not say."""
    query = [("idProperty", "hs_internal_user_id"), ("properties", "hs_deactivated")]
    try:
        answer = client.read(Place.CRM_USERS, key, query, allow=(404,))
    except Denied:
        return None, None
    properties = answer.body().get("properties") if answer.status == 200 else None
    return (text(properties, "hs_deactivated") if isinstance(properties, dict) else None), answer


def _account(client: Client, target: Target) -> Look:
    key = target.account_key or ""
    row, answer = user(client, key)
    if row is None:
        return _absent(client, target, answer)
    facts = facts_of(row)
    answers = [answer]
    if why := why_not_same(target, facts):
        return _made(State.UNKNOWN, facts, answers, why)
    if target.kind is TargetKind.ACCOUNT:
        facts["deactivated"], more = deactivated(client, key)
        return _made(State.PRESENT, facts, [*answers, *([more] if more else [])])
    facts["entitlement"] = target.entitlement_key
    if (target.entitlement_key or "").partition(":")[0] not in entitlements.KINDS:
        return _made(State.UNKNOWN, facts, answers, f"{target.entitlement_key} is nothing that a user's own row tells")
    holds = target.entitlement_key in entitlements.held(row)
    return _made(State.PRESENT if holds else State.ABSENT, facts, answers)


def why_not_same(target: Target, facts: dict[str, str | None]) -> str | None:
    """Why the row that HubSpot gave is not the account that was meant."""
    if facts.get("id") != target.account_key:
        return f"HubSpot gave user {facts.get('id')} when asked for {target.account_key}"
    if target.email and (facts.get("email") or "").lower() != target.email.lower():
        return f"user {target.account_key} has another e-mail now than the one that was reviewed"
    return None


def _absent(client: Client, target: Target, by_id: Answer) -> Look:
    email = target.email or target.username
    if not email or "@" not in email:
        return _made(State.UNKNOWN, {}, [by_id], "404 by id; without an e-mail to ask by, that proves nothing")
    row, by_email = user(client, email, by_email=True)
    if row is None:
        return _made(State.ABSENT, {}, [by_id, by_email])
    return _made(State.UNKNOWN, facts_of(row), [by_id, by_email], f"404 by id, but {email} is user {text(row, 'id')}")


def _program(client: Client, target: Target) -> Look:
    """An integration's or a token's state, replayed from the history now; SMTP tokens from their own list."""
    key = target.integration_key or (target.credential_key or "").removeprefix("token:")
    if key.startswith("smtp_token:"):
        return _smtp(client, key)
    history = list(changes.kept(client, Shelf(), Stream.INTEGRATIONS))
    traces, _ = integrations.replay(history, {})  # whose it is, the inventory says
    trace, digest = traces.get(key), hashlib.sha256("".join(batch.digest for batch in history).encode()).hexdigest()
    asked, at = history[0].asked, history[-1].at
    if trace is None or trace.active is None:
        because = "the security history does not say whether it is still there"
        return Look(State.UNKNOWN, {}, asked, digest, at, because)
    facts = {"owner": trace.owner, "ended by event": trace.ended_by}
    return Look(State.PRESENT if trace.active else State.ABSENT, facts, asked, digest, at)


def _smtp(client: Client, key: str) -> Look:
    batches = list(walk(client, Place.SMTP_TOKENS, limit=100))
    there = any(text(row, "id") == key.partition(":")[2] for batch in batches for row in batch.rows)
    digest = hashlib.sha256("".join(batch.digest for batch in batches).encode()).hexdigest()
    return Look(State.PRESENT if there else State.ABSENT, {}, batches[0].asked, digest, batches[-1].at)


def _made(state: State, facts: dict[str, str | None], answers: Sequence[Answer], because: str | None = None) -> Look:
    digests = [answer.digest for answer in answers]
    digest = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    asked = " and ".join(f"{answer.asked} -> {answer.status}" for answer in answers)
    return replace(Look(state, facts, asked, digest, answers[-1].at), because=because)
