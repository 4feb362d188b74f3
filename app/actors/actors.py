"""Making actors and giving them roles."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from app.actors import endings, policy, queries
from app.actors.actor import Actor, Role
from app.actors.tables import ActorRoleRow, ActorRow
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind


def make(
    session: Session,
    name: str,
    roles: dict[Role, datetime | None],
    *,
    email: str | None = None,
    person_key: str | None = None,
    by: Actor,
    at: datetime,
) -> ActorRow:
    """Make an actor with roles, each with its end or None. Refuses a taken address and an auditor without an end."""
    for role, until in roles.items():
        insist(policy.why_not_give(role, until, at))
    address = email.strip().lower() if email else None
    if address and queries.by_email(session, address) is not None:
        raise Refused(Refusal("email_taken", f"{address} is an actor already.", "Change that one instead."))
    row = ActorRow(id=f"actor-{uuid.uuid4().hex[:12]}", name=name, email=address, person_key=person_key, created=at)
    session.add(row)
    session.flush()
    session.add_all(ActorRoleRow(actor_id=row.id, role=role, until=until) for role, until in roles.items())
    personal = {"name": name} | ({"email": address} if address else {})
    body = {"roles": sorted(roles), "person": person_key}
    entries.record(
        session, Entry(Kind.ACTOR_MADE, f"actor:{row.id}", body, personal, f"actor:{row.id}"), by=by.id, at=at
    )
    session.flush()
    return row


def end(session: Session, actor: ActorRow, *, by: Actor, at: datetime) -> None:
    """Let an actor in no more; its tokens, links and sign-ins stop at once. What it did stays. Refuses the last admin."""
    if Role.ADMIN in queries.roles_of(session, actor.id, at=at):
        insist(policy.why_not_without_admin(queries.admins(session, but=actor.id, at=at), "end it"))
    actor.ended = at
    endings.sessions(session, actor.id, at=at)
    endings.links(session, actor.id, at=at)
    entries.record(session, Entry(Kind.ACTOR_CHANGED, f"actor:{actor.id}", {"ended": True}), by=by.id, at=at)
    session.flush()
