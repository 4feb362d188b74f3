"""Actors: who may do what here, their roles, tokens and sign-ins."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import AwareDatetime, Field
from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from app.actors import actors, queries, roles, sessions, tokens
from app.actors.actor import Role
from app.actors.tables import ActorRoleRow, ActorRow, SessionRow, TokenRow
from app.api import answering, paging, problems
from app.api.answering import Key
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import Asked, Nothing, Page, Told
from app.api.words import RoleName

router = APIRouter(prefix="/api/v1/actors", tags=["actors"])
ActorId = Annotated[str, Path(max_length=80)]
ShortId = Annotated[str, Path(max_length=24)]


class ActorTold(Told):
    """Somebody or something that may sign in here. `ended`: gets in no more."""

    id: str
    name: str
    email: str | None
    person_key: str | None
    created: datetime
    ended: datetime | None


class RoleHeld(Told):
    """A role with its end, if it has one."""

    role: RoleName
    until: datetime | None


class ActorStory(ActorTold):
    """An actor with the roles it holds at this moment."""

    roles: list[RoleHeld]


class ActorPage(Page):
    """A page of actors."""

    actors: list[ActorTold]


class RoleGiven(Asked):
    """A role to give, with its end; an auditor's always has one."""

    role: RoleName
    until: AwareDatetime | None = None


class RoleEnd(Asked):
    """Until when a role is held; an auditor's always has an end."""

    until: AwareDatetime | None = None


class Making(Asked):
    """An actor to make."""

    name: str = Field(min_length=1, max_length=200, examples=["Ada Lovelace"])
    roles: list[RoleGiven] = Field(min_length=1, max_length=10)
    email: str | None = Field(None, max_length=320, examples=["ada@example.com"])
    person_key: str | None = Field(None, max_length=200, description="The person's id in the roster.")


class TokenTold(Told):
    """A bearer token, without its secret. `scope`: the acts it is for; null: all that its actor may."""

    id: str
    actor_id: str
    label: str
    created: datetime
    expires: datetime
    last_used: datetime | None
    revoked: datetime | None
    scope: list[str] | None


class TokenPage(Page):
    """A page of tokens, newest first."""

    tokens: list[TokenTold]


class TokenMaking(Asked):
    """A token to make. `scope` names acts (`see_findings`); null is all that the actor may."""

    label: str = Field(min_length=1, max_length=200, examples=["nightly export"])
    days: int = Field(90, ge=1, le=365)
    scope: list[Annotated[str, Field(max_length=60)]] | None = Field(None, max_length=60)


class TokenMade(TokenTold):
    """A token with its secret, this once: `token` is null when the same request is answered again."""

    token: str | None


class SignIn(Told):
    """One browser that is signed in. When and how is for whoever it is, and for those who run actors."""

    id: str
    actor_id: str
    way: str
    began: datetime
    seen: datetime
    expires: datetime
    ended: datetime | None


class SignInPage(Page):
    """A page of sign-ins, the latest first."""

    sessions: list[SignIn]


@router.get("")
def list_actors(
    means: With,
    actor: Entered,
    page: paging.Asked,
    role: RoleName | None = None,
    status: Literal["present", "gone", "any"] = "present",
) -> ActorPage:
    """Actors by name; `role`: who holds it at this moment."""
    statement = select(ActorRow)
    if status != "any":
        statement = statement.where(ActorRow.ended.is_(None) if status == "present" else ActorRow.ended.is_not(None))
    if role is not None:
        now = or_(ActorRoleRow.until.is_(None), ActorRoleRow.until > means.clock())
        held = exists().where(ActorRoleRow.actor_id == ActorRow.id, ActorRoleRow.role == role, now)
        statement = statement.where(held)
    with means.database.reading() as session:
        rows, after = page.page(session, statement, Order((ActorRow.name, ActorRow.id)))
        return ActorPage(actors=[ActorTold.model_validate(row[0]) for row in rows], next=after)


@router.post("", status_code=201, response_model=ActorStory)
def make_actor(asked: Making, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Make an actor with roles. It gets in by the company's sign-in, by a link, or with a token."""

    def verb(session: Session, at: datetime) -> ActorStory:
        given = {Role(each.role): each.until for each in asked.roles}
        row = actors.make(session, asked.name, given, email=asked.email, person_key=asked.person_key, by=actor, at=at)
        return story(session, row, at)

    return answering.once(means, actor, key, asked, request, verb, status=201)


@router.get("/{actor_id}")
def get_actor(actor_id: ActorId, means: With, actor: Entered) -> ActorStory:
    """One actor with its roles."""
    with means.database.reading() as session:
        return story(session, found(session, actor_id), means.clock())


@router.delete("/{actor_id}", status_code=204)
def end_actor(actor_id: ActorId, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Let an actor in no more; its tokens and sign-ins stop at once. What it did stays. Refuses the last admin."""

    def verb(session: Session, at: datetime) -> None:
        row = found(session, actor_id)
        if row.ended is None:
            actors.end(session, row, by=actor, at=at)

    return answering.once(means, actor, key, Nothing(), request, verb)


@router.put("/{actor_id}/roles/{role}", response_model=ActorStory)
def give_role(
    actor_id: ActorId, role: RoleName, asked: RoleEnd, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Give an actor a role, or give the one it has another end. Whoever is signed in as it signs in again."""

    def verb(session: Session, at: datetime) -> ActorStory:
        row = found(session, actor_id)
        roles.give(session, row, Role(role), until=asked.until, by=actor, at=at)
        return story(session, row, at)

    return answering.once(means, actor, key, asked, request, verb)


@router.delete("/{actor_id}/roles/{role}", response_model=ActorStory)
def take_role(
    actor_id: ActorId, role: RoleName, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Take a role from an actor. Refuses the last admin's; what is not held needs no taking."""

    def verb(session: Session, at: datetime) -> ActorStory:
        row = found(session, actor_id)
        roles.take(session, row, Role(role), by=actor, at=at)
        return story(session, row, at)

    return answering.once(means, actor, key, Nothing(), request, verb)


@router.get("/{actor_id}/tokens")
def list_tokens(actor_id: ActorId, means: With, actor: Entered, page: paging.Asked) -> TokenPage:
    """An actor's tokens, newest first, those of the past among them; never their secrets."""
    with means.database.reading() as session:
        found(session, actor_id)
        return tokens_page(session, actor_id, page)


@router.post("/{actor_id}/tokens", status_code=201, response_model=TokenMade)
def make_token(
    actor_id: ActorId, asked: TokenMaking, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Make a token. Its secret is shown in this answer and never again, not even for the same Idempotency-Key."""

    def verb(session: Session, at: datetime) -> TokenMade:
        row = found(session, actor_id)
        made = tokens.make(session, row, asked.label, days=asked.days, scope=asked.scope, by=actor, at=at)
        kept = queries.tokens_of(session, actor_id)
        newest = next(each for each in kept if f"_{each.id}_" in made)
        return TokenMade(**TokenTold.model_validate(newest).model_dump(), token=made)

    return answering.once(
        means, actor, key, asked, request, verb, status=201, kept=lambda made: {**made, "token": None}
    )


@router.delete("/{actor_id}/tokens/{token_id}", status_code=204)
def revoke_token(
    actor_id: ActorId, token_id: ShortId, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """End a token now."""
    return answering.once(
        means, actor, key, Nothing(), request,
        lambda session, at: tokens.revoke(session, token_of(session, actor_id, token_id), by=actor, at=at),
    )  # fmt: skip


@router.get("/{actor_id}/sessions")
def list_sessions(actor_id: ActorId, means: With, actor: Entered, page: paging.Asked) -> SignInPage:
    """Where an actor is signed in at this moment, the latest first; where it was is nobody's but its own."""
    with means.database.reading() as session:
        found(session, actor_id)
        return sessions_page(session, actor_id, page, live_at=means.clock())


@router.delete("/{actor_id}/sessions/{session_id}", status_code=204)
def end_session(
    actor_id: ActorId, session_id: ShortId, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Sign one browser out."""
    return answering.once(
        means, actor, key, Nothing(), request,
        lambda session, at: sessions.end(session, session_of(session, actor_id, session_id), by=actor, at=at),
    )  # fmt: skip


def found(session: Session, actor_id: str) -> ActorRow:
    """The actor, or 404."""
    row = session.get(ActorRow, actor_id)
    if row is None:
        raise problems.not_found("actor", actor_id)
    return row


def story(session: Session, row: ActorRow, at: datetime) -> ActorStory:
    """An actor with the roles it holds."""
    held = select(ActorRoleRow).where(
        ActorRoleRow.actor_id == row.id, or_(ActorRoleRow.until.is_(None), ActorRoleRow.until > at)
    )
    roles = [RoleHeld.model_validate(each) for each in session.scalars(held.order_by(ActorRoleRow.role))]
    return ActorStory(**ActorTold.model_validate(row).model_dump(), roles=roles)


def tokens_page(session: Session, actor_id: str, page: paging.Turn) -> TokenPage:
    """A page of an actor's tokens."""
    statement = select(TokenRow).where(TokenRow.actor_id == actor_id)
    rows, after = page.page(session, statement, Order((TokenRow.created, TokenRow.id), falling=True))
    return TokenPage(tokens=[TokenTold.model_validate(row[0]) for row in rows], next=after)


def sessions_page(session: Session, actor_id: str, page: paging.Turn, *, live_at: datetime | None = None) -> SignInPage:
    """A page of an actor's sign-ins: all, or those that are live at a moment."""
    statement = select(SessionRow).where(SessionRow.actor_id == actor_id)
    if live_at is not None:
        statement = statement.where(SessionRow.ended.is_(None), SessionRow.expires > live_at)
    rows, after = page.page(session, statement, Order((SessionRow.began, SessionRow.id), falling=True))
    return SignInPage(sessions=[SignIn.model_validate(row[0]) for row in rows], next=after)


def token_of(session: Session, actor_id: str, token_id: str) -> TokenRow:
    """One of this actor's tokens, or 404."""
    row = session.get(TokenRow, token_id)
    if row is None or row.actor_id != actor_id:
        raise problems.not_found("token", token_id)
    return row


def session_of(session: Session, actor_id: str, session_id: str) -> SessionRow:
    """One of this actor's sign-ins, or 404."""
    row = session.get(SessionRow, session_id)
    if row is None or row.actor_id != actor_id:
        raise problems.not_found("session", session_id)
    return row
