"""Where each person stands among those of the same job, and which role model is theirs: worked out before items are made.

Peers are the people of the same department and title with a live account in the same system. A person has one role model:
of those that fit, the one that fits fewest people.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, insert, literal, select
from sqlalchemy.orm import Session

from app.inventory.tables import GrantRow, IdentityRow
from app.review import bundling, modelling
from app.review.dialect import insert_or_skip, obj
from app.review.frozen import HELD, MODELS, PEOPLE, VERSIONS


def models(session: Session, at: datetime) -> None:
    """Fill in whose role model is which: approved versions whose approval still counts."""
    lasting = [row for row in modelling.in_force(session) if bundling.lasts(row.approved_at, at)]
    if not lasting:
        return
    names = modelling.named(session, [row.id for row in lasting])
    session.execute(
        insert(VERSIONS),
        [
            {
                "version_id": row.id,
                "told": {
                    "name": names[row.id][0].name,
                    "number": row.number,
                    "approved": row.approved_at.date().isoformat() if row.approved_at else None,
                },
            }
            for row in lasting
        ],
    )
    today = at.date()
    narrowest = sorted(lasting, key=lambda row: (modelling.people(session, row.match, today), row.id))
    for row in narrowest:
        fitting = select(IdentityRow.id, literal(row.id)).where(modelling.here(today), modelling.fits(row.match))
        session.execute(insert_or_skip(session, MODELS).from_select(["identity_id", "version_id"], fitting))


def held(session: Session) -> None:
    """Fill in how many of each job hold each entitlement, and of how many people."""
    there = (
        select(PEOPLE.c.system_id, PEOPLE.c.job, func.count().label("people"))
        .where(PEOPLE.c.live, PEOPLE.c.job.is_not(None))
        .group_by(PEOPLE.c.system_id, PEOPLE.c.job)
        .subquery()
    )
    live = GrantRow.ended.is_(None)  # first each once, whatever ways it comes by: in order of an index, so for nothing
    once = select(GrantRow.account_id, GrantRow.entitlement_id).where(live).distinct().subquery()
    holding: Any = (
        select(
            PEOPLE.c.job,
            once.c.entitlement_id,
            func.min(PEOPLE.c.system_id).label("system_id"),
            func.count().label("holders"),
        )
        .join(once, once.c.account_id == PEOPLE.c.account_id)
        .where(PEOPLE.c.live, PEOPLE.c.job.is_not(None))
        .group_by(PEOPLE.c.job, once.c.entitlement_id)
        .subquery()
    )
    beside = obj(held=holding.c.holders, of=there.c.people)
    told = select(holding.c.job, holding.c.entitlement_id, holding.c.holders, there.c.people, beside).join(
        there, and_(there.c.job == holding.c.job, there.c.system_id == holding.c.system_id)
    )
    session.execute(insert(HELD).from_select([column.name for column in HELD.c], told))
