"""Arrivals from the identity provider: each becomes an actor, or the one they are already, with the roles of their groups.

They are matched by issuer and subject. A verified address ties somebody who was invited to the actor made for them, once;
whoever else comes with that address later is refused. Groups are followed at every sign-in, also when the last is gone.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.actors import endings, policy, queries
from app.actors.actor import Role
from app.actors.claims import Arrival
from app.actors.tables import ActorRoleRow, ActorRow
from app.kit.refusal import Refusal
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who arrived, and why they may not come in all the same. What changed about them is written either way."""

    actor: ActorRow | None
    refusal: Refusal | None = None


def admit(session: Session, arrival: Arrival, *, auditor_lasts: timedelta, at: datetime) -> Admitted:
    """Make or find the actor and follow their groups. Does not raise, so that roles that are gone stay gone when refused.

    An auditor's role that came from a group ends `auditor_lasts` after it was first given; signing in does not prolong it.
    """
    row = queries.by_subject(session, arrival.issuer, arrival.subject)
    if row is None and arrival.email is not None:
        row = queries.by_email(session, arrival.email)
        if row is not None and row.subject is not None:
            return Admitted(None, policy.address_taken(queries.admin_names(session, at=at)))
    if row is not None and row.ended is not None and row.ended <= at:
        return Admitted(None, policy.not_any_more(queries.admin_names(session, at=at)))
    made = row is None
    if row is None:
        if not arrival.roles:
            return Admitted(None, policy.in_no_group(queries.admin_names(session, at=at)))
        row = _make(session, arrival, at)
    told = _know(session, row, arrival)
    session.flush()
    given, taken = _follow(session, row, arrival.roles, auditor_lasts, at)
    if made:
        body = {"roles": sorted(given), "person": None, "from": "provider"}
        _record(session, Kind.ACTOR_MADE, row, body, told, at)
    elif given or taken or told:
        body = {"given": sorted(given), "taken": sorted(taken), "from": "provider"}
        _record(session, Kind.ACTOR_CHANGED, row, body, told, at)
    if given or taken:
        endings.sessions(session, row.id, at=at)
    if not queries.roles_of(session, row.id, at=at):
        return Admitted(row, policy.in_no_group(queries.admin_names(session, at=at)))
    return Admitted(row)


def _make(session: Session, arrival: Arrival, at: datetime) -> ActorRow:
    """A new actor; or the one that another process made in this moment, for the same somebody."""
    row = ActorRow(
        id=f"actor-{uuid.uuid4().hex[:12]}",
        name=arrival.name,
        created=at,
        issuer=arrival.issuer,
        subject=arrival.subject,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        found = queries.by_subject(session, arrival.issuer, arrival.subject)
        if found is None:
            raise
        return found
    return row


def _know(session: Session, row: ActorRow, arrival: Arrival) -> dict[str, str]:
    """Take over what the provider says about somebody, but no address of another; returns the values that changed."""
    told = {}
    row.issuer, row.subject = arrival.issuer, arrival.subject
    if row.name != arrival.name:
        row.name = told["name"] = arrival.name
    owner = queries.by_email(session, arrival.email) if arrival.email is not None else None
    if arrival.email is not None and owner is None and row.email != arrival.email:
        row.email = told["email"] = arrival.email
    return told


def _follow(
    session: Session, row: ActorRow, roles: frozenset[Role], auditor_lasts: timedelta, at: datetime
) -> tuple[set[str], set[str]]:
    """Give and take what came from groups; what an admin gave is left alone. Returns which."""
    held = {each.role: each for each in session.scalars(select(ActorRoleRow).where(ActorRoleRow.actor_id == row.id))}
    over = {role for role, each in held.items() if each.until is not None and each.until <= at and role != Role.AUDITOR}
    given = {str(role) for role in roles} - (held.keys() - over)
    taken = {role for role, each in held.items() if each.from_group and role not in roles}
    for role in sorted(given):
        until = at + auditor_lasts if role == Role.AUDITOR else None
        session.merge(ActorRoleRow(actor_id=row.id, role=role, until=until, from_group=True))
    for role in taken:
        session.delete(held[role])
    session.flush()
    return given, taken


def _record(
    session: Session, kind: Kind, row: ActorRow, body: Mapping[str, object], told: dict[str, str], at: datetime
) -> None:
    personal = {"name": row.name} | told if kind is Kind.ACTOR_MADE else told
    subject = f"actor:{row.id}"
    entries.record(session, Entry(kind, subject, body, personal, subject), by=row.id, at=at)
