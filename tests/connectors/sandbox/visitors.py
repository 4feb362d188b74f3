"""Callers of the sandboxes, as plain as an HTTP client gets: what they hear is what any client hears."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2

from connectors.sandbox.serve import Running

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
SEED = 7
TRUST = httpx2.create_ssl_context()  # to read what a machine trusts takes 20 ms, and no visitor speaks TLS


@dataclass
class Visitor:
    """One caller with one credential."""

    running: Running
    http: httpx2.Client
    headers: dict[str, str]

    def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        headers = self.headers | more.pop("headers", {})
        return self.http.request(method, path, headers=headers, **more)

    def admin(self, act: str, body: Any = None, method: str = "POST") -> Any:
        key = {"X-Sandbox-Key": self.running.admin_key}
        answer = self.http.request(method, f"/__sandbox__/{act}", headers=key, json={} if body is None else body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def truth(self) -> Any:
        return self.admin("truth", method="GET")

    def fault(self, fault: str, **more: Any) -> None:
        self.admin("faults", {"fault": fault} | more)


@dataclass
class Org(Visitor):
    """A caller of the pretend Salesforce."""

    def data(self, method: str, path: str, **more: Any) -> httpx2.Response:
        return self.ask(method, f"/services/data/v67.0{path}", **more)

    def query(self, soql: str, **more: Any) -> httpx2.Response:
        return self.data("GET", "/query", params={"q": soql}, **more)

    def rows(self, soql: str, batch: int = 2000) -> list[Any]:
        return [row for page in self.pages(soql, batch) for row in page["records"]]

    def pages(self, soql: str, batch: int = 2000) -> Iterator[Any]:
        answer = self.query(soql, headers={"Sforce-Query-Options": f"batchSize={batch}"})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        yield page
        while not page["done"]:
            page = self.ask("GET", page["nextRecordsUrl"]).json()
            yield page

    def count(self, rest: str) -> int:
        total: int = self.query(f"SELECT COUNT() FROM {rest}").json()["totalSize"]
        return total

    def one(self, soql: str) -> Any:
        return self.rows(soql)[0]

    def refused(self, soql: str) -> str:
        answer = self.query(soql)
        assert answer.status_code == 400, answer.text
        code: str = answer.json()[0]["errorCode"]
        return code


def org(running: Running, principal: str = "reader") -> Org:
    """Sign in with a client's secret."""
    http = httpx2.Client(base_url=running.url, timeout=20, verify=TRUST)
    known = running.credentials[principal]
    answer = http.post(
        "/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(known["client_id"], known["client_secret"]),
    )
    assert answer.status_code == 200, answer.text
    return Org(running, http, {"Authorization": f"Bearer {answer.json()['access_token']}"})


@dataclass
class Portal(Visitor):
    """A caller of the pretend HubSpot."""

    def get(self, path: str, **params: Any) -> httpx2.Response:
        return self.ask("GET", path, params=params)

    def all(self, path: str, **params: Any) -> list[Any]:
        found, after = list[Any](), dict[str, Any]()
        while True:
            page = self.get(path, **params, **after).json()
            found += page["results"]
            if "paging" not in page:
                return found
            after = {"after": page["paging"]["next"]["after"]}


def portal(running: Running, principal: str = "reader") -> Portal:
    """Come with a static token."""
    http = httpx2.Client(base_url=running.url, timeout=20, verify=TRUST)
    return Portal(running, http, {"Authorization": f"Bearer {running.credentials[principal]['token']}"})
