"""Saying no over HTTP, in one shape: RFC 9457 problem details.

A refusal keeps its code, its reason and its way out. What we did not foresee is a 500 without any detail of ours in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from app.api import ways
from app.kit.refusal import Refusal, Refused

MEDIA_TYPE = "application/problem+json"
_TITLES = {
    400: "The request cannot be read", 401: "Not signed in", 403: "Not allowed", 404: "Not here",
    405: "Not this method", 409: "Not now", 412: "Somebody else was first", 413: "Too large",
    422: "Not like this", 429: "Too often", 500: "Our mistake", 503: "Not ready",
}  # fmt: skip


class Problem(BaseModel):
    """RFC 9457 problem details. `code` is stable; `detail` says why and `way_out` what to do, for people."""

    type: str = Field(description="Always about:blank; `code` says which problem it is.")
    title: str
    status: int
    code: str
    detail: str
    way_out: str
    facts: dict[str, Any] = Field(description="What belongs to it: every mistake, the present version, who was first.")


def title(status: int) -> str:
    """What a status means, in words; the same in every answer and in the description."""
    return _TITLES.get(status, "Refused")


def render(refusal: Refusal) -> JSONResponse:
    """A refusal as an answer."""
    problem = Problem(
        type="about:blank",
        title=title(refusal.status),
        status=refusal.status,
        code=refusal.code,
        detail=refusal.reason,
        way_out=ways.out(refusal),
        facts=dict(refusal.facts),
    )
    headers = refusal.headers | ({"WWW-Authenticate": "Bearer"} if refusal.status == 401 else {})
    return JSONResponse(problem.model_dump(), refusal.status, headers=headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make every failure of the app answer in this shape."""

    @app.exception_handler(Refused)
    def _refused(_request: Request, error: Refused) -> JSONResponse:
        return render(error.refusal)

    @app.exception_handler(RequestValidationError)
    def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        told = [{"where": ".".join(str(part) for part in each["loc"]), "what": each["msg"]} for each in error.errors()]
        first = f"{told[0]['where']}: {told[0]['what']}" if told else "The request does not fit."
        return render(
            Refusal("does_not_fit", first, "See /openapi.json for the shape.", status=422, facts={"mistakes": told})
        )

    @app.exception_handler(Exception)
    def _unforeseen(_request: Request, _error: Exception) -> JSONResponse:
        return render(Refusal("unforeseen", "Something went wrong here.", "The log says what; try again.", status=500))

    @app.exception_handler(HTTPException)
    def _http(_request: Request, error: HTTPException) -> JSONResponse:
        answer = render(Refusal("http", str(error.detail), status=error.status_code))
        answer.headers.update(error.headers or {})
        return answer


def not_found(what: str, which: object) -> Refused:
    """Refused with 404: there is no such thing, or it is not yours to see; the answer does not tell which."""
    return Refused(Refusal("not_found", f"There is no {what} {which} here.", "Check the number.", status=404))


def unknown(what: str, given: str, allowed: Iterable[str]) -> Refused:
    """Refused with 422: a filter's value that there is none of; the answer names those there are."""
    there_are = sorted(allowed)
    reason = f"There is no {what} {given!r}."
    return Refused(Refusal("does_not_fit", reason, f"There are: {', '.join(there_are)}.", 422, {"allowed": there_are}))
