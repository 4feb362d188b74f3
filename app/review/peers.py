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
from app.review import advice, bundling, dialect, modelling, shown, unusual
from app.review.dialect import insert_or_skip, obj
from app.review.frozen import HELD, MODELS, PEERS, PEOPLE, VERSIONS


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
                "told": dialect.text(
                    {
                        "name": names[row.id][0].name,
                        "number": row.number,
                        "approved": row.approved_at.date().isoformat() if row.approved_at else None,
                    }
                ),
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
    same: Any = {"partition_by": (PEOPLE.c.system_id, PEOPLE.c.job)}
    jobs = select(PEOPLE.c.account_id, func.min(PEOPLE.c.account_id).over(**same), func.count().over(**same))
    session.execute(
        insert(PEERS).from_select([c.name for c in PEERS.c], jobs.where(PEOPLE.c.live, PEOPLE.c.job.is_not(None)))
    )
    live = (
        GrantRow.ended.is_(None),
        GrantRow.account_id.in_(select(PEERS.c.account_id)),
    )  # else of every system there is
    # First each once, whatever ways it comes by: in order of an index, so for nothing.
    once = select(GrantRow.account_id, GrantRow.entitlement_id).where(*live).distinct().subquery()
    holders, people = func.count(), func.min(PEERS.c.people)
    many, only = people >= unusual.PEERS, holders == 1
    told: Any = (
        select(
            PEERS.c.job,
            once.c.entitlement_id,
            shown.bits(
                alone=and_(people >= advice.PEERS, only), usual=and_(people >= advice.PEERS, holders * 2 >= people)
            ),
            and_(many, only),
            obj(held=holders, of=people),
        )
        .join(once, once.c.account_id == PEERS.c.account_id)
        .group_by(PEERS.c.job, once.c.entitlement_id)
    )
    session.execute(insert(HELD).from_select([column.name for column in HELD.c], told))
