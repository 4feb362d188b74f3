"""A share before it is submitted: its answers, what follows from them, and why it cannot be submitted yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.kit.refusal import Refusal
from app.remediation.brakes import Common
from app.review import apart, aside, policy, submission
from app.review.tables import CampaignRow, ItemRow, TaskRow
from app.stories import consequences
from app.stories.consequences import Outlook


@dataclass(frozen=True, slots=True)
class Before:
    """A share as it would be submitted. `refusal`: why not, for whoever asks."""

    status: str
    answers: Mapping[str, int]
    undecided: int
    outlook: Outlook
    refusal: Refusal | None


def submission_of(session: Session, task: TaskRow, common: Common, *, by: Actor, at: datetime) -> Before:
    """What submitting it would come to now. `common`: what the settings say of removals."""
    counted = select(ItemRow.outcome, func.count()).where(ItemRow.task_id == task.id, ItemRow.aside.is_(None))
    counts = dict(session.execute(counted.group_by(ItemRow.outcome)).all())
    answers, undecided = {str(answer): count for answer, count in counts.items() if answer}, counts.get(None, 0)
    outlook = consequences.outlook(session, task, common, at)
    stranded = sum(count for heir, count in outlook.goes_on if heir is None)
    refusal = (
        policy.why_not_move(session.get_one(CampaignRow, task.campaign_id).status)
        or apart.why_not_this_way(by, task.campaign_id, False)
        or submission.why_not_submit(task.status, reviewer_id=task.reviewer_id, undecided=undecided, by=by)
        or aside.why_not_go_on(stranded)
    )
    return Before(task.status, answers, undecided, outlook, refusal)
