"""How we get in: a personal access token, or an admin's session whose refresh token is good for one use only.

A renewed session is handed to `keep` and counts as ours only when that returns; whoever loses one has to sign in anew.
When `keep` fails, the new session is held and offered to it again before anything else is asked.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors import pacing
from connectors.connector import Config, Keep, Secret

CONFIG_KEYS = {
    "url": "the server's address, such as https://crm.example.com",
    "login_days": "how many days of sign-ins to read, 1 to 400; 365 if absent",
    "page_size": "rows per page, 2 to 1000; 500 if absent",
}
SECRET_KEYS = {
    "token": "a personal access token, bcrm_pat_…",
    "refresh": "a session's refresh token",
    "access": "the access token that came with it, if still good",
}
TOKEN_PREFIX = "bcrm_pat_"  # noqa: S105 - a prefix that every token shares
EARLY = 60  # seconds before its end at which an access token is renewed


@dataclass(frozen=True, slots=True)
class Access:
    """A configuration without mistakes: either `token` or `refresh` is set."""

    url: str
    token: str | None = field(default=None, repr=False)
    refresh: str | None = field(default=None, repr=False)
    access: str | None = field(default=None, repr=False)
    login_days: int = 365
    page_size: int = 500


@dataclass(frozen=True, slots=True)
class Session:
    """An access token (one hour) and the refresh token (14 days, one use) that renews it."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)


def read_access(config: Config, secret: Secret) -> Access:
    """Check configuration and secret together. ValueError names every mistake and the way out, never a value."""
    mistakes = [f"{key}: not a setting of the BottleCRM connector" for key in sorted(set(config) - set(CONFIG_KEYS))]
    mistakes += [f"secret {key}: not one of {', '.join(SECRET_KEYS)}" for key in sorted(set(secret) - set(SECRET_KEYS))]
    url = (config.get("url") or "").rstrip("/").removesuffix("/api")
    if trouble := pacing.why_not_address(url):
        mistakes.append(f"url: {trouble}")
    days = _number(config, "login_days", 365, 1, 400, mistakes)
    size = _number(config, "page_size", 500, 2, 1000, mistakes)
    mistakes += _secret_mistakes(secret)
    if mistakes:
        raise ValueError("BottleCRM cannot be opened: " + "; ".join(mistakes))
    return Access(
        url, secret.get("token"), secret.get("refresh"), secret.get("access"), login_days=days, page_size=size
    )


def _number(config: Config, name: str, default: int, low: int, high: int, mistakes: list[str]) -> int:
    text = config.get(name) or str(default)
    if text.isascii() and text.isdigit() and low <= int(text) <= high:
        return int(text)
    mistakes.append(f"{name}: must be a whole number from {low} to {high}")
    return default


def _secret_mistakes(secret: Secret) -> list[str]:
    token, refresh = secret.get("token"), secret.get("refresh")
    if bool(token) == bool(refresh):
        return ["secret: give either token (a personal access token) or refresh (a session's refresh token)"]
    if token and not token.startswith(TOKEN_PREFIX):
        return [f"secret token: does not begin with {TOKEN_PREFIX}; a session's tokens go under refresh and access"]
    if refresh and claims(refresh).get("token_type") != "refresh":
        return ["secret refresh: is not a refresh token; copy the one that was issued together with the access token"]
    if refresh and not claims(refresh).get("org_id"):
        return ["secret refresh: names no organisation; choose one with auth/switch-org/ and store what it answers"]
    return []


def claims(jwt: str) -> Mapping[str, Any]:
    """What a JWT says of itself, unverified: good for reading our own, never for trusting another's. {} if unreadable."""
    try:
        middle = jwt.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (IndexError, ValueError, binascii.Error):
        return {}
    return said if isinstance(said, dict) else {}


class SignIn:
    """Holds the credential in use; `header` gives the Authorization value for the next request.

    `renew` exchanges a refresh token at the server, exactly once, for the next pair.
    """

    def __init__(
        self, access: Access, keep: Keep, renew: Callable[[str], Session], now: Callable[[], float] = time.time
    ) -> None:
        self._token, self._keep, self._renew, self._now = access.token, keep, renew, now
        self._session = Session(access.access or "", access.refresh) if access.refresh else None
        self._unkept: Session | None = None

    @property
    def by_session(self) -> bool:
        """Whether this is a person's session, which may read what tokens may not."""
        return self._session is not None

    @property
    def principal(self) -> str | None:
        """The user id of our own account, where the credential itself says it."""
        return claims(self._session.refresh).get("user_id") if self._session else None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret that a message must not hold."""
        held = [s for pair in (self._session, self._unkept) if pair for s in (pair.access, pair.refresh)]
        return tuple(secret for secret in (self._token, *held) if secret)

    def header(self) -> str:
        """The Authorization header's value, after renewing a session that is about to end."""
        if self._session is None:
            return f"Bearer {self._token}"
        if self._unkept or claims(self._session.access).get("exp", 0) - EARLY <= self._now():
            self.renew()
        return f"Bearer {self._session.access}"

    def renew(self) -> None:
        """Exchange the refresh token and have the new session committed; only then is it ours to use."""
        if self._session is None:
            raise ValueError("a personal access token cannot be renewed")
        self._unkept = self._unkept or self._renew(self._session.refresh)
        self._keep({"refresh": self._unkept.refresh, "access": self._unkept.access})
        self._session, self._unkept = self._unkept, None
