"""Who keeps the promises: always the sandbox, and a real org or portal where its credentials are in the environment.

Salesforce: CONTRACT_SALESFORCE_URL (the org's own address) and CONTRACT_SALESFORCE_TOKEN (an access
token). HubSpot: CONTRACT_HUBSPOT_TOKEN, and CONTRACT_HUBSPOT_URL if it is not HubSpot's own address. Only
reading calls are made. Where a variable is missing, the tests for the real one are not there at all, rather
than skipped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from connectors.sandbox.serve import start

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
SALESFORCE = tuple(os.environ.get(f"CONTRACT_SALESFORCE_{what}", "") for what in ("URL", "TOKEN"))
HUBSPOT = os.environ.get("CONTRACT_HUBSPOT_TOKEN", "")
HUBSPOT_URL = os.environ.get("CONTRACT_HUBSPOT_URL", "https://api.hubapi.com")
ORGS = ["sandbox", *(["real"] if all(SALESFORCE) else [])]
PORTALS = ["sandbox", *(["real"] if HUBSPOT else [])]

if all(SALESFORCE) or HUBSPOT:

    @pytest.fixture(autouse=True)
    def _loopback_only() -> None:
        """Here the real ones have to be reached."""


@dataclass
class Caller:
    """A client with one token."""

    http: httpx2.Client

    def get(self, path: str, headers: dict[str, str] | None = None, **params: Any) -> httpx2.Response:
        return self.http.get(path, params=params, headers=headers or {})

    def query(self, soql: str, size: int = 2000) -> httpx2.Response:
        return self.get("/services/data/v67.0/query", {"Sforce-Query-Options": f"batchSize={size}"}, q=soql)

    def refused(self, soql: str) -> tuple[int, str]:
        answer = self.query(soql)
        return answer.status_code, answer.json()[0]["errorCode"]


@pytest.fixture(scope="module", params=ORGS)
def org(request: pytest.FixtureRequest) -> Iterator[Caller]:
    """A Salesforce org, and somebody who may read its setup."""
    if request.param == "real":
        yield _caller(*SALESFORCE)
        return
    running = start("salesforce", home=None, seed=7, people=160, now=NOW)  # as many as fill more than a page
    known = running.credentials["reader"]
    form = {
        "grant_type": "client_credentials",
        "client_id": known["client_id"],
        "client_secret": known["client_secret"],
    }
    token = httpx2.post(f"{running.url}/services/oauth2/token", data=form).json()["access_token"]
    yield _caller(running.url, token)
    running.stop()


@pytest.fixture(scope="module", params=PORTALS)
def portal(request: pytest.FixtureRequest) -> Iterator[Caller]:
    """A HubSpot portal, and a key that may read its users, owners and security history."""
    if request.param == "real":
        yield _caller(HUBSPOT_URL, HUBSPOT)
        return
    running = start("hubspot", home=None, seed=7, people=80, now=NOW)
    yield _caller(running.url, running.credentials["reader"]["token"])
    running.stop()


def _caller(url: str, token: str) -> Caller:
    return Caller(httpx2.Client(base_url=url, timeout=60, headers={"Authorization": f"Bearer {token}"}))
