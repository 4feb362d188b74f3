"""Who is asking, and what is their own here: tokens and sign-ins."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.actors import sessions, tokens
from app.api import actors, answering, paging
from app.api.actors import ShortId, SignInPage, TokenPage
from app.api.answering import Key
from app.api.entering import Entered, With
from app.api.shapes import Nothing, Told
from app.api.words import RoleName

router = APIRouter(prefix="/api/v1/me", tags=["actors"])


class Me(Told):
    """The actor behind the token. `identity` is the person of the roster, where one is known."""

    id: str
    name: str
    roles: list[RoleName]
    identity: int | None


@router.get("")
def get_me(actor: Entered) -> Me:
    """Who you are here."""
    roles = [RoleName(role) for role in sorted(actor.roles)]
    return Me(id=actor.id, name=actor.name, roles=roles, identity=actor.identity_id)


@router.get("/tokens")
def list_own_tokens(means: With, actor: Entered, page: paging.Asked) -> TokenPage:
    """Your tokens, newest first. New ones are made by an admin: a token cannot make another that may do more."""
    with means.database.reading() as session:
        return actors.tokens_page(session, actor.id, page)


@router.delete("/tokens/{token_id}", status_code=204)
def revoke_own_token(token_id: ShortId, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """End one of your tokens now; also the one that you ask with."""
    return answering.once(
        means, actor, key, Nothing(), request,
        lambda session, at: tokens.revoke(session, actors.token_of(session, actor.id, token_id), by=actor, at=at),
    )  # fmt: skip


@router.get("/sessions")
def list_own_sessions(means: With, actor: Entered, page: paging.Asked) -> SignInPage:
    """Where you are signed in, and were, the latest first."""
    with means.database.reading() as session:
        return actors.sessions_page(session, actor.id, page)


@router.delete("/sessions/{session_id}", status_code=204)
def end_own_session(session_id: ShortId, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Sign one of your browsers out."""
    return answering.once(
        means, actor, key, Nothing(), request,
        lambda session, at: sessions.end(session, actors.session_of(session, actor.id, session_id), by=actor, at=at),
    )  # fmt: skip
