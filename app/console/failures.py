"""What a page says when something cannot be done: the reason, the way out, and never a trace.

The API's answers stay problem details. Installed after them, this takes over for every path that is not the API's.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.console import headers, rendering
from app.kit.refusal import Refusal, Refused

TITLES: Mapping[int, str] = {
    400: "That did not work",
    401: "You are not signed in",
    403: "This is not yours to do",
    404: "There is nothing here",
    405: "This cannot be done here",
    409: "Not now",
    412: "Somebody else was first",
    413: "This file is too large",
    422: "Not like this",
    429: "Too often",
    500: "That was our mistake",
    502: "Somebody else does not answer",
    503: "Not ready",
}
_NO_PAGE = Refusal("not_found", "There is no such page.", "Go to the start, or check the address.", status=404)
_OURS = Refusal(
    "unforeseen",
    "Something went wrong here, and nothing was changed.",
    "Try again; the log says what it was.",
    status=500,
)
_OF_OURS = re.compile(r"/(?![/\\])[^\x00-\x20\\]*\Z")  # a path: a second slash would make it somebody else's host
_API = ("/api/", "/health", "/ready", "/openapi.json")

Handler = Callable[[Request, Any], Response | Awaitable[Response]]


def render(request: Request, refusal: Refusal, *, headers: Mapping[str, str] | None = None) -> Response:
    """A refusal as a page, or as a piece of one where the script asked."""
    template = "refusal_part.html" if rendering.partial(request) else "failure.html"
    return rendering.page(
        request,
        template,
        getattr(request.state, "visit", None),
        status=refusal.status,
        headers={**refusal.headers, **(headers or {})},
        refusal=refusal,
        back=back(request),
        title=TITLES.get(refusal.status, "Not possible"),
    )


def back(request: Request) -> str | None:
    """Where whoever asked came from, as a path of ours with its query; None where that is not known or is this very page.

    The browser says it (`Referer`), and anybody can make it say anything, so only a page of this address counts and only
    its path is used.
    """
    try:
        came = urlsplit(request.headers.get("referer", ""))
        ours = came.scheme in ("http", "https") and came.netloc == request.headers.get("host")
    except ValueError:
        return None
    path = f"{came.path}?{came.query}" if came.query else came.path
    asked = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    if not ours or not _OF_OURS.match(path) or came.path.startswith(_API):
        return None
    return None if path == asked and request.method == "GET" else path


def refuse(before: Callable[[Refusal], Response]) -> Callable[[Request, Refusal], Response]:
    """How to say no outside of every endpoint: `before` makes the API's answers, this the pages."""

    def choose(request: Request, refusal: Refusal) -> Response:
        return before(refusal) if request.url.path.startswith(_API) else render(request, refusal)

    return choose


def told(error: Exception) -> Refusal:
    """What to say of an error."""
    if isinstance(error, Refused):
        return error.refusal
    if isinstance(error, RequestValidationError):
        fields = ", ".join(sorted({str(each["loc"][-1]) for each in error.errors()}))
        said = f"We could not use what was sent for: {fields}."
        return Refusal("does_not_fit", said, "Go back and correct it.", status=422)
    if isinstance(error, HTTPException):
        said, way_out = f"{error.detail}.", "Go back, and try another way."
        return _NO_PAGE if error.status_code == 404 else Refusal("http", said, way_out, status=error.status_code)
    return _OURS


def install(app: FastAPI) -> None:
    """Answer failures of pages with pages. What the API has installed before keeps its own paths."""
    for kind in (Refused, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _choosing(app.exception_handlers.get(kind)))


def _choosing(before: Handler | None) -> Handler:
    def choose(request: Request, error: Exception) -> Response | Awaitable[Response]:
        if before is not None and request.url.path.startswith(_API):
            return before(request, error)
        refusal = told(error)
        # The page for what nobody foresaw is made outside of everything else, so it brings its own headers.
        given = headers.HEADERS if refusal is _OURS else getattr(error, "headers", None)
        return render(request, refusal, headers=given)

    return choose
