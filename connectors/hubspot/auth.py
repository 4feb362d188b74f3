"""Sign in to HubSpot with a service key, a private app token or OAuth, and learn whose credential it is.

A rotated refresh token is handed to `keep` before the new access token is used: if we crash in between, the stored one
still works. An access token is renewed when its own time is over, and once when HubSpot says that it has expired; a 401
alone does not mean that.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from connectors import pacing
from connectors.connector import Keep, Secret
from connectors.errors import Denied, Misread
from connectors.hubspot import paths, refusals
from connectors.hubspot.wire import Answer, Wire

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
EARLY = 60.0  # seconds before its end that an access token is no longer used
OAUTH = ("client_id", "client_secret", "refresh_token")


@dataclass(frozen=True, slots=True)
class Principal:
    """Whose credential this is. `owner`: the account that some calls run as; None: HubSpot did not say."""

    portal: str
    owner: str | None
    scopes: frozenset[str] | None
    app: str | None
    answer: Answer  # where HubSpot said so, for the receipt


class Credential(Protocol):
    """Something that gives a bearer token."""

    def token(self) -> str:
        """A token to use now."""
        ...

    def renew(self) -> bool:
        """Get another one; False when there is no other one to get."""
        ...

    def introspect(self) -> Principal | None:
        """Ask HubSpot whose it is; None when this endpoint does not know the token."""
        ...

    def secrets(self) -> tuple[str, ...]:
        """Everything that no message may hold."""
        ...


def open_credential(secret: Secret, wire: Wire, version: paths.Version, keep: Keep) -> Credential:
    """Choose by what the secret holds: `token`, or `client_id`, `client_secret` and `refresh_token`."""
    if token := secret.get("token"):
        return StaticToken(token.strip(), wire)
    missing = [name for name in OAUTH if not secret.get(name)]
    if missing:
        named = "token, or client_id, client_secret and refresh_token"
        raise ValueError(f"a HubSpot credential needs {named}; not given: token, {', '.join(missing)}")
    return OAuth(secret, wire, version, keep)


class StaticToken:
    """A service key, or a legacy private app's token: both live until somebody rotates them."""

    def __init__(self, token: str, wire: Wire) -> None:
        self._token, self._wire = token, wire

    def token(self) -> str:
        """The key itself."""
        return self._token

    def renew(self) -> bool:
        """There is no other one."""
        return False

    def introspect(self) -> Principal | None:
        """Ask for the key's portal, owner and scopes. The key goes in the body, never in the address."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        answer = _asked(self._wire, paths.OWN_TOKEN, headers, json.dumps({"tokenKey": self._token}))
        return None if answer is None else _principal(answer, "hubId", "userId", "appId")

    def secrets(self) -> tuple[str, ...]:
        """The key."""
        return (self._token,)


class OAuth:
    """An app's refresh token, exchanged for access tokens of about half an hour."""

    def __init__(self, secret: Secret, wire: Wire, version: paths.Version, keep: Keep) -> None:
        self._secret, self._wire, self._version, self._keep = dict(secret), wire, version, keep
        self._access: str | None = None
        self._until = 0.0

    def token(self) -> str:
        """The access token, exchanged anew when its time is nearly over."""
        if self._access is None or self._wire.clock() >= self._until:
            self._exchange()
        return self._access or ""

    def renew(self) -> bool:
        """Exchange again."""
        self._exchange()
        return True

    def introspect(self) -> Principal | None:
        """Ask for the access token's portal, user and scopes."""
        form = self._client() | {"token": self.token(), "token_type_hint": "access_token"}
        answer = _asked(self._wire, paths.oauth(self._version, "token/introspect"), FORM, urlencode(form))
        if answer is None:
            return None
        if answer.body().get("active") is False:
            raise Denied("HubSpot calls our access token inactive; connect again", missing="an active OAuth grant")
        return _principal(answer, "hub_id", "user_id", "app_id")

    def secrets(self) -> tuple[str, ...]:
        """Everything that was given, and the access token."""
        given = (self._secret["client_secret"], self._secret["refresh_token"])
        return (*given, self._access) if self._access else given

    def _client(self) -> dict[str, str]:
        return {name: self._secret[name] for name in ("client_id", "client_secret")}

    def _exchange(self) -> None:
        form = self._client() | {"grant_type": "refresh_token", "refresh_token": self._secret["refresh_token"]}
        path = paths.oauth(self._version, "token")
        # Sent once: where refresh tokens rotate, a repeated exchange would spend one that we never saw.
        answer = self._wire.send("POST", path, headers=FORM, body=urlencode(form), changes=True)
        if 400 <= answer.status < 404:
            said = pacing.redact(refusals.envelope(answer).message, *self.secrets())
            raise Denied(f"HubSpot refused the refresh token: {said}; connect again", missing="a valid refresh token")
        if error := refusals.trouble(answer, "exchanging the refresh token"):
            raise error
        body = answer.body()
        access, lives = body.get("access_token"), body.get("expires_in")
        if not isinstance(access, str) or not isinstance(lives, int | float):
            raise Misread("the token endpoint gave no access_token with its expires_in")
        rotated = body.get("refresh_token")
        if isinstance(rotated, str) and rotated and rotated != self._secret["refresh_token"]:
            self._secret["refresh_token"] = rotated
            self._keep(dict(self._secret))
        self._access, self._until = access, self._wire.clock() + max(0.0, lives - EARLY)


def _asked(wire: Wire, path: str, headers: dict[str, str], body: str) -> Answer | None:
    def ask() -> Answer:
        answer = wire.send("POST", path, headers=headers, body=body)
        error = (
            None if answer.status in (400, 403, 404) else refusals.trouble(answer, "asking whose credential this is")
        )
        if error:
            raise error
        return answer

    answer = pacing.read(ask, clock=wire.clock, sleep=wire.sleep)
    return answer if answer.status < 300 else None


def _principal(answer: Answer, portal: str, owner: str, app: str) -> Principal:
    body = answer.body()
    if body.get(portal) is None:
        raise Misread("HubSpot did not say which portal the credential belongs to")
    scopes = body.get("scopes", body.get("scope"))
    if isinstance(scopes, str):
        scopes = scopes.split()
    return Principal(
        portal=str(body[portal]),
        owner=str(body[owner]) if body.get(owner) is not None else None,
        scopes=frozenset(map(str, scopes)) if isinstance(scopes, list) else None,
        app=str(body[app]) if body.get(app) is not None else None,
        answer=answer,
    )
