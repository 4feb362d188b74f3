"""Roles: given and taken by an admin. A change of what somebody may do signs them out, so that no session outlives it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.actors import endings, policy, queries
from app.actors.actor import Actor, Role
from app.actors.tables import ActorRoleRow, ActorRow
from app.kit.refusal import insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind


def give(
    session: Session, actor: ActorRow, role: Role, *, until: datetime | None = None, by: Actor, at: datetime
) -> None:
    """Give a role, or give it another end. Refuses an auditor's without an end, an end for the last admin's, and whoever
    gets in no more."""
    insist(policy.why_not_token(actor.ended))
    insist(policy.why_not_give(role, until, at))
    if role is Role.ADMIN and until is not None and Role.ADMIN in queries.roles_of(session, actor.id, at=at):
        insist(policy.why_not_without_admin(queries.admins(session, but=actor.id, at=at), "give it an end"))
    row = session.get(ActorRoleRow, (actor.id, role))
    if row is None:
        session.add(ActorRoleRow(actor_id=actor.id, role=role, until=until, from_group=False))
    elif row.until == until and not row.from_group:
        return
    else:
        row.until, row.from_group = until, False
    ends = until.isoformat() if until else None
    _changed(session, actor, {"given": [str(role)], "until": ends}, by, at)


def take(session: Session, actor: ActorRow, role: Role, *, by: Actor, at: datetime) -> None:
    """Take a role. Refuses the last admin's; what is not held needs no taking. A group that gives it gives it again."""
    row = session.get(ActorRoleRow, (actor.id, role))
    if row is None:
        return
    if role is Role.ADMIN and Role.ADMIN in queries.roles_of(session, actor.id, at=at):
        insist(policy.why_not_without_admin(queries.admins(session, but=actor.id, at=at), "take its role"))
    session.delete(row)
    _changed(session, actor, {"taken": [str(role)]}, by, at)


def _changed(session: Session, actor: ActorRow, body: dict[str, object], by: Actor, at: datetime) -> None:
    session.flush()
    endings.sessions(session, actor.id, at=at)
    entries.record(session, Entry(Kind.ACTOR_CHANGED, f"actor:{actor.id}", body), by=by.id, at=at)
