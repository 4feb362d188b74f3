"""A review's rounds as rows: planned when it opens, settled when it closes."""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.review import rounding, turns
from app.review.scope import Scope
from app.review.silence import Settled
from app.review.tables import CampaignRow, ItemRow, RoundRow
from app.review.turns import RoundStatus

_CHUNK = 5_000


def plan(session: Session, campaign_id: int, scope: Scope, at: datetime, due_at: datetime) -> None:
    """A row for each round, if there are several."""
    course = turns.course(scope.written())
    if not course:
        return
    first = RoundRow(
        campaign_id=campaign_id, number=1, name="First", status=RoundStatus.OPEN, began_at=at, due_at=due_at
    )
    first.asked = session.scalars(select(func.count()).where(ItemRow.campaign_id == campaign_id)).one()
    later = (
        RoundRow(
            campaign_id=campaign_id,
            number=number,
            name=turn.name,
            status=RoundStatus.PLANNED,
            seed=secrets.token_hex(16) if turn.sample is not None else None,
        )
        for number, turn in enumerate(course, 2)
    )
    session.add_all((first, *later))
    session.flush()


def settle(session: Session, row: CampaignRow, at: datetime) -> None:
    """Give each item that had several rounds what they come to by the review's rule, where its last answer is not that."""
    wanted: dict[str, list[int]] = defaultdict(list)
    for item_id, outcome in rounding.settled(session, row).items():
        if outcome is not None:
            wanted[outcome].append(item_id)
    for outcome, ids in sorted(wanted.items()):
        for start in range(0, len(ids), _CHUNK):
            session.execute(
                update(ItemRow)
                .where(ItemRow.id.in_(ids[start : start + _CHUNK]), ItemRow.outcome.is_distinct_from(outcome))
                .values(outcome=outcome, settled=Settled.ROUNDS, version=ItemRow.version + 1)
                .execution_options(synchronize_session=False)
            )
    session.execute(
        update(RoundRow)
        .where(RoundRow.campaign_id == row.id, RoundRow.status == RoundStatus.OPEN)
        .values(status=RoundStatus.ENDED, ended_at=at)
        .execution_options(synchronize_session=False)
    )


def committed(session: Session, campaign_id: int) -> dict[str, str]:
    """What an opening says of the seed of a sample: its SHA-256, so that it cannot be another one later."""
    seed = session.scalar(select(RoundRow.seed).where(RoundRow.campaign_id == campaign_id, RoundRow.seed.is_not(None)))
    return {"seed_digest": hashlib.sha256(seed.encode()).hexdigest()} if seed is not None else {}
