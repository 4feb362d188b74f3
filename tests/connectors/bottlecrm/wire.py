"""A small HTTP server that answers from a script and remembers what it was asked. All values are made up."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, Any]  # status and a JSON body, or text as it is
AGAIN: Reply = (403, {"detail": "Organization context is required. Please login again."})


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    authorization: str | None
    body: Any


@dataclass
class Wire:
    """`answer` decides what every request gets."""

    answer: Callable[[Asked], Reply]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    def lines(self) -> list[str]:
        return [f"{each.method} {each.path}" for each in self.asked]


@contextmanager
def serving(answer: Callable[[Asked], Reply]) -> Iterator[Wire]:
    """A server on a free loopback port for the length of the block."""
    wire = Wire(answer)

    class Speaks(BaseHTTPRequestHandler):
        def _any(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(
                self.command, self.path, self.headers.get("Authorization"), json.loads(sent) if sent else None
            )
            wire.asked.append(asked)
            status, body = wire.answer(asked)
            said = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _any

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Speaks)
    wire.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        server.shutdown()
        server.server_close()


def jwt(kind: str, ends: float = 0, mark: str = "", org: str | None = "o-1") -> str:
    """A token shaped like BottleCRM's, signed by nobody."""
    said = {"token_type": kind, "exp": ends, "user_id": "u-ada", "org_id": org, "mark": mark}
    middle = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{middle}.c2lnbmVkLWJ5LW5vYm9keQ"


def person(name: str, **said: Any) -> dict[str, Any]:
    """A row of the people list; `said` overrides its fields, `login` those of its login."""
    login = {"id": f"u-{name}", "email": f"{name}@example.com", "name": name, "is_active": True, "last_login": None}
    login |= said.pop("login", {})
    row = {
        "id": f"p-{name}", "user_details": login, "role": "USER", "has_sales_access": False, "has_marketing_access": False,
        "is_active": True, "created_at": "2026-02-03T04:05:06.000007Z", "active_token_count": 0,
    }  # fmt: skip
    return row | said


def people(active: list[dict[str, Any]], inactive: list[dict[str, Any]], path: str) -> dict[str, Any]:
    """The people list's answer to a path with limit and offset, paged as BottleCRM pages."""
    asked = dict(pair.split("=") for pair in path.partition("?")[2].split("&"))
    at, size = int(asked.get("offset", 0)), int(asked["limit"])
    here, gone = active[at : at + size], inactive[at : at + size]
    return {
        "active_users": {"active_users_count": len(active), "active_users": here, "offset": None},
        "inactive_users": {"inactive_users_count": len(inactive), "inactive_users": gone, "offset": None},
        "roles": [["ADMIN", "ADMIN"], ["USER", "USER"]],
    }
