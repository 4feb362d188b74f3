"""The one way to HubSpot: reads are asked again when that helps, changes are sent once, refusals come sorted.

On v3 paths HubSpot's own client builds the requests (`vendor`); on dated paths, and for account-info on both, we do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors import pacing
from connectors.connector import Config, Keep, Secret
from connectors.errors import Denied, Misread
from connectors.hubspot import auth, paths, refusals
from connectors.hubspot.paths import Place, Version
from connectors.hubspot.wire import HUBSPOT, Answer, Wire

Query = Sequence[tuple[str, str]]
LONGEST_AUDIT = 365  # days


class Client:
    """A signed-in connection to one portal."""

    def __init__(
        self,
        wire: Wire,
        version: Version,
        credential: auth.Credential,
        portal: str | None = None,
        *,
        seats: bool = True,
        audit_days: int = 7,
    ) -> None:
        self.version, self.seats, self.audit_days = version, seats, audit_days
        self.zone: tzinfo | None = None
        self.left: str | None = None  # of today's allowance, as the last answer's headers said
        self.server_at: datetime | None = None  # HubSpot's own clock on the last answer
        self._wire, self._credential, self._portal = wire, credential, portal
        self._principal: auth.Principal | None = None
        self._asked_principal = False
        self._vendor: Any = None
        if version is Version.V3:
            from connectors.hubspot.vendor import Vendor

            self._vendor = Vendor(wire, self._authorization)

    def principal(self) -> auth.Principal | None:
        """Whose credential this is, asked once; None: HubSpot does not know. Denied when it is of another portal."""
        if not self._asked_principal:
            found = self._credential.introspect()
            if found and self._portal and found.portal != self._portal:
                raise Denied(
                    f"the credential belongs to portal {found.portal}, this system is portal {self._portal}",
                    missing=f"a credential of portal {self._portal}",
                )
            self._principal, self._asked_principal = found, True
        return self._principal

    def read(self, place: Place, key: str | None = None, query: Query = (), *, allow: Sequence[int] = ()) -> Answer:
        """Read a place or one item of it. Statuses in `allow` (404, where absence is an answer) are given back."""

        def ask() -> Answer:
            answer = self._send("GET", place, key, query, None)
            if refusals.is_expired(answer) and self._credential.renew():
                answer = self._send("GET", place, key, query, None)
            self._check(answer, place, allow, changes=False)
            return answer

        return pacing.read(ask, clock=self._wire.clock, sleep=self._wire.sleep)

    def change(
        self, method: str, key: str | None, body: Mapping[str, Any] | None = None, *, allow: Sequence[int] = ()
    ) -> Answer:
        """Create, update or remove a user: sent once, never repeated."""
        answer = self._send(method, Place.USERS, key, (), body)
        self._check(answer, Place.USERS, allow, changes=True)
        return answer

    def details(self) -> Answer:
        """The account's own facts; remembers its time zone, and refuses another portal than the credential's."""
        answer = self.read(Place.DETAILS)
        body, principal = answer.body(), self.principal()
        if principal and body.get("portalId") is not None and str(body["portalId"]) != principal.portal:
            raise Misread(f"details are of portal {body['portalId']}, the credential is of {principal.portal}")
        try:
            self.zone = ZoneInfo(str(body.get("timeZone")))
        except (ZoneInfoNotFoundError, ValueError):
            self.zone = None
        return answer

    def close(self) -> None:
        """Let go of connections."""
        self._wire.close()

    def _authorization(self) -> str:
        return f"Bearer {self._credential.token()}"

    def _send(self, method: str, place: Place, key: str | None, query: Query, body: Mapping[str, Any] | None) -> Answer:
        if self._vendor is not None and self._vendor.knows(place):
            answer: Answer = self._vendor.send(method, place, key, query, body)
        else:
            headers = {"Authorization": self._authorization()}
            if body is not None:
                headers["Content-Type"] = "application/json"
            url = paths.path(self.version, place, key) + (f"?{urlencode(query)}" if query else "")
            text = None if body is None else json.dumps(body)
            answer = self._wire.send(method, url, headers=headers, body=text, changes=method != "GET")
        self.server_at = answer.at or self.server_at
        if daily := answer.headers.get("X-HubSpot-RateLimit-Daily-Remaining"):
            self.left = f"{daily} of {answer.headers.get('X-HubSpot-RateLimit-Daily', '?')}"
        return answer

    def _check(self, answer: Answer, place: Place, allow: Sequence[int], *, changes: bool) -> None:
        if answer.status in allow:
            return
        if answer.status == 404 and place in paths.ADD_ONS:
            raise Denied(f"{answer.asked}: not found; {place} come with an add-on", missing=paths.ADD_ONS[place])
        needs = " or ".join(paths.WRITING) if changes else paths.SCOPES[place]
        error = refusals.trouble(answer, answer.asked, needs=needs, changes=changes, zone=self.zone)
        if error:
            raise _redacted(error, self._credential.secrets())


def _redacted(error: Exception, secrets: Sequence[str]) -> Exception:
    """The same error, should HubSpot have repeated our token to us."""
    error.args = tuple(pacing.redact(str(arg), *secrets) for arg in error.args)
    return error


def open_client(config: Config, secret: Secret, keep: Keep) -> Client:
    """Connect as config and secret say. Raises ValueError naming what is wrong in them.

    config: "base_url"; "api_version" (2026-03 or v3); "portal_id" (refuse any other); "calls_per_10s"; "seats" (v3 or
    off); "audit_days" (how far back the audit log is read, 0 for not at all).
    """
    asked = config.get("api_version") or Version.DATED
    if asked not in list(Version):
        raise ValueError(f'"api_version" must be {" or ".join(Version)}, not {asked!r}')
    calls = config.get("calls_per_10s") or "90"
    if not calls.isdigit() or not int(calls):
        raise ValueError(f'"calls_per_10s" must be a number, not {calls!r}')
    seats = config.get("seats") or "v3"
    if seats not in ("v3", "off"):
        raise ValueError(f'"seats" must be v3 or off, not {seats!r}')
    days = config.get("audit_days") or "7"
    if not days.isdigit() or int(days) > LONGEST_AUDIT:
        raise ValueError(f'"audit_days" must be a number of days from 0 to {LONGEST_AUDIT}, not {days!r}')
    wire = Wire(config.get("base_url") or HUBSPOT, calls=int(calls))
    version = Version(asked)
    credential = auth.open_credential(secret, wire, version, keep)
    return Client(wire, version, credential, config.get("portal_id"), seats=seats != "off", audit_days=int(days))
