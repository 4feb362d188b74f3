"""The web front of a sandbox: hears a call, lets its fault happen, lets the pretender answer, and writes it all down.

Everything runs on one event loop and one thread, so a pretender never meets itself.
"""

import asyncio
import dataclasses
import gzip
import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from fastapi import FastAPI, Request, Response
from starlette.types import Receive, Scope, Send

from connectors.sandbox.calls import Calls
from connectors.sandbox.clock import Clock
from connectors.sandbox.exchange import Exchange, Outcome
from connectors.sandbox.faults import Faults
from connectors.sandbox.wire import Answer, Ask, Pretender

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
ADMIN = "/__sandbox__/"
TRANSPORT = "sandbox.transport"
WORTH_PACKING = 1400  # bytes; what fits into one packet is not made smaller


class Hangup(Response):
    """A connection that closes: at once, or after a part of an answer that promised more."""

    def __init__(self, part: bytes | None = None, promised: int = 0, status: int = 200) -> None:
        super().__init__(content=b"", status_code=status)
        self.part, self.promised = part, promised

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = scope.get(TRANSPORT)
        if self.part is not None:
            head = [(b"content-type", b"application/json"), (b"content-length", str(self.promised).encode())]
            await send({"type": "http.response.start", "status": self.status_code, "headers": head})
            await send({"type": "http.response.body", "body": self.part, "more_body": True})
            await asyncio.sleep(0.02)  # let the part leave before the line is cut
        if transport is not None:
            transport.close()
            await asyncio.sleep(0)


def build(
    pretender: Pretender, faults: Faults, clock: Clock, admin_key: str
) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The ASGI application for one pretender."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    calls = Calls()
    exchange = Exchange(pretender, faults, clock, calls)

    @app.api_route(ADMIN + "{act}", methods=["GET", "POST", "DELETE"])
    async def admin(act: str, request: Request) -> Response:
        given = request.headers.get("x-sandbox-key", "")
        if not hmac.compare_digest(given.encode(), admin_key.encode()):
            return _plain(Answer(401, {"error": "the header X-Sandbox-Key must hold the key printed at the start"}))
        body = await request.body()
        try:
            wish = json.loads(body) if body.strip() else {}
            return _plain(_administer(act, request.method, wish, pretender, faults, clock, calls))
        except (ValueError, KeyError, TypeError) as wrong:
            return _plain(Answer(422, {"error": f"{type(wrong).__name__}: {wrong}"}))

    @app.api_route("/{path:path}", methods=METHODS)
    async def crm(path: str, request: Request) -> Response:
        ask = await _heard(request)
        outcome = exchange.hear(ask)
        if outcome.wait:
            await asyncio.sleep(outcome.wait)
        reply = _delivered(ask, outcome)
        reply.headers["Date"] = exchange.date()
        return reply

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        # uvicorn hands out its cycle's bound `send`; through it the connection can be cut, as a bad network would.
        scope[TRANSPORT] = getattr(getattr(send, "__self__", None), "transport", None)
        await app(scope, receive, send)

    return front


async def _heard(request: Request) -> Ask:
    path = request.url.path
    query = parse_qs(request.url.query, keep_blank_values=True)
    headers = {k.lower(): v for k, v in request.headers.items()}
    body = await request.body()
    if body and headers.get("content-encoding", "").lower() == "gzip":
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError):
            body = b"\x00"  # no JSON, no form and no XML: refused by whoever reads it
    return Ask(request.method, _decoded(request, path).rstrip("/") or "/", query, headers, body)


def _decoded(request: Request, path: str) -> str:
    scope: MutableMapping[str, Any] = request.scope
    return str(scope.get("path", path))


def _delivered(ask: Ask, outcome: Outcome) -> Response:
    if outcome.delivered == "nothing" or outcome.answer is None:
        return Hangup()
    if outcome.delivered == "half":
        content = outcome.answer.content()
        return Hangup(content[: len(content) // 2], len(content), outcome.answer.status)
    return _plain(outcome.answer, ask)


def _plain(answer: Answer, ask: Ask | None = None) -> Response:
    headers = dict(answer.headers)
    if answer.body is None:
        return Response(status_code=answer.status, headers=headers)
    content = answer.content()
    if ask is not None and len(content) > WORTH_PACKING and "gzip" in ask.headers.get("accept-encoding", ""):
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        content = gzip.compress(content, compresslevel=1, mtime=0)
    return Response(content, answer.status, headers, media_type=answer.media)


def _administer(
    act: str, method: str, wish: Any, pretender: Pretender, faults: Faults, clock: Clock, calls: Calls
) -> Answer:
    """The routes that no CRM has. Each answers with the state it left."""
    if act == "faults":
        if method == "DELETE":
            faults.plan({"clear": True})
        elif method == "POST":
            faults.plan(wish)
        return Answer(200, faults.told())
    if act == "rights" and method == "POST":
        return Answer(
            200,
            {
                "principal": wish["principal"],
                "holds": pretender.withhold(wish["principal"], list(wish.get("without", []))),
            },
        )
    if act == "as-admin" and method == "POST":
        return Answer(200, pretender.act(wish["act"], {k: v for k, v in wish.items() if k != "act"}))
    if act == "truth":
        return Answer(200, pretender.truth())
    if act == "calls":
        told = calls.told()
        if method == "DELETE":
            calls.clear()
        return Answer(200, told)
    if act == "knobs":
        return Answer(200, pretender.set_knobs(wish))
    if act == "clock":
        if method == "POST":
            clock.move(datetime.fromisoformat(wish["now"]))
        return Answer(200, {"now": clock.now().isoformat()})
    return Answer(
        404, {"error": f"no {method} {ADMIN}{act}; there are faults, rights, as-admin, truth, calls, knobs, clock"}
    )


def with_headers(answer: Answer, headers: dict[str, str]) -> Answer:
    """The same answer with more headers."""
    return dataclasses.replace(answer, headers={**answer.headers, **headers})
