"""Who is at the door of a page: a cookie becomes a visit, and the visit may or may not open the page.

A page that is looked at without a sign-in leads to the sign-in and back; an act without one is refused. Every act needs the
word of its form (`csrf`). The session is read before the endpoint opens its own, so that no connection is held across two
threads of the server's pool.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from app.actors import policy, sessions
from app.actors.actor import Actor
from app.actors.tables import ActorRow
from app.console import csrf
from app.console.rights import RIGHTS
from app.inventory import queries as inventory
from app.kit import texts
from app.kit.refusal import Refusal, Refused, insist
from app.means import Means
from app.settings import Settings

LONGEST_PATH = 2000


class SignInFirst(Exception):
    """A page was asked for by somebody who is not signed in; `after` is where they wanted to go."""

    def __init__(self, after: str) -> None:
        super().__init__(after)
        self.after = after


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody signed in. `session` is its public id, `csrf` the word their forms must bring back.

    `way` is how they came in, `since` when, and `fresh_until` when they must sign in again if they leave it at that.
    """

    actor: Actor
    session: str
    csrf: str
    way: str
    since: datetime
    fresh_until: datetime


def means(request: Request) -> Means:
    """What this app was put together with."""
    found: Means = request.app.state.means
    return found


With = Annotated[Means, Depends(means)]


def limits(settings: Settings) -> sessions.Limits:
    """How long a sign-in lasts, from the settings."""
    return sessions.Limits(timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours))


def cookie_of(settings: Settings) -> str:
    """The cookie's name. `__Host-` has the browser insist on TLS, this host and no other; plain HTTP cannot have it."""
    return "__Host-rolecall" if settings.secure else "rolecall"


def keep(answer: Response, value: str, settings: Settings) -> None:
    """Give the browser its session's cookie."""
    answer.set_cookie(
        cookie_of(settings), value, max_age=settings.session_hours * 3600, httponly=True, secure=settings.secure,
        samesite="lax", path="/",
    )  # fmt: skip


def drop(answer: Response, settings: Settings) -> None:
    """Take the cookie back."""
    answer.delete_cookie(cookie_of(settings), httponly=True, secure=settings.secure, samesite="lax", path="/")


def present(request: Request, means: Means) -> Visit | None:
    """The visit behind the request's cookie; None without one that opens anything."""
    value = request.cookies.get(cookie_of(means.settings))
    if not value:
        return None
    at, length = means.clock(), limits(means.settings)
    try:
        with means.database.reading() as session:
            actor, row = sessions.resume(session, value, limits=length, at=at)
            holder = session.get_one(ActorRow, actor.id)
            person = inventory.find_identity(session, holder.person_key or holder.email or "")
    except Refused:
        return None
    if sessions.is_stale(row, at):
        with means.database.transaction() as session:
            sessions.note_use(session, row.id, at=at)
    known = replace(actor, identity_id=person.id if person is not None else None)
    until = min(row.expires, at + length.idle)
    return Visit(known, row.id, csrf.make(value), row.way, row.began, until)


def signed_in(request: Request, means: With) -> Visit:
    """The visit, or the way to one: a look leads to the sign-in (SignInFirst), an act is refused (401)."""
    visit = present(request, means)
    if visit is not None:
        request.state.visit = visit
        return visit
    if request.method in csrf.SAFE:
        raise SignInFirst(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
    raise Refused(policy.not_signed_in())


async def word_given(request: Request, visit: Annotated[Visit, Depends(signed_in)]) -> str | None:
    """The word an act brings, from its header or its form. Depends on the visit, so that no stranger's form is parsed."""
    if request.method in csrf.SAFE:
        return None
    given = request.headers.get(csrf.HEADER)
    if given is None and "form" in request.headers.get("content-type", ""):
        field = (await request.form()).get(csrf.FIELD)
        return field if isinstance(field, str) else None
    return given


async def _insist_on_storable(request: Request, _visit: Annotated[Visit, Depends(signed_in)]) -> None:
    """Refuse (422) text that no database keeps, wherever in an address or a form it stands."""
    given = [*request.path_params.values(), *request.query_params.values()]
    if "form" in request.headers.get("content-type", ""):
        sent = (await request.form()).multi_items()
        given += [each for name, value in sent for each in (name, getattr(value, "filename", value))]
    if not texts.storable(given):
        told = "What was sent holds a character that cannot be kept (NUL)."
        raise Refused(
            Refusal("does_not_fit", told, "Write it anew, without what came along when it was pasted.", status=422)
        )


def entered(
    request: Request,
    means: With,
    visit: Annotated[Visit, Depends(signed_in)],
    word: Annotated[str | None, Depends(word_given)],
    _storable: Annotated[None, Depends(_insist_on_storable)],
) -> Visit:
    """The visit, if its roles allow the page, and if an act is from a page of ours. Refuses with 401 or 403."""
    if request.method not in csrf.SAFE:
        insist(csrf.why_not_from_here(request.headers, means.settings.base_url))
        if not csrf.fits(request.cookies[cookie_of(means.settings)], word):
            raise Refused(csrf.foreign_form())
    act = RIGHTS[(request.method, request.scope["route"].path)]
    if act is not None:
        insist(policy.why_not(visit.actor, act))
    return visit


Entered = Annotated[Visit, Depends(entered)]


def ours(path: str | None) -> str:
    """The path if it is one of this site, to go on to; otherwise the start.

    Browsers take `//host`, `/\\host` and control characters for ways to another site.
    """
    if not path or len(path) > LONGEST_PATH or not path.startswith("/") or path[1:2] in ("/", "\\"):
        return "/"
    if any(ord(sign) < 33 or sign == "\\" or ord(sign) == 127 for sign in path):
        return "/"
    parts = urlsplit(path)
    return "/" if parts.scheme or parts.netloc else path


def install(app: FastAPI) -> None:
    """Lead whoever is not signed in to the sign-in, and back afterwards."""

    @app.exception_handler(SignInFirst)
    def _first(_request: Request, error: SignInFirst) -> RedirectResponse:
        after = ours(error.after)
        return RedirectResponse("/sign-in" + (f"?next={quote(after, safe='/')}" if after != "/" else ""), 303)
