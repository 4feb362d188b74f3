"""Ask about one thing that a list does not name any more: HubSpot counts nothing, so a shorter list proves nothing.

The reader's own question, with the reader's key. A user is gone when its id answers 404 and its e-mail is nobody's, or
somebody else's by now; a role, a team or super admin when the user's own row does not name it; an SMTP token on 404.
"""

from __future__ import annotations

import hashlib

from connectors.connector import Look, State, Target, TargetKind
from connectors.hubspot import entitlements, looks
from connectors.hubspot.client import Client
from connectors.hubspot.lists import Row, text
from connectors.hubspot.paths import Place
from connectors.hubspot.wire import Answer
from connectors.records import Stream

UNCOUNTED = frozenset({Stream.ACCOUNTS, Stream.GRANTS, Stream.INTEGRATIONS})


class Asking:
    """Asks; whoever held several things that are not named any more is asked for once, as long as they come in a row."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._last: tuple[str, Row | None, Answer] | None = None

    def look(self, target: Target) -> Look:
        """Whether the target is there now. Never UNKNOWN: what HubSpot refuses to say is raised as Denied."""
        if target.kind is TargetKind.GRANT:
            return self._held(target)
        self._last = None
        if target.kind is TargetKind.ACCOUNT:
            return self._account(target)
        return self._program(target.integration_key or "")

    def _account(self, target: Target) -> Look:
        key, email = target.account_key or "", target.email or target.username or ""
        row, answer = looks.user(self._client, key)
        if row is not None or "@" not in email:
            return _said(row is not None, answer)
        row, by_email = looks.user(self._client, email, by_email=True)
        return _said(row is not None and text(row, "id") == key, answer, by_email)

    def _held(self, target: Target) -> Look:
        key = target.account_key or ""
        fresh = self._last is None or self._last[0] != key
        if self._last is None or fresh:
            self._last = (key, *looks.user(self._client, key))
        _, row, answer = self._last
        there = row is not None and target.entitlement_key in entitlements.held(row)
        return _said(there, answer) if fresh else Look(State.PRESENT if there else State.ABSENT, {}, "", "")

    def _program(self, key: str) -> Look:
        kind, _, number = key.partition(":")
        if kind != "smtp_token":  # a credential that we do not enter by any more: whether it is there, nobody asks us
            return Look(State.ABSENT, {}, "", "")
        answer = self._client.read(Place.SMTP_TOKENS, number, allow=(404,))
        return _said(answer.status != 404, answer)


def _said(there: bool, *answers: Answer) -> Look:
    digest = hashlib.sha256("".join(answer.digest for answer in answers).encode()).hexdigest()
    asked = " and ".join(f"{answer.asked} -> {answer.status}" for answer in answers)
    return Look(State.PRESENT if there else State.ABSENT, {}, asked, digest, answers[-1].at)
