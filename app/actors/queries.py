"""Reads of actors, their roles and their ways in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.actors.actor import Actor, Role
from app.actors.policy import MAY, May
from app.actors.tables import ActorRoleRow, ActorRow, HookRow, SessionRow, TokenRow


def actor(session: Session, actor_id: str, *, way: str, at: datetime) -> Actor | None:
    """The actor with the roles it holds at this moment; None if there is none or it has ended.

    Whoever comes by a link from a message or by a hook is a reviewer here and nothing else, whatever they are otherwise.
    """
    row = session.get(ActorRow, actor_id)
    if row is None or (row.ended is not None and row.ended <= at):
        return None
    held = frozenset(Role(role) for role in roles_of(session, actor_id, at=at))
    if way in ("link", "hook"):
        held = frozenset({Role.REVIEWER} if any(May.DECIDE in MAY[role] for role in held) else ())
    return Actor(row.id, row.name, held, way=way)


def roles_of(session: Session, actor_id: str, *, at: datetime) -> list[str]:
    """The roles an actor holds at this moment."""
    held = select(ActorRoleRow.role).where(
        ActorRoleRow.actor_id == actor_id, or_(ActorRoleRow.until.is_(None), ActorRoleRow.until > at)
    )
    return list(session.scalars(held.order_by(ActorRoleRow.role)))


def find(session: Session, named: str) -> ActorRow | None:
    """The actor with this id, address or roster id; by name too, if exactly one who gets in is called so."""
    row = session.get(ActorRow, named) or by_email(session, named)
    if row is not None:
        return row
    live = select(ActorRow).where(ActorRow.ended.is_(None))
    for column in (ActorRow.person_key, ActorRow.name):
        rows = session.scalars(live.where(column == named).limit(2)).all()
        if len(rows) == 1:
            return rows[0]
    return None


def by_subject(session: Session, issuer: str, subject: str) -> ActorRow | None:
    """The actor whom this provider knows by this subject."""
    return session.scalar(select(ActorRow).where(ActorRow.issuer == issuer, ActorRow.subject == subject))


def admins(session: Session, *, but: str | None = None, at: datetime) -> int:
    """How many admins get in, leaving one out. On PostgreSQL their roles are held until the transaction ends, so that two
    admins who take each other's role at once do not leave the house without one."""
    held = select(ActorRoleRow).where(
        ActorRoleRow.role == Role.ADMIN, or_(ActorRoleRow.until.is_(None), ActorRoleRow.until > at)
    )
    rows = session.scalars(held.order_by(ActorRoleRow.actor_id).with_for_update()).all()
    ended = set(session.scalars(select(ActorRow.id).where(ActorRow.ended.is_not(None), ActorRow.ended <= at)))
    return len({row.actor_id for row in rows} - ended - {but})


def admin_names(session: Session, *, at: datetime, most: int = 3) -> list[str]:
    """The names of some admins, for whoever has to ask one."""
    held = (
        select(ActorRow.name)
        .join(ActorRoleRow, ActorRoleRow.actor_id == ActorRow.id)
        .where(
            ActorRoleRow.role == Role.ADMIN,
            or_(ActorRoleRow.until.is_(None), ActorRoleRow.until > at),
            or_(ActorRow.ended.is_(None), ActorRow.ended > at),
        )
    )
    return list(session.scalars(held.order_by(ActorRow.created, ActorRow.id).limit(most)))


def sessions_of(session: Session, actor_id: str, *, at: datetime) -> list[SessionRow]:
    """An actor's sign-ins that have not ended, the latest first."""
    live = select(SessionRow).where(
        SessionRow.actor_id == actor_id, SessionRow.ended.is_(None), SessionRow.expires > at
    )
    return list(session.scalars(live.order_by(SessionRow.began.desc(), SessionRow.id)))


def by_email(session: Session, email: str) -> ActorRow | None:
    """The actor with this address, in any spelling of case."""
    return session.scalar(select(ActorRow).where(ActorRow.email == email.lower()))


def everyone(session: Session, *, at: datetime) -> list[tuple[ActorRow, list[str]]]:
    """All actors by name, with the roles they hold at this moment."""
    roles: dict[str, list[str]] = {}
    held = select(ActorRoleRow).where(or_(ActorRoleRow.until.is_(None), ActorRoleRow.until > at))
    for row in session.scalars(held.order_by(ActorRoleRow.role)):
        roles.setdefault(row.actor_id, []).append(row.role)
    return [
        (row, roles.get(row.id, [])) for row in session.scalars(select(ActorRow).order_by(ActorRow.name, ActorRow.id))
    ]


def tokens_of(session: Session, actor_id: str) -> list[TokenRow]:
    """An actor's tokens, newest first."""
    of = select(TokenRow).where(TokenRow.actor_id == actor_id)
    return list(session.scalars(of.order_by(TokenRow.created.desc(), TokenRow.id)))


def hooks_of(session: Session, actor_id: str) -> list[HookRow]:
    """An actor's hooks, newest first."""
    of = select(HookRow).where(HookRow.actor_id == actor_id)
    return list(session.scalars(of.order_by(HookRow.made.desc(), HookRow.id)))
