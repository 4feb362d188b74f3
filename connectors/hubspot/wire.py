"""Send one request to HubSpot through the guarded session, and keep what came back exactly as it came.

Nothing here knows what an answer means (`refusals` does) or whether it may be asked again (`client` does).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors import pacing
from connectors.decoding import decoded
from connectors.errors import Misread

HUBSPOT = "https://api.hubapi.com"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: what was asked (method, path and query; never a secret), and the raw body with its headers."""

    asked: str
    status: int
    raw: bytes
    headers: Mapping[str, str]

    @property
    def at(self) -> datetime | None:
        """The server's own clock."""
        return pacing.server_time(self.headers)

    @property
    def digest(self) -> str:
        """SHA-256 of the raw body."""
        return hashlib.sha256(self.raw).hexdigest()

    def body(self) -> dict[str, Any]:
        """The JSON object in it. Raises Misread for anything else, a page of HTML included."""
        try:
            body = decoded(self.raw)
        except ValueError as error:  # also raised for bytes that are not UTF-8
            raise Misread(f"{self.asked}: the answer is no JSON") from error
        if not isinstance(body, dict):
            raise Misread(f"{self.asked}: the answer is no JSON object")
        return body


class Wire:
    """A session to one address, at a pace.

    `calls`: how many requests may begin within ten seconds (HubSpot allows 100 on the smallest plan, shared by all the
    requests of one app).
    """

    def __init__(
        self,
        base_url: str = HUBSPOT,
        *,
        calls: int = 90,
        timeouts: pacing.Timeouts | None = None,
        clock: pacing.Clock = time.monotonic,
        sleep: pacing.Sleep = time.sleep,
    ) -> None:
        if why := pacing.why_not_address(base_url):
            raise ValueError(f"base_url {why}")
        self.base_url = base_url.rstrip("/")
        self.clock, self.sleep = clock, sleep
        self._pace = pacing.Pace(calls, 10.0, clock, sleep)
        self._session = pacing.open_session(timeouts, clock=clock)

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: str | None = None, changes: bool = False
    ) -> Answer:
        """Send once. `url`: a path, or an address that begins with ours. Raises Unreachable when no answer came."""
        target = pacing.same_host(url, self.base_url)
        parts = urlsplit(target)
        asked = f"{method} {parts.path}" + (f"?{parts.query}" if parts.query else "")
        self._pace.keep()
        try:
            reply = self._session.request(
                method,
                target,
                headers={"Accept": "application/json", **headers},
                data=None if body is None else body.encode(),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise pacing.sorted_error(error, asked, changes=changes) from None
        return Answer(asked, reply.status_code, reply.content, reply.headers)

    def close(self) -> None:
        """Let go of connections."""
        self._session.close()
