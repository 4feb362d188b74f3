"""A scripted org on this machine: an HTTP server that says what a test told it to, traps included.

It knows no SOQL: it gives the rows of the object after FROM, in pages, unless a test scripts an answer. It is not the
sandbox, which another author wrote from the vendor's facts.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors import pacing
from connectors.salesforce.auth import Access
from connectors.salesforce.client import Client

ORG = "00D5g00000RoleCEAA"
OURS = "0055g00000ReadrAAA"
Reply = tuple[int, Any]


@dataclass
class Org:
    """What the server holds, and everything it was asked."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)  # by column
    scripts: list[tuple[str, Callable[[str], Reply]]] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # method, address, body
    page_size: int = 2000
    signed_in: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""

    def script(self, pattern: str, reply: Callable[[str], Reply]) -> None:
        """Answer whatever matches (method and path, or SOQL) with this."""
        self.scripts.append((pattern, reply))

    def once(self, pattern: str, *replies: Reply) -> None:
        """Answer with each of these in turn, and then as usual."""
        waiting = list(replies)

        def reply(_what: str) -> Reply:
            if len(waiting) == 1:
                self.scripts.remove(entry)
            return waiting.pop(0)

        entry = (pattern, reply)
        self.scripts.append(entry)

    def soqls(self) -> list[str]:
        """Every query asked."""
        found = [parse_qs(urlsplit(address).query).get("q") for _, address, _ in self.asked]
        return [query[0] for query in found if query]

    def acts(self) -> list[str]:
        """Every request that was not a reading."""
        return [
            f"{method} {urlsplit(a).path}" for method, a, _ in self.asked if method != "GET" and "oauth2/token" not in a
        ]


def error(status: int, code: str, message: str = "no") -> Reply:
    """An error as Salesforce writes it."""
    return status, [{"errorCode": code, "message": message}]


def handler(org: Org) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: object) -> None: ...

        def do_GET(self) -> None:
            self.answer("GET")

        def do_POST(self) -> None:
            self.answer("POST")

        def do_PATCH(self) -> None:
            self.answer("PATCH")

        def do_DELETE(self) -> None:
            self.answer("DELETE")

        def answer(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            org.asked.append((method, self.path, body))
            status, said = reply(org, method, self.path)
            text = said if isinstance(said, bytes) else json.dumps(said).encode() if said is not None else b""
            self.send_response(status)
            for name, value in {"Sforce-Limit-Info": "api-usage=18/5000", **org.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            with contextlib.suppress(OSError):  # a client that did not wait
                self.wfile.write(text)

    return Answering


def reply(org: Org, method: str, address: str) -> Reply:
    parts = urlsplit(address)
    soql = parse_qs(parts.query).get("q", [""])[0]
    for pattern, scripted in reversed(org.scripts):
        if re.search(pattern, soql or f"{method} {address}"):
            return scripted(soql or address)
    if parts.path.endswith("/oauth2/token"):
        org.signed_in += 1
        token = {"access_token": f"00D!token{org.signed_in}", "instance_url": org.url}
        return 200, token | {"id": f"{org.url}/id/{ORG}/{OURS}", "token_type": "Bearer"}
    if parts.path == "/services/data/":
        return 200, [{"version": "66.0"}, {"version": "67.0"}]
    if parts.path.endswith("/describe"):
        name = parts.path.split("/")[-2]
        if name not in org.columns:
            return error(404, "NOT_FOUND", "The requested resource does not exist")
        return 200, {"fields": [describe(column, org.choices) for column in org.columns[name]]}
    if parts.path.endswith("/sobjects/"):
        return 200, {"sobjects": [{"name": name} for name in org.columns]}
    if soql or "/query/" in parts.path:
        return query(org, soql, parts.path)
    return 204, None


def describe(column: str, choices: dict[str, list[str]]) -> dict[str, Any]:
    relation = column.removesuffix("Id") if column.endswith("Id") and column != "Id" else None
    values = [{"value": each, "label": each} for each in choices.get(column, ())]
    return {"name": column, "relationshipName": relation, "picklistValues": values}


def query(org: Org, soql: str, path: str) -> Reply:
    if soql:
        source, begin = re.findall(r"FROM (\w+)", soql)[0], 0
    else:
        source, begin = path.rsplit("/", 1)[-1].split("-")[0], int(path.rsplit("-", 1)[-1])
    rows = org.rows.get(source, [])
    if "COUNT()" in soql:
        return 200, {"totalSize": len(rows), "done": True, "records": []}
    end = begin + org.page_size
    body: dict[str, Any] = {"totalSize": len(rows), "done": end >= len(rows), "records": rows[begin:end]}
    if end < len(rows):
        body["nextRecordsUrl"] = f"/services/data/v67.0/query/{source}-{end}"
    return 200, body


class Hurry:
    """A clock that only sleeping moves, and sleeping takes no time."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, [0.0]

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def org() -> Iterator[Org]:
    """The scripted org, empty but for an organization."""
    scripted = Org(columns={"Organization": ["Id", "Name"]})
    scripted.rows["Organization"] = [{"Id": ORG, "Name": "Northwind"}]
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(scripted))
    server.daemon_threads = True
    scripted.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield scripted
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(org: Org) -> Iterator[Client]:
    """Our client, signed in with client credentials, in virtual time."""
    access = Access(org.url, "67.0", "https://login.salesforce.com", "key", client_secret="hush-hush-hush")
    time = Hurry()
    opened = Client(
        access,
        timeouts=pacing.Timeouts(connect=2, silence=0.5, whole=2),
        budget=pacing.Budget(attempts=3),
        clock=time.clock,
        sleep=time.sleep,
    )
    yield opened
    opened.close()
