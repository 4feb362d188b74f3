"""Reads of actors and their tokens."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.actors.actor import Actor, Role
from app.actors.tables import ActorRoleRow, ActorRow, TokenRow


def actor(session: Session, actor_id: str, *, way: str, at: datetime) -> Actor | None:
    """The actor with the roles it holds at this moment; None if there is none or it has ended."""
    row = session.get(ActorRow, actor_id)
    if row is None or (row.ended is not None and row.ended <= at):
        return None
    held = session.scalars(
        select(ActorRoleRow.role).where(
            ActorRoleRow.actor_id == actor_id, or_(ActorRoleRow.until.is_(None), ActorRoleRow.until > at)
        )
    )
    return Actor(row.id, row.name, frozenset(Role(role) for role in held), way=way)


def by_email(session: Session, email: str) -> ActorRow | None:
    """The actor with this address, in any spelling of case."""
    return session.scalar(select(ActorRow).where(ActorRow.email == email.lower()))


def everyone(session: Session, *, at: datetime) -> list[tuple[ActorRow, list[str]]]:
    """All actors by name, with the roles they hold at this moment."""
    roles: dict[str, list[str]] = {}
    held = select(ActorRoleRow).where(or_(ActorRoleRow.until.is_(None), ActorRoleRow.until > at))
    for row in session.scalars(held.order_by(ActorRoleRow.role)):
        roles.setdefault(row.actor_id, []).append(row.role)
    return [(row, roles.get(row.id, [])) for row in session.scalars(select(ActorRow).order_by(ActorRow.name))]


def tokens_of(session: Session, actor_id: str) -> list[TokenRow]:
    """An actor's tokens, newest first."""
    return list(
        session.scalars(select(TokenRow).where(TokenRow.actor_id == actor_id).order_by(TokenRow.created.desc()))
    )
