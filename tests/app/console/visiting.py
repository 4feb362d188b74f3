"""Somebody signed in at the console, for the tests of pages: `visitor(house, "ada").get("/reviews")`.

`act` sends a form as a browser does from a page of ours, with its word; `post` sends only what it is told.
"""

from __future__ import annotations

import os
from typing import Any

import httpx2
from fastapi.testclient import TestClient

from app.actors import sessions
from app.actors.tables import ActorRow, TokenRow
from app.console import csrf, entering
from tests.app.api.house import House


class Visitor(TestClient):
    """A browser with a session."""

    cookie: str = ""
    session: str = ""

    def act(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> httpx2.Response:
        """Send a form with its word."""
        headers = {"Sec-Fetch-Site": "same-origin"} | more.pop("headers", {})
        given: Any = (data or {}) | {csrf.FIELD: csrf.make(self.cookie)}
        return self.post(path, data=given, headers=headers, **more)


def actor_of(house: House, who: str) -> ActorRow:
    """The actor behind one of the house's tokens: a role, or "ada", "bo", "eve", "boss"."""
    with house.database.reading() as session:
        token = session.get_one(TokenRow, house.tokens[who].split("_")[1])
        return session.get_one(ActorRow, token.actor_id)


def visitor(house: House, who: str, *, way: str = "oidc", campaign: int | None = None, strict: bool = True) -> Visitor:
    """A browser that is signed in; redirects are not followed."""
    with house.database.transaction() as session:
        row, value = sessions.begin(
            session,
            actor_of(house, who),
            way=way,
            entry=os.urandom(32),
            limits=entering.limits(house.means.settings),
            campaign_id=campaign,
            at=house.means.clock(),
        )
    browser = stranger(house, strict=strict)
    browser.cookie, browser.session = value, row.id
    browser.cookies.set(entering.cookie_of(house.means.settings), value)
    return browser


def stranger(house: House, *, strict: bool = True) -> Visitor:
    """A browser that nobody has signed in with."""
    return Visitor(
        house.app, base_url=house.means.settings.base_url, follow_redirects=False, raise_server_exceptions=strict
    )
