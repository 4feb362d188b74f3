"""Admissions: the link in a reviewer's mail that signs them in, where there is no provider to sign in at.

It is made for the one try in which it leaves, lies nowhere in the log of messages, and opens that reviewer's items of that
review and nothing else. Whoever reviews and is no actor yet becomes one, with the reviewer's role alone.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.actors import actors, links
from app.actors.actor import Actor, Role
from app.actors.tables import ActorRow
from app.inventory.tables import IdentityRow
from app.notices import queries
from app.notices.events import ADMITTING
from app.notices.tables import DeliveryRow


def path(session: Session, delivery: DeliveryRow, *, days: int = 7, by: Actor, at: datetime) -> str | None:
    """The path that signs the reader of a message in, once and for `days`; None for what asks nobody to review, and for
    whoever gets in no more."""
    kind, _, number = delivery.whom.partition(":")
    if delivery.event not in ADMITTING or kind != "identity" or "reviewers" in delivery.facts:
        return None
    person = session.get(IdentityRow, int(number))
    address = queries.address(session, delivery.whom)
    if person is None or person.erased is not None or address is None:
        return None
    known = select(ActorRow).where(or_(ActorRow.person_key == person.key, ActorRow.email == address))
    actor = session.scalar(known.order_by(ActorRow.ended.is_not(None), ActorRow.id).limit(1))
    if actor is None:
        roles: dict[Role, datetime | None] = {Role.REVIEWER: None}
        actor = actors.make(session, person.name, roles, email=address, person_key=person.key, by=by, at=at)
    if actor.ended is not None:
        return None
    return links.make(session, actor, int(delivery.facts["campaign"]), days=days, by=by, at=at)
