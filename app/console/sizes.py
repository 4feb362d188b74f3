"""How large a request may be: counted as it arrives, so that nobody fills our memory before they have said who they are.

What says its size is refused before anything is read; what does not is cut off where it grows too large.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kit.refusal import Refusal

MB = 2**20
MOST = MB
# Five thousand decisions, each with a reason of two thousand letters.
LARGER = {r"/api/v1/decisions": 16 * MB, r"/api/v1/hooks/[^/]+/decisions": 16 * MB}

Refuse = Callable[[Request, Refusal], Response]


class Sizes:
    """Refuses (413) what is too large for its path. `larger`: paths, as patterns, that take more than `MOST` bytes."""

    def __init__(self, app: ASGIApp, *, larger: Mapping[str, int], refuse: Refuse) -> None:
        """Wrap an app; `refuse` makes the answer."""
        self.app, self.refuse = app, refuse
        self.larger = [(re.compile(path), most) for path, most in larger.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is small enough."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request, most = Request(scope), self._most(scope["path"])
        told = request.headers.get("content-length", "0")
        if told.isdigit() and len(told) < 20 and int(told) <= most:
            await self.app(scope, _counting(receive, most), send)
        else:
            await self.refuse(request, too_large(most))(scope, receive, send)

    def _most(self, path: str) -> int:
        return next((most for pattern, most in self.larger if pattern.fullmatch(path)), MOST)


def too_large(most: int) -> Refusal:
    """More than this path takes."""
    return Refusal("too_large", f"This is larger than {most // MB} MB.", "Send it in parts.", status=413)


def _counting(receive: Receive, most: int) -> Receive:
    """What arrives, until it is too much."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise HTTPException(413, too_large(most).reason.rstrip("."))
        return message

    return counted
