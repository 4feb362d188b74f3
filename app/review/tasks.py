"""Tasks: a reviewer's share, submitted as a whole or opened again; items handed on to somebody as independent as the first.

Submitting waits for the decisions in flight, which hold the campaign's row shared, so that none slips in behind it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.kit import clock
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.review import (
    apart,
    aside,
    delegating,
    former,
    handing,
    heirs,
    independence,
    leanings,
    moving,
    policy,
    submission,
    ties,
    turns,
)
from app.review.choice import ChosenBy
from app.review.submission import TaskStatus
from app.review.tables import CampaignRow, ItemRow, TaskRow


def submit(session: Session, task: int, *, by: Actor, at: datetime) -> TaskRow:
    """Make the answers of a share stand; what was set aside goes on to whoever is next. Refuses anybody but its reviewer,
    items without an answer, one that was submitted already, and a campaign that has ended."""
    at = clock.utc(at)
    row, campaign = _held(session, task)
    counts = dict(
        session.execute(
            select(ItemRow.outcome, func.count())
            .where(ItemRow.task_id == task, ItemRow.aside.is_(None))
            .group_by(ItemRow.outcome)
        ).all()
    )
    undecided = counts.pop(None, 0)
    insist(policy.why_not_move(campaign.status))
    insist(apart.why_not_this_way(by, campaign.id, False))
    insist(submission.why_not_submit(row.status, reviewer_id=row.reviewer_id, undecided=undecided, by=by))
    gone = _go_on(session, row, by, at)
    moving.turn(session, row, TaskStatus.SUBMITTED, at)
    body = {"task": task, "reviewer": f"identity:{row.reviewer_id}", "counts": counts, "way": by.way}
    body |= {"set_aside": gone} if gone else {}
    entry = Entry(Kind.TASK_SUBMITTED, f"campaign:{campaign.id}", body, person=f"identity:{row.reviewer_id}")
    entries.record(session, entry, by=by.id, at=at)
    return row


def _go_on(session: Session, task: TaskRow, by: Actor, at: datetime) -> int:
    """Hand what was set aside to whoever is next, with an entry for each of them and each cause. Gives how many items."""
    seen = select(*moving.SEEN, ItemRow.aside).join(TaskRow, TaskRow.id == ItemRow.task_id)
    mine = seen.where(ItemRow.task_id == task.id, ItemRow.aside.is_not(None)).order_by(ItemRow.id)
    items: Sequence[Any] = session.execute(mine).all()
    if not items:
        return 0
    next_ones = heirs.heirs(session, [item.id for item in items], at)
    shares: dict[tuple[int, str], list[Row[Any]]] = defaultdict(list)
    for item in items:
        heir = next_ones[item.id]
        if heir is not None:
            shares[heir, item.aside].append(item)
    insist(aside.why_not_go_on(len(items) - sum(map(len, shares.values()))))
    with session.begin_nested():
        for (heir, why), some in sorted(shares.items()):
            handing.move(
                session, task.campaign_id, moving.pairs(some), heir, chosen_by=ChosenBy.PASSED_ON, delegation_id=None
            )
            delegating.tell(session, task.campaign_id, some, heir, why, None, by, at)
    return len(items)


def reopen(session: Session, task: int, *, reason: str, by: Actor, at: datetime) -> TaskRow:
    """Let a submitted share be changed again. Refuses anybody but administrators, no reason, a campaign that has ended."""
    at = clock.utc(at)
    row, campaign = _held(session, task)
    insist(policy.why_not_move(campaign.status))
    insist(submission.why_not_reopen(row.status, reason=reason, by=by))
    moving.turn(session, row, TaskStatus.OPEN, None)
    body = {"task": task, "reviewer": f"identity:{row.reviewer_id}"}
    person = f"identity:{row.reviewer_id}"
    entry = Entry(Kind.TASK_REOPENED, f"campaign:{campaign.id}", body, {"reason": reason.strip()}, person)
    entries.record(session, entry, by=by.id, at=at)
    return row


def _held(session: Session, task: int) -> tuple[TaskRow, CampaignRow]:
    """A task with its campaign, whose row is held until this transaction ends."""
    campaign = session.scalar(
        select(CampaignRow)
        .join(TaskRow, TaskRow.campaign_id == CampaignRow.id)
        .where(TaskRow.id == task)
        .with_for_update(of=CampaignRow)
    )
    if campaign is None:
        raise Refused(Refusal("not_found", f"There is no task {task}.", "Look at your list.", status=404))
    return session.get_one(TaskRow, task, populate_existing=True), campaign


def reassign(
    session: Session,
    campaign: int,
    *,
    to_id: int,
    reason: str,
    items: Sequence[int] | None = None,
    task: int | None = None,
    by: Actor,
    at: datetime,
) -> TaskRow:
    """Hand `items`, or all of a `task`, of a campaign to the identity `to_id`, up to 10,000 at once.

    Refuses anybody but their reviewer and administrators, whoever is concerned by one of the items on either side, a new
    reviewer who is not here, and no reason. Decisions stay; the new reviewer may change them. Gives the new task.
    """
    at = clock.utc(at)
    row = session.scalar(select(CampaignRow).where(CampaignRow.id == campaign).with_for_update(read=True))
    if row is None:
        raise Refused(Refusal("not_found", f"There is no campaign {campaign}.", "Look at the list.", status=404))
    insist(policy.why_not_move(row.status))
    found = _items(session, campaign, items, task)
    insist(policy.why_not_hand_on(len(found), len(items) if items is not None else None))
    insist(
        policy.why_not_reassign(
            reviewers=frozenset(item.reviewer_id for item in found),
            concerned=frozenset().union(*ties.concerned(session, [item.id for item in found]).values()),
            to_id=to_id,
            able=moving.able(session, to_id, at, row.due_at),
            configurer_id=row.configurer_id,
            owner_id=row.owner_id,
            reason=reason,
            by=by,
            submitted=any(item.status == TaskStatus.SUBMITTED for item in found),
        )
    )
    barring = ((leanings.granting, independence.why_not_granter), (leanings.holding, independence.why_not_holder))
    for barred, why_not in barring:
        insist(why_not(to_id, frozenset().union(*barred(session, [item.id for item in found]).values())))
    if row.round > 1:
        earlier = former.people(session, [item.id for item in found])
        insist(turns.why_not_again(to_id, frozenset().union(*earlier.values())))
    with session.begin_nested():  # all of them move, or none
        target = handing.move(
            session, campaign, moving.pairs(found), to_id, chosen_by=ChosenBy.REASSIGNED, delegation_id=None
        )
        _tell(session, campaign, found, to_id, reason, by, at)
    return target


def _items(session: Session, campaign: int, items: Sequence[int] | None, task: int | None) -> list[Row[Any]]:
    asked = (
        select(*moving.SEEN)
        .join(TaskRow, TaskRow.id == ItemRow.task_id)
        .where(ItemRow.campaign_id == campaign)
        .order_by(ItemRow.id)
        .limit(policy.REASSIGN + 1)
    )
    if items is None:
        return list(session.execute(asked.where(ItemRow.task_id == task)))
    found: list[Row[Any]] = []
    wanted = sorted(set(items))[: policy.REASSIGN + 1]
    for start in range(0, len(wanted), moving.CHUNK):
        found += session.execute(asked.where(ItemRow.id.in_(wanted[start : start + moving.CHUNK])))
    return found


def _tell(
    session: Session, campaign: int, items: Sequence[Row[Any]], to_id: int, reason: str, by: Actor, at: datetime
) -> None:
    body = dict(moving.told(items, to_id))
    entry = Entry(Kind.TASK_REASSIGNED, f"campaign:{campaign}", body, {"reason": reason.strip()}, f"identity:{to_id}")
    entries.record(session, entry, by=by.id, at=at)
