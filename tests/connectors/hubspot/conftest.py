"""A local HTTP server that answers as each test says, for the traps of the wire. It is not the sandbox."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from connectors.hubspot.auth import StaticToken
from connectors.hubspot.client import Client
from connectors.hubspot.paths import Version
from connectors.hubspot.wire import Wire
from connectors.pacing import Timeouts

TOKEN = "pat-na1-00000000-1111-2222-3333-444444444444"
Reply = tuple[int, dict[str, str], bytes]


def said(status: int, body: object, **headers: str) -> Reply:
    """A JSON answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, {"Content-Type": "application/json", **named}, json.dumps(body).encode()


@dataclass
class Server:
    """Answers in the order given (the last one for ever), and remembers what was asked."""

    url: str = ""
    replies: list[Reply | Callable[[BaseHTTPRequestHandler], Reply | None]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def will(self, *replies: Reply | Callable[[BaseHTTPRequestHandler], Reply | None]) -> None:
        self.replies = list(replies)

    def wire(self, **more: Any) -> Wire:
        return Wire(self.url, sleep=self.slept.append, **more)

    def client(
        self, version: Version = Version.DATED, timeouts: Timeouts | None = None, portal: str | None = None
    ) -> Client:
        wire = self.wire(timeouts=timeouts)
        return Client(wire, version, StaticToken(TOKEN, wire), portal)


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet per answer: two would wait 40 ms for each other

        def answer(self) -> None:
            state.asked.append((self.command, self.path))
            state.headers.append(dict(self.headers))
            state.bodies.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())
            reply = state.replies[0] if len(state.replies) == 1 else state.replies.pop(0)
            made = reply(self) if callable(reply) else reply
            if made is None:
                return
            status, headers, body = made
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_DELETE = answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{httpd.server_address[1]}"
    yield state
    httpd.shutdown()
    httpd.server_close()
