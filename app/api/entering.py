"""Who is asking: a bearer token becomes an actor, and the actor may or may not call the route.

The token is checked in a read of its own, before the endpoint opens its session, so that no connection is held across two
threads of the server's pool.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.actors import failures, policy, tokens
from app.actors.actor import Actor
from app.actors.tables import ActorRow, TokenRow
from app.api.pacing import Pace
from app.api.rights import RIGHTS
from app.inventory import queries as inventory
from app.kit.refusal import Refusal, Refused, insist
from app.kit.texts import storable
from app.means import Means


def means(request: Request) -> Means:
    """What this app was put together with."""
    found: Means = request.app.state.means
    return found


_BEARER = HTTPBearer(auto_error=False, description="A token made with `rolecall token make`.")


def entered(
    request: Request,
    means: Annotated[Means, Depends(means)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
) -> Actor:
    """The actor behind the request's token, if its roles allow the route. Refuses with 401 or 403."""
    if bearer is None or not bearer.credentials:
        raise Refused(
            Refusal(
                "not_signed_in",
                "This needs a token.",
                "Send `Authorization: Bearer …`; an admin makes one with `rolecall token make`.",
                status=401,
            )
        )
    at = means.clock()
    actor, token = _recognised(request, means, bearer.credentials.strip(), at)
    insist(pace(request, means).why_not(token.id, at))
    if tokens.is_stale(token, at):
        with means.database.transaction() as session:
            tokens.note_use(session, token.id, at=at)
    insist_on_right(request, actor)
    return actor


def insist_on_right(request: Request, actor: Actor) -> None:
    """Refuse what the actor may not call (403), and a request that does not fit the route (422)."""
    route: APIRoute = request.scope["route"]
    act = RIGHTS[(request.method, route.path)]
    if act is not None:
        insist(policy.why_not(actor, act))
    insist(_why_not_parameters([name for name, _ in request.query_params.multi_items()], parameters(route)))
    if not storable([*request.path_params.values(), *request.query_params.values(), *request.headers.values()]):
        raise Refused(Refusal("does_not_fit", "The request holds NUL.", "Leave it out.", status=422))


def source(request: Request, means: Means) -> bytes:
    """Where a request comes from, as failed tries are counted."""
    host = request.client.host if request.client is not None else None
    return failures.source(means.keys.derive("sources"), "api", host)


def _recognised(request: Request, means: Means, presented: str, at: datetime) -> tuple[Actor, TokenRow]:
    """Whose token this is. Refuses (429) who presented too many that are none, and notes the next one."""
    origin, subject = source(request, means), tokens.subject_of(presented)
    try:
        with means.database.reading() as session:
            insist(failures.why_not_try(session, origin, subject, limit=means.settings.failed_entries, at=at))
            actor, token = tokens.enter(session, presented, at=at)
            row = session.get_one(ActorRow, actor.id)
            person = inventory.find_identity(session, row.person_key or row.email or "")
    except Refused as refused:
        if refused.refusal.status == 401:
            note_failure(means, origin, presented, subject, at)
        raise
    return replace(actor, identity_id=person.id if person is not None else None), token


def note_failure(means: Means, source: bytes, presented: str, subject: str | None, at: datetime) -> None:
    """Write down that a token was none, unless it stands there: being wrong must not cost us a write each time."""
    with means.database.reading() as session:
        known = failures.is_noted(session, source, presented, at=at)
    if not known:
        with means.database.transaction() as session:
            failures.note(session, source, presented, subject, at=at)


def pace(request: Request, means: Means) -> Pace:
    """This process's count of calls, made with the first."""
    found: Pace | None = getattr(request.app.state, "pace", None)
    if found is None:
        found = request.app.state.pace = Pace(means.settings.requests_per_minute, means.settings.api_processes)
    return found


def parameters(route: APIRoute) -> list[str]:
    """The names of every query parameter that a route knows."""
    return sorted(_queries(route.dependant))


def _queries(dependant: Dependant) -> set[str]:
    own = {field.alias for field in dependant.query_params}
    return own.union(*(_queries(each) for each in dependant.dependencies))


def _why_not_parameters(given: Sequence[str], known: Sequence[str]) -> Refusal | None:
    """A filter misspelt must not count as one left out, and of one given twice nobody knows which is meant."""
    there_are = f"There are: {', '.join(known)}." if known else "There are none here."
    if unknown := sorted(set(given) - set(known)):
        return Refusal("unknown_parameter", f"There is no parameter {unknown[0]!r} here.", there_are, status=422)
    if twice := sorted({name for name in given if given.count(name) > 1}):
        return Refusal("parameter_twice", f"The parameter {twice[0]!r} is given twice.", "Give it once.", status=422)
    return None


Entered = Annotated[Actor, Depends(entered)]
With = Annotated[Means, Depends(means)]
