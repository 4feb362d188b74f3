"""Reads of reviews: what one would rest on, what is due, a reviewer's queue, how far a campaign is, one item's story.

Queues and stories take `by`: a reviewer sees what is theirs, administrators and auditors see all, others see nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.actors.tables import ActorRow
from app.inventory.tables import IdentityRow
from app.kit.refusal import Refusal
from app.ledger import jcs
from app.review import apart, parts, schedule, workdays
from app.review.effort import Effort
from app.review.policy import Status
from app.review.schedule import Plan, Slot
from app.review.silence import Settled
from app.review.tables import (
    CampaignRow,
    CampaignSnapshotRow,
    DecisionRow,
    DriftRow,
    ImportedDecisionRow,
    ImportedReviewRow,
    ItemRow,
    ScheduleRow,
    TaskRow,
)

SEES_ALL = apart.SEES_ALL
ANSWERS = ("keep", "remove", "change", "acknowledge")


# --- schedules ---


@dataclass(frozen=True, slots=True)
class Due:
    """A review that should be open by now and is not. `late`: its moment has passed by more than a tick's length."""

    schedule: ScheduleRow
    slot: Slot
    due_at: datetime
    late: bool


def schedules(session: Session) -> Sequence[ScheduleRow]:
    """All schedules, by name."""
    return session.scalars(select(ScheduleRow).order_by(ScheduleRow.name)).all()


def plan_of(row: ScheduleRow) -> Plan:
    """A schedule's plan, as `schedule` thinks of it."""
    return Plan(
        row.name, row.zone, row.opens_on_day, row.opens_at_hour, row.due_days, row.cadence, row.every, row.starts_on,
        workdays.read(row.calendar),
    )  # fmt: skip


def due_slots(session: Session, at: datetime) -> list[Due]:
    """Every schedule's latest slot that has begun, unless a campaign bears it, the schedule is paused or is younger."""
    opened = select(CampaignRow.slot).where(CampaignRow.slot.is_not(None))
    taken = set(session.scalars(opened))
    due = []
    for row in session.scalars(select(ScheduleRow).where(~ScheduleRow.paused).order_by(ScheduleRow.id)):
        plan = plan_of(row)
        slot = schedule.latest(plan, at)
        if slot is not None and slot.id not in taken and slot.opens_at >= row.since:
            due.append(Due(row, slot, schedule.due_at(plan, at), slot.late(at) is not None))
    return due


# --- campaigns ---


def campaign(session: Session, campaign_id: int) -> CampaignRow | None:
    """One campaign."""
    return session.get(CampaignRow, campaign_id)


def campaigns(session: Session) -> Sequence[CampaignRow]:
    """All campaigns, the latest first."""
    return session.scalars(select(CampaignRow).order_by(CampaignRow.id.desc())).all()


@dataclass(frozen=True, slots=True)
class Share:
    """One reviewer's share of a campaign, in items."""

    task_id: int
    reviewer_id: int
    reviewer: str
    items: int
    keep: int
    remove: int
    change: int
    acknowledge: int = 0
    silent: int = 0  # nobody answered, and the closing gave them an outcome
    status: str = "open"
    submitted_at: datetime | None = None

    @property
    def undecided(self) -> int:
        """How many have no answer yet."""
        return self.items - self.keep - self.remove - self.change - self.acknowledge - self.silent


def progress(session: Session, campaign_id: int) -> list[Share]:
    """How far each reviewer is, in one pass over the campaign's items."""
    by_silence = ItemRow.settled == Settled.SILENCE  # nobody's answer: it counts for no reviewer's
    said = func.coalesce(~by_silence, true())
    counts = [func.count(case((and_(ItemRow.outcome == answer, said), 1))) for answer in ANSWERS]
    counts.append(func.count(case((by_silence, 1))))
    per_task = (
        select(ItemRow.task_id, func.count().label("items"), *counts)
        .where(ItemRow.campaign_id == campaign_id)
        .group_by(ItemRow.task_id)
        .subquery()
    )
    rows = session.execute(
        select(
            TaskRow.id,
            TaskRow.reviewer_id,
            IdentityRow.name,
            *list(per_task.c)[1:],
            TaskRow.status,
            TaskRow.submitted_at,
        )
        .join(per_task, per_task.c.task_id == TaskRow.id)
        .join(IdentityRow, IdentityRow.id == TaskRow.reviewer_id)
        .order_by(IdentityRow.name, TaskRow.id)
    )
    return [Share(*row) for row in rows]


def effort(session: Session, campaign_id: int) -> dict[int, Effort]:
    """What each share takes, by task: answers alone, and one for each person with something that goes together."""
    person = func.coalesce(ItemRow.subject_identity_id, 0 - ItemRow.account_id)
    rows = session.execute(
        select(
            ItemRow.task_id,
            func.count(case((ItemRow.alone.is_not(False), 1))),
            func.count(case((ItemRow.alone.is_(False), person)).distinct()),
        )
        .where(ItemRow.campaign_id == campaign_id)
        .group_by(ItemRow.task_id)
    )
    return {task: Effort(alone, together) for task, alone, together in rows}


def undecided_privileged(session: Session, campaign_id: int) -> int:
    """How many privileged items have no outcome."""
    return session.scalars(
        select(func.count()).where(
            ItemRow.campaign_id == campaign_id, ItemRow.outcome.is_(None), ItemRow.privileged.is_(True)
        )
    ).one()


def silent(session: Session, campaign_id: int) -> tuple[int, str]:
    """How many items have no outcome, and which: a digest over their ids (SHA-256, one a line, in order)."""
    open_items = select(ItemRow.id).where(ItemRow.campaign_id == campaign_id, ItemRow.outcome.is_(None))
    hashed, count = hashlib.sha256(), 0
    for item_id in session.scalars(open_items.order_by(ItemRow.id).execution_options(yield_per=10_000)):
        hashed.update(f"{item_id}\n".encode())
        count += 1
    return count, hashed.hexdigest()


# --- items ---


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the last item's risk and id."""

    risk: int
    item_id: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a reviewer's items, riskiest first. `after` continues; None at the end."""

    items: Sequence[ItemRow]
    after: Cursor | None


def queue(
    session: Session,
    campaign_id: int,
    *,
    by: Actor,
    after: Cursor | None = None,
    limit: int = 50,
    undecided: bool = False,
    reviewer_id: int | None = None,
) -> Page:
    """A page of the items somebody is to decide on: `by`'s own, or `reviewer_id`'s for those who see all."""
    whose = reviewer_id if reviewer_id is not None and apart.sees_all(by) else by.identity_id
    if by.campaign_id is not None and by.campaign_id != campaign_id:
        return Page((), None)
    task = session.scalar(select(TaskRow.id).where(TaskRow.campaign_id == campaign_id, TaskRow.reviewer_id == whose))
    if task is None:
        return Page((), None)
    found = select(ItemRow).where(ItemRow.task_id == task)
    if undecided:
        found = found.where(ItemRow.outcome.is_(None))
    if after is not None:  # a range over the index first, then the tie on its first value
        tie = or_(ItemRow.risk < after.risk, ItemRow.id > after.item_id)
        found = found.where(ItemRow.risk <= after.risk, tie)
    rows = session.scalars(found.order_by(ItemRow.risk.desc(), ItemRow.id).limit(limit + 1)).all()
    page = rows[:limit]
    return Page(page, Cursor(page[-1].risk, page[-1].id) if len(rows) > limit else None)


def items(session: Session, campaign_id: int, *, chunk: int = 1_000) -> Iterator[ItemRow]:
    """All items of a campaign in order of id, for evidence and exports; memory holds one chunk."""
    for some in parts.numbers(session, campaign_id, chunk):
        yield from session.scalars(select(ItemRow).where(ItemRow.id.in_(some)).order_by(ItemRow.id)).all()


def decisions(session: Session, item_ids: Sequence[int]) -> Mapping[int, Sequence[DecisionRow]]:
    """The decisions on each item, in the order they were made."""
    found: dict[int, list[DecisionRow]] = {item_id: [] for item_id in item_ids}
    rows = select(DecisionRow).where(DecisionRow.item_id.in_(item_ids)).order_by(DecisionRow.at, DecisionRow.id)
    for row in session.scalars(rows):
        found[row.item_id].append(row)
    return found


@dataclass(frozen=True, slots=True)
class Story:
    """One item with everything that was said about it."""

    item: ItemRow
    campaign: CampaignRow
    reviewer: IdentityRow
    decisions: Sequence[DecisionRow]


def story(session: Session, item_id: int, *, by: Actor) -> Story | None:
    """One item's story, or None if there is none or it is not `by`'s to see."""
    row = session.execute(
        select(ItemRow, CampaignRow, IdentityRow)
        .join(CampaignRow, CampaignRow.id == ItemRow.campaign_id)
        .join(TaskRow, TaskRow.id == ItemRow.task_id)
        .join(IdentityRow, IdentityRow.id == TaskRow.reviewer_id)
        .where(ItemRow.id == item_id)
    ).one_or_none()
    if row is None or not (apart.sees_all(by) or by.identity_id == row[2].id):
        return None
    if by.campaign_id is not None and by.campaign_id != row[1].id:
        return None
    return Story(row[0], row[1], row[2], decisions(session, [item_id])[item_id])


def visible(session: Session, item_ids: Sequence[int], *, by: Actor) -> frozenset[int]:
    """Which of these items there are and are `by`'s to see: the same rule as for one's story. Up to 5,000 at once."""
    found = select(ItemRow.id).where(ItemRow.id.in_(item_ids))
    if by.campaign_id is not None:
        found = found.where(ItemRow.campaign_id == by.campaign_id)
    if not apart.sees_all(by):
        found = found.join(TaskRow, TaskRow.id == ItemRow.task_id).where(TaskRow.reviewer_id == by.identity_id)
    return frozenset(session.scalars(found))


def digest(shown: Mapping[str, Any]) -> str:
    """SHA-256 of what was shown (RFC 8785), the same on every database."""
    return hashlib.sha256(jcs.dumps(dict(shown))).hexdigest()


def digest_of_text(shown: str) -> str:
    """The same of what was shown as a database keeps it, as text."""
    return hashlib.sha256(jcs.rewritten(shown)).hexdigest()


# --- drift ---


def drift(session: Session, campaign_id: int) -> Sequence[DriftRow]:
    """What began, ended or changed since freezing, as far as it has been listed; privileged first."""
    return session.scalars(
        select(DriftRow)
        .where(DriftRow.campaign_id == campaign_id)
        .order_by(DriftRow.privileged.desc(), DriftRow.change, DriftRow.id)
    ).all()


def author(session: Session, by: str) -> str:
    """What whoever did something is called; also somebody for whom the command line spoke ("cli:root for person:p-7"), and
    as it stands whoever has no name here."""
    spoken_for = by.partition(" for person:")[2]
    person = session.scalar(select(IdentityRow.name).where(IdentityRow.key == spoken_for)) if spoken_for else None
    row = session.get(ActorRow, by)
    return person or (row.name if row is not None else by)


def drift_undecided(session: Session, campaign_id: int) -> int:
    """How many listed privileged beginnings and changes have no answer."""
    return session.scalars(
        select(func.count()).where(
            DriftRow.campaign_id == campaign_id,
            DriftRow.change != "ended",
            DriftRow.privileged.is_(True),
            DriftRow.answer.is_(None),
        )
    ).one()


def previous(session: Session, system_ids: Sequence[int]) -> Mapping[int, CampaignRow]:
    """Each system's last closed campaign."""
    rows = session.execute(
        select(CampaignSnapshotRow.system_id, CampaignRow)
        .join(CampaignRow, CampaignRow.id == CampaignSnapshotRow.campaign_id)
        .where(CampaignSnapshotRow.system_id.in_(system_ids), CampaignRow.status == Status.CLOSED)
        .order_by(CampaignRow.closed_at, CampaignRow.id)
    )
    return {system: row for system, row in rows if whole(row)}


def why_none_opens(session: Session) -> Refusal | None:
    """Why no review opens by itself, where none does: no schedule runs. Small reviews have their last resort from one."""
    paused = session.scalars(select(ScheduleRow.paused)).all()
    return schedule.why_none_opens(len(paused), sum(paused))


def imported(session: Session, system_ids: Sequence[int]) -> Mapping[int, ImportedReviewRow]:
    """Each system's latest review that was made elsewhere."""
    asked = select(ImportedReviewRow).where(ImportedReviewRow.system_id.in_(system_ids))
    ordered = asked.order_by(ImportedReviewRow.decided_on, ImportedReviewRow.id)
    return {row.system_id: row for row in session.scalars(ordered)}


def hides_imports(session: Session, system_id: int) -> str | None:
    """The whole review of a system that was closed here, by name: told as last time in place of what was imported."""
    row = previous(session, [system_id]).get(system_id)
    return row.name if row is not None else None


def imports(session: Session, system_id: int) -> Sequence[ImportedReviewRow]:
    """The reviews of a system that were made elsewhere, the latest first."""
    mine = select(ImportedReviewRow).where(ImportedReviewRow.system_id == system_id)
    return session.scalars(mine.order_by(ImportedReviewRow.decided_on.desc(), ImportedReviewRow.id.desc())).all()


def imported_answers(session: Session, review_ids: Sequence[int]) -> dict[str, int]:
    """How many answers of reviews made elsewhere were which."""
    mine = select(ImportedDecisionRow.answer, func.count()).where(ImportedDecisionRow.review_id.in_(review_ids))
    return dict(session.execute(mine.group_by(ImportedDecisionRow.answer)).all())


def whole(campaign: CampaignRow) -> bool:
    """Whether a review asked about everything of its kinds, so that what it did not have is new. Small ones that a cause
    opened, and those that an expression narrows down, did not."""
    return not campaign.scope.get("where")


def closed_before(session: Session, system_ids: Sequence[int], at: datetime) -> Sequence[CampaignRow]:
    """The reviews of any of these systems that had closed by then, the latest last."""
    return session.scalars(
        select(CampaignRow)
        .join(CampaignSnapshotRow, CampaignSnapshotRow.campaign_id == CampaignRow.id)
        .where(
            CampaignSnapshotRow.system_id.in_(system_ids),
            CampaignRow.status == Status.CLOSED,
            CampaignRow.closed_at <= at,
        )
        .distinct()
        .order_by(CampaignRow.closed_at, CampaignRow.id)
    ).all()


def outcomes(session: Session, campaign_id: int) -> dict[str | None, int]:
    """How many items of a campaign have which outcome; undecided under None."""
    counted = select(ItemRow.outcome, func.count()).where(ItemRow.campaign_id == campaign_id).group_by(ItemRow.outcome)
    return dict(session.execute(counted).all())
