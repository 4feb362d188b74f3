"""Take a role, a team or a whole user away in HubSpot, one act at a time, after looking once more.

Just before each change the user is read again: the id, the e-mail and the super admin flag must be those that were
reviewed, its roles and teams those that the plan was made from. The credential's owner and the last super admin are
never touched. A change that HubSpot answers with 200 and does not make is a refusal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.connector import Act, ActKind, ByHand, Config, Coverage, Keep, Look, Secret, Target, TargetKind
from connectors.errors import ConnectorError, Declined, Denied, Unreachable
from connectors.hubspot import accounts, looks, paths, plans, reader, refusals
from connectors.hubspot.client import Client, open_client
from connectors.hubspot.lists import Row, Shelf, text
from connectors.hubspot.wire import Answer
from connectors.receipt import ActReceipt
from connectors.records import Stream

ACTS = frozenset({ActKind.REMOVE_GRANT, ActKind.REMOVE_ACCOUNT, ActKind.RESTORE})


class HubSpotExecutor:
    """Acts on one portal with a credential of its own.

    config, besides the reader's: "accounts" = remove (default) or deactivate (by hand); "protected" = account keys that
    no act may target, separated by commas.
    """

    def __init__(self, config: Config, secret: Secret, keep: Keep) -> None:
        self._client = open_client(config, secret, keep)
        self._ends = config.get("accounts") or "remove"
        if self._ends not in ("remove", "deactivate"):
            raise ValueError(f'"accounts" must be remove or deactivate, not {self._ends!r}')
        named = [each.strip() for each in (config.get("protected") or "").split(",")]
        self._protected = {key: "this account is protected by the configuration" for key in named if key}

    def check(self) -> Coverage:
        """As the reader's, with the acts that the credential's scopes allow."""
        coverage, own = reader.check(self._client), self._client.principal()
        scopes = own.scopes if own and own.owner else frozenset()
        may = scopes is None or any(scope in scopes for scope in paths.WRITING)
        return replace(coverage, acts=ACTS if may else frozenset())

    def look(self, target: Target) -> Look:
        """Read the target fresh. Says also whose credential this is, so that `plan` can spare its owner."""
        found = looks.look(self._client, target)
        try:
            own = self._client.principal()
        except Denied:
            own = None
        return replace(found, facts={**found.facts, "principal": own.owner if own else None})

    def plan(self, target: Target, before: Look) -> Sequence[Act] | ByHand:
        """The acts, or a person's steps. No request is made."""
        if target.kind is TargetKind.ACCOUNT and self._ends == "deactivate":
            return plans.deactivation(before.facts.get("email") or target.email or target.account_key or "the user")
        spared = dict(self._protected)
        if owner := before.facts.get("principal"):
            spared[owner] = "this account owns Rolecall's own credential, which would die with it"
        return plans.plan(target, before, self._client.version, spared)

    def perform(self, act: Act) -> ActReceipt:
        """Carry out one act, once, after a fresh look. Raises Declined when that look does not match the plan."""
        method, body = act.arguments.get("method"), json.loads(act.arguments.get("body") or "null")
        _spare_our_own(self._client, act, self._protected)
        if method == "POST":
            return _receipt(self._client.change("POST", None, body))
        row, answer = looks.user(self._client, act.target.account_key or "")
        if row is None:
            return _gone(self._client, act, answer)
        _insist_on_same(act, row)
        if method == "DELETE":
            _spare_last_super_admin(self._client, row)
            return _receipt(self._client.change("DELETE", act.target.account_key, allow=(404,)))
        return _written(self._client, act, row, body, answer)

    def restore(self, before: Look) -> Sequence[Act] | ByHand:
        """The acts that bring back what `before` shows, or a person's steps."""
        return plans.restore(before, self._client.version)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


def _spare_our_own(client: Client, act: Act, protected: Mapping[str, str]) -> None:
    own = client.principal()
    if own is None or own.owner is None:
        raise Declined("HubSpot does not say whose credential this is; change it by hand", said="no owner given")
    if not act.target.account_key or act.target.account_key == own.owner:
        raise Declined("this account owns Rolecall's own credential; change it by hand", said="own account")
    if why := protected.get(act.target.account_key):
        raise Declined(f"{why}; change it by hand", said=why)


def _insist_on_same(act: Act, row: Row) -> None:
    facts = looks.facts_of(row)
    for name in ("id", "email", "superAdmin"):
        was, now = act.arguments.get(name), facts.get(name)
        if (was or "").lower() != (now or "").lower():
            said = f"{name} is {now}, it was {was} when this was planned"
            raise Declined(f"user {act.target.account_key}: {said}; look again", said=said)


def _spare_last_super_admin(client: Client, row: Row) -> None:
    """Read the whole list now; a super admin who is deactivated does not count as one who is left."""
    if row.get("superAdmin") is not True:
        return
    key = text(row, "id")
    for batch in accounts.kept(client, Shelf(), Stream.ACCOUNTS):
        for other in batch.rows:
            other_key = text(other, "id")
            is_other = other.get("superAdmin") is True and other_key not in (None, key)
            if is_other and looks.deactivated(client, other_key or "")[0] != "true":
                return
    raise Declined(f"user {key} is the last super admin; name another one first", said="the last super admin")


def _gone(client: Client, act: Act, answer: Answer) -> ActReceipt:
    """404 by id: done already, if the e-mail is gone as well."""
    email = act.arguments.get("email")
    other, by_email = looks.user(client, email, by_email=True) if email else (None, answer)
    if other is not None:
        said = f"404 by id, but {email} is user {text(other, 'id')}"
        raise Declined(f"{said}; look again", said=said)
    return replace(_receipt(by_email), asked=f"{answer.asked} -> 404: gone already, nothing was sent")


def _written(client: Client, act: Act, row: Row, body: Mapping[str, object], fresh: Answer) -> ActReceipt:
    """PUT the intended state and read it back."""
    now = plans.state_of(looks.facts_of(row))
    key = act.target.account_key or ""
    if act.kind is ActKind.RESTORE:
        intended = {**now, **body}
    else:
        intended = json.loads(act.arguments.get("intended") or "{}")
        if now == intended:
            return replace(_receipt(fresh), asked=f"{fresh.asked}: already so, nothing was sent")
        if now != json.loads(act.arguments.get("was") or "{}"):
            said = "its role or teams have changed since this was planned"
            raise Declined(f"user {key}: {said}; look again", said=said)
    answer = client.change("PUT", key, body)
    try:
        after, _ = looks.user(client, key)
    except ConnectorError as error:
        text_of = f"user {key}: HubSpot answered {answer.status}, but it could not be read afterwards ({error})"
        raise Unreachable(f"{text_of}; look before trying again", ambiguous=True) from error
    if after is not None:
        left = plans.state_of(looks.facts_of(after))
        wrong = [
            f"{name} is {left[name]!r}, wanted {intended[name]!r}" for name in intended if left[name] != intended[name]
        ]
        if wrong:
            said = f"HubSpot answered {answer.status}, but {'; '.join(wrong)}"
            raise Declined(f"user {key}: {said}; change it by hand", said=said)
    return _receipt(answer)


def _receipt(answer: Answer) -> ActReceipt:
    reference = answer.headers.get("X-HubSpot-Correlation-Id") or refusals.envelope(answer).correlation
    return ActReceipt(answer.asked, answer.status, answer.digest, answer.at, reference)
