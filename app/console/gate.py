"""What the doors of signing in share: who may try, a browser that has no session yet, and one that gets its own.

A form of somebody who has not signed in has its word too, tied to a cookie of its own; otherwise another site could sign
somebody in as somebody else and read along.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.actors import failures, secret, sessions
from app.actors.tables import ActorRow
from app.console import csrf, entering
from app.kit.refusal import Refused, insist
from app.means import Means
from app.settings import Settings

BEFORE_LASTS = 3600  # seconds


@dataclass(frozen=True, slots=True)
class Stranger:
    """A browser without a session: the word its form must bring back, and the cookie that the word is tied to."""

    csrf: str
    cookie: str


def before_of(settings: Settings) -> str:
    """The name of the cookie of a browser without a session."""
    return "__Host-rolecall-before" if settings.secure else "rolecall_before"


def stranger(request: Request, settings: Settings) -> Stranger:
    """The browser that asks for a form, with a word for it."""
    cookie = request.cookies.get(before_of(settings)) or secret.make()[1]
    return Stranger(csrf.make(cookie), cookie)


def remember(answer: Response, who: Stranger, settings: Settings) -> Response:
    """Give the browser the cookie that its form's word is tied to."""
    answer.set_cookie(
        before_of(settings), who.cookie, max_age=BEFORE_LASTS, httponly=True, secure=settings.secure, samesite="lax",
        path="/",
    )  # fmt: skip
    return answer


def insist_on_own_form(request: Request, means: Means, word: str) -> None:
    """Refuse (403) a form of a browser without a session that is not from a page of ours."""
    insist(csrf.why_not_from_here(request.headers, means.settings.base_url))
    cookie = request.cookies.get(before_of(means.settings))
    if cookie is None or not csrf.fits(cookie, word):
        raise Refused(csrf.foreign_form())


@contextmanager
def trying(request: Request, means: Means, presented: str, subject: str | None = None) -> Iterator[None]:
    """Try to get in with what is presented: refuse (429) who failed too often, and note it when this fails too.

    What is the provider's fault (502, 503) is nobody's failed try.
    """
    at, host = means.clock(), request.client.host if request.client is not None else None
    source = failures.source(means.keys.derive("sources"), "console", host)
    with means.database.reading() as session:
        insist(failures.why_not_try(session, source, subject, limit=means.settings.failed_entries, at=at))
    try:
        yield
    except Refused as refused:
        if refused.refusal.status < 500:
            with means.database.transaction() as session:
                failures.note(session, source, presented, subject, at=at)
        raise


def sign_in(
    session: Session, request: Request, means: Means, actor: ActorRow, *, way: str, entry: bytes,
    campaign: int | None = None,
) -> str:  # fmt: skip
    """Begin a session for an actor, and end the one that this browser had. Returns the cookie's value."""
    at = means.clock()
    before = request.cookies.get(entering.cookie_of(means.settings))
    _row, value = sessions.begin(
        session, actor, way=way, entry=entry, limits=entering.limits(means.settings), campaign_id=campaign, at=at
    )
    if before:
        sessions.leave(session, before, at=at)
    return value


def welcome(path: str, value: str, settings: Settings) -> Response:
    """On to where somebody wanted to go, signed in."""
    answer = RedirectResponse(path, 303)
    entering.keep(answer, value, settings)
    answer.delete_cookie(before_of(settings), httponly=True, secure=settings.secure, samesite="lax", path="/")
    return answer
