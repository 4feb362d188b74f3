"""Shares whose reviewer has left, or is away until the end, move on to the next who is asked: nothing waits for nobody.

Who is next is chosen as when the review opened, by what the roster says now. Answers that were given stay, as drafts of
whoever comes after; what was submitted stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory.tables import IdentityRow, SystemRow
from app.kit import clock
from app.review import (
    allowing,
    apart,
    choosing,
    delegating,
    freezing,
    frozen,
    grounds,
    handing,
    leanings,
    moving,
    policy,
    population,
    ties,
)
from app.review import former as rounds
from app.review import scope as scopes
from app.review.choice import ChosenBy
from app.review.freezing import Frame
from app.review.independence import Leaners
from app.review.submission import TaskStatus
from app.review.tables import CampaignRow, CampaignSnapshotRow, ItemRow, TaskRow


@dataclass(frozen=True, slots=True)
class Passed:
    """How many items moved on, and for how many nobody is left: those stay where they are."""

    moved: int = 0
    stranded: int = 0


def pass_on(session: Session, campaign: int, *, by: Actor, at: datetime) -> Passed:
    """Move on what lies with somebody who is not here any more to decide on it; one entry for each who takes over."""
    at = clock.utc(at)
    row = session.scalar(select(CampaignRow).where(CampaignRow.id == campaign).with_for_update(read=True))
    if row is None or policy.why_not_move(row.status) is not None:
        return Passed()
    waiting = _waiting(session, row, at)
    if not waiting:
        return Passed()
    chosen = _chosen(session, row, waiting, at)
    if row.round > 1:  # nobody is asked in two rounds
        before = rounds.people(session, list(chosen))
        chosen = {item: heir for item, heir in chosen.items() if heir not in before[item]}
    shares: dict[tuple[int, int], list[Row[Any]]] = defaultdict(list)
    for item in waiting:
        if item.id in chosen:
            shares[item.reviewer_id, chosen[item.id]].append(item)
    with session.begin_nested():
        for (former, heir), items in sorted(shares.items()):
            handing.move(session, campaign, moving.pairs(items), heir, chosen_by=ChosenBy.PASSED_ON, delegation_id=None)
            delegating.tell(session, campaign, items, heir, _because(session, former, at), None, by, at)
    moved = sum(map(len, shares.values()))
    return Passed(moved, len(waiting) - moved)


def _waiting(session: Session, campaign: CampaignRow, at: datetime) -> Sequence[Any]:
    """What lies in open shares of people who cannot review from now until it is due."""
    here = choosing.able(at.date(), max(at, campaign.due_at).date())
    return session.execute(
        select(*moving.SEEN, ItemRow.subject)
        .join(TaskRow, TaskRow.id == ItemRow.task_id)
        .join(IdentityRow, IdentityRow.id == TaskRow.reviewer_id)
        .where(TaskRow.campaign_id == campaign.id, TaskRow.status == TaskStatus.OPEN, ~here)
        .order_by(ItemRow.id)
    ).all()


def _chosen(session: Session, campaign: CampaignRow, waiting: Sequence[Row[Any]], at: datetime) -> Mapping[int, int]:
    """Who is next for each item; where its chain has nobody, or it is gone from the system, the first fallback who may."""
    scope = scopes.read(campaign.scope)
    systems = session.scalars(
        select(SystemRow)
        .join(CampaignSnapshotRow, CampaignSnapshotRow.system_id == SystemRow.id)
        .where(CampaignSnapshotRow.campaign_id == campaign.id)
        .order_by(SystemRow.id)
    ).all()
    due_at = max(at, campaign.due_at)
    readings = [grounds.reading(session, system, scope) for system in systems]
    frame = Frame(
        places=grounds.places(session, systems, scope, readings, at, due_at),
        department=scope.department,
        routes=grounds.routes(session, scope, at, due_at, strict=False),
        apart=apart.of(campaign.configurer_id, campaign.owner_id),
        bars=scope.granters is Leaners.BAR,
        bars_holders=scope.holders is Leaners.BAR,
        at=at,
        due_at=due_at,
    )
    tasks = _tasks(session, campaign.id, {item.reviewer_id for item in waiting})
    found: dict[int, int] = {}
    with frozen.tables(session):
        allowing.entitlements(session, [system.id for system in systems])
        freezing.prepare(session, frame)
        for kind in scope.kinds:
            rows = population.of(kind, None, [route.rule for route in frame.routes]).subquery()
            mine = and_(ItemRow.subject == rows.c.subject, ItemRow.task_id.in_(tasks))
            asked = select(ItemRow.id, rows.c.reviewer_id).join(rows, mine).where(rows.c.reviewer_id.is_not(None))
            found |= dict(session.execute(asked).all())
    last = [step.ids[0] for step in frame.routes[-1].candidates if step.chosen_by is ChosenBy.FALLBACK]
    left = [item.id for item in waiting if item.id not in found]
    concerned, barred = ties.concerned(session, left), leanings.barred(session, left)
    for item in left:
        kept = concerned.get(item, frozenset()) | barred.get(item, frozenset())
        kept |= apart.of(campaign.configurer_id, campaign.owner_id)
        heir = next((each for each in last if each not in kept), None)
        if heir is not None:
            found[item] = heir
    return found


def _tasks(session: Session, campaign: int, reviewers: set[int]) -> list[int]:
    mine = select(TaskRow.id).where(TaskRow.campaign_id == campaign, TaskRow.reviewer_id.in_(reviewers))
    return list(session.scalars(mine))


def _because(session: Session, former: int, at: datetime) -> str:
    """Why somebody cannot decide. The roster never says why somebody is away, and neither do we."""
    person = session.get_one(IdentityRow, former)
    left = person.ended is not None or person.erased is not None or (person.end is not None and person.end < at.date())
    return "left" if left else "away"
