"""What waits for somebody now: their own reviews, and, for those who run or secure things, what is not well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select, true
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.detection.tables import FindingRow
from app.inventory.tables import IdentityRow, SystemRow
from app.kit.refusal import Refusal, insist
from app.remediation import brakes, braking
from app.remediation.brakes import Stop
from app.remediation.tables import RemediationRow, WaitRow
from app.review import former, queries
from app.review.policy import Status
from app.review.tables import CampaignRow, ItemRow, TaskRow
from app.review.turns import RoundStatus
from app.stories import signing

MOST = 50
_WAITING = ("by_hand", "declined", "returned")


@dataclass(frozen=True, slots=True)
class Own:
    """A review that somebody has a share of."""

    campaign: CampaignRow
    task: TaskRow
    items: int
    undecided: int

    @property
    def done(self) -> bool:
        """Whether nothing is left to do for its reviewer."""
        return self.task.status == "submitted" or self.campaign.status != Status.OPEN


@dataclass(frozen=True, slots=True)
class Running:
    """A review that goes on. `pending` of its `reviewers` have not submitted; `rounds` are still to come."""

    campaign: CampaignRow
    items: int
    answered: int
    reviewers: int
    pending: int
    drift: int
    rounds: int = 0


@dataclass(frozen=True, slots=True)
class Late:
    """An overdue review, and who of somebody's people is not done: each by name, with how many items lack an answer."""

    campaign: CampaignRow
    people: tuple[tuple[str, int], ...]


def own(session: Session, *, by: Actor) -> list[Own]:
    """The reviews somebody has a share of, the open ones first, the latest of the others after them."""
    if by.identity_id is None:
        return []
    per_task = (
        select(
            ItemRow.task_id,
            func.count().label("every"),
            func.count(func.coalesce(ItemRow.outcome, ItemRow.aside)).label(
                "answered"
            ),  # by them: what is set aside too
        )
        .join(TaskRow, TaskRow.id == ItemRow.task_id)
        .where(TaskRow.reviewer_id == by.identity_id)
        .group_by(ItemRow.task_id)
        .subquery()
    )
    rows = session.execute(
        select(CampaignRow, TaskRow, per_task.c.every, per_task.c.every - per_task.c.answered)
        .join(TaskRow, TaskRow.campaign_id == CampaignRow.id)
        .join(per_task, per_task.c.task_id == TaskRow.id)
        .where(true() if by.campaign_id is None else CampaignRow.id == by.campaign_id)  # by a link: that one
        .order_by(case((CampaignRow.status == Status.OPEN, 0), else_=1), CampaignRow.id.desc())
        .limit(MOST)
    )
    return [Own(*row) for row in rows]


def running(session: Session, *, by: Actor) -> list[Running]:
    """The reviews that go on, for those who may see them; one pass over the items of each."""
    if policy.why_not(by, May.SEE_CAMPAIGNS) is not None:
        return []
    open_ones = select(CampaignRow).where(CampaignRow.status == Status.OPEN).order_by(CampaignRow.due_at).limit(MOST)
    return [_running(session, campaign) for campaign in session.scalars(open_ones).all()]


def _running(session: Session, campaign: CampaignRow) -> Running:
    shares = queries.progress(session, campaign.id)
    return Running(
        campaign,
        items=sum(share.items for share in shares),
        answered=sum(share.items - share.undecided for share in shares),
        reviewers=len(shares),
        pending=sum(share.status != "submitted" for share in shares),
        drift=queries.drift_undecided(session, campaign.id),
        rounds=len(former.rounds(session, campaign.id, RoundStatus.PLANNED)),
    )


def answered_for(session: Session, *, by: Actor) -> list[Running]:
    """The reviews that go on and that somebody is the control owner of, with how far they are."""
    if by.identity_id is None or by.campaign_id is not None:  # a link in a message opens a share alone
        return []
    mine = (CampaignRow.owner_id == by.identity_id, CampaignRow.status == Status.OPEN)
    asked = select(CampaignRow).where(*mine).order_by(CampaignRow.due_at, CampaignRow.id).limit(MOST)
    return [_running(session, campaign) for campaign in session.scalars(asked).all()]


def late_reports(session: Session, *, by: Actor, at: datetime) -> list[Late]:
    """The reviews that are overdue, and in which somebody who reports to `by` is not done."""
    if by.identity_id is None or by.campaign_id is not None:
        return []
    rows = session.execute(
        select(CampaignRow, IdentityRow.name, func.count(ItemRow.id) - func.count(ItemRow.outcome))
        .join(TaskRow, TaskRow.campaign_id == CampaignRow.id)
        .join(IdentityRow, IdentityRow.id == TaskRow.reviewer_id)
        .join(ItemRow, ItemRow.task_id == TaskRow.id)
        .where(IdentityRow.manager_id == by.identity_id, CampaignRow.status == Status.OPEN, CampaignRow.due_at < at)
        .where(TaskRow.status != "submitted")
        .group_by(CampaignRow.id, IdentityRow.id, IdentityRow.name)
        .order_by(CampaignRow.due_at, CampaignRow.id, IdentityRow.name, IdentityRow.id)
        .limit(MOST)
    ).all()
    found: dict[int, Late] = {}
    for campaign, name, undecided in rows:
        before = found.get(campaign.id, Late(campaign, ()))
        found[campaign.id] = Late(campaign, (*before.people, (name, undecided)))
    return list(found.values())


def why_none_opens(session: Session, *, by: Actor) -> Refusal | None:
    """Why no review opens by itself, for those who run reviews, and the control owners of those that were opened."""
    runs = policy.why_not(by, May.RUN_CAMPAIGNS) is None
    mine = select(CampaignRow.id).where(CampaignRow.owner_id == by.identity_id).limit(1)
    answers = by.campaign_id is None and by.identity_id is not None and session.scalar(mine) is not None
    return queries.why_none_opens(session) if runs or answers else None


def latest_closed(session: Session, *, by: Actor) -> CampaignRow | None:
    """The latest review that was closed, for those who may see it."""
    if policy.why_not(by, May.SEE_CAMPAIGNS) is not None:
        return None
    ended = select(CampaignRow).where(CampaignRow.status == Status.CLOSED)
    return session.scalars(ended.order_by(CampaignRow.closed_at.desc(), CampaignRow.id.desc()).limit(1)).one_or_none()


def findings(session: Session, *, by: Actor) -> Mapping[str, int]:
    """How many findings are open, by severity, for those who may see them."""
    if policy.why_not(by, May.SEE_FINDINGS) is not None:
        return {}
    counted = select(FindingRow.severity, func.count()).where(FindingRow.status == "open").group_by(FindingRow.severity)
    return dict(session.execute(counted).all())


def removals_of(session: Session, campaign_id: int, *, by: Actor) -> dict[str, int]:
    """What became of a review's removals: how many stand where. Only `verified` means that the CRM has said so."""
    insist(policy.why_not(by, May.SEE_CAMPAIGNS))
    return signing.removals(session, campaign_id)


def stopped(session: Session, *, by: Actor) -> Stop | None:
    """The stop that holds every removal, for those who may see them."""
    return braking.stop(session) if policy.why_not(by, May.SEE_REMEDIATIONS) is None else None


def unreleased(session: Session, *, by: Actor) -> Sequence[tuple[SystemRow, int]]:
    """How many removals wait for a second person, by system, for those who may release them and asked for none."""
    if policy.why_not(by, May.RELEASE_REMOVALS) is not None:
        return ()
    waits = select(SystemRow).join(WaitRow, WaitRow.system_id == SystemRow.id).where(WaitRow.code == "needs_release")
    found = []
    for system in session.scalars(waits.order_by(SystemRow.name)):
        rows = braking.waiting(session, system.id)
        askers = braking.askers(session, rows)
        if rows and brakes.why_not_second(by.id, by.identity_id, by.way, askers) is None:
            found.append((system, len(rows)))
    return found


def removals(session: Session, *, by: Actor) -> Sequence[tuple[str, int]]:
    """How many removals wait for a person, by status, for those who may see them."""
    if policy.why_not(by, May.SEE_REMEDIATIONS) is not None:
        return ()
    counted = (
        select(RemediationRow.status, func.count())
        .where(RemediationRow.status.in_(_WAITING))
        .group_by(RemediationRow.status)
        .order_by(RemediationRow.status)
    )
    return session.execute(counted).all()
