"""A sandbox that answers inside this process: what urllib3 would send over a socket is handed over as it is.

Both vendors' clients end in urllib3, so nothing of theirs or ours is replaced above it. Sleeps and time-outs move a
clock instead of waiting, which is what lets hundreds of readings with hundreds of faults fit into a minute.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import requests
import urllib3
from urllib3.connection import HTTPConnection

from connectors.sandbox.exchange import Exchange, Outcome
from connectors.sandbox.wire import Ask

HOST = "127.0.0.1"
PATIENCE = 120.0  # seconds of silence after which our clients give up


@dataclass
class Time:
    """Seconds that pass only when somebody waits. More of them than a day of waiting is a hang."""

    now: float = 0.0
    most: float = 86_400.0  # until when at the latest
    lock: threading.Lock = field(default_factory=threading.Lock)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.now += max(0.0, seconds)
            assert self.now < self.most, "it waits for ever"


@dataclass
class Inside:
    """The sandboxes of this process, by port."""

    time: Time
    exchanges: dict[int, Exchange] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    calls: int = 0
    most_calls: int = 5_000  # of one reading; more is a loop

    def hear(self, port: int, ask: Ask) -> tuple[Outcome, str]:
        with self.lock:
            self.calls += 1
            assert self.calls < self.most_calls, "it asks for ever"
            exchange = self.exchanges[port]
            return exchange.hear(ask), exchange.date()


class _Connection(HTTPConnection):
    """urllib3's connection, without a socket."""

    inside: Inside

    def connect(self) -> None:
        self.sock = None  # type: ignore[assignment]

    @property
    def is_closed(self) -> bool:
        return False

    @property
    def is_connected(self) -> bool:
        return True

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **_: Any) -> None:
        parts = urlsplit(url)
        content = body.read() if hasattr(body, "read") else body or b""
        ask = Ask(
            method,
            unquote(parts.path).rstrip("/") or "/",
            parse_qs(parts.query, keep_blank_values=True),
            {str(k).lower(): v.decode() if isinstance(v, bytes) else str(v) for k, v in (headers or {}).items()},
            content.encode() if isinstance(content, str) else bytes(content),
        )
        self.asked = (method, url, ask)

    def getresponse(self) -> Any:
        method, url, ask = self.asked
        outcome, date = self.inside.hear(int(self.port or 0), ask)
        self.inside.time.sleep(min(outcome.wait, PATIENCE))
        if outcome.wait > PATIENCE:
            raise TimeoutError("no answer")
        if outcome.delivered == "nothing" or outcome.answer is None:
            raise ConnectionResetError("the other side hung up")
        content = outcome.answer.content()
        headers = {"Content-Type": outcome.answer.media, "Content-Length": str(len(content)), "Date": date}
        if outcome.delivered == "half":
            content = content[: len(content) // 2]
        return urllib3.HTTPResponse(
            io.BytesIO(content if method != "HEAD" else b""),
            headers=headers | dict(outcome.answer.headers),
            status=outcome.answer.status,
            version=11,
            version_string="HTTP/1.1",
            reason="",
            preload_content=False,
            request_method=method,
            request_url=url,
        )


@contextmanager
def answering(inside: Inside) -> Iterator[Inside]:
    """While this lasts, connections to this machine lead to the sandboxes in here."""
    kind = type("Connection", (_Connection,), {"inside": inside})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(urllib3.connectionpool.HTTPConnectionPool, "ConnectionCls", kind)
        # No proxy leads here, and looking for one in the environment is a tenth of a reading's time.
        patch.setattr(requests.sessions, "get_environ_proxies", lambda *_, **__: {})
        yield inside
