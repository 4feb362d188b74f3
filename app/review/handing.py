"""Move items to another reviewer's share, all of them or none; what arrives makes the share a draft again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kit.refusal import Refused
from app.review import policy
from app.review.choice import ChosenBy
from app.review.dialect import insert_or_skip
from app.review.submission import TaskStatus
from app.review.tables import ItemRow, TaskRow

_CHUNK = 5_000


def move(
    session: Session,
    campaign_id: int,
    items: Sequence[tuple[int, int]],
    to_id: int,
    *,
    chosen_by: ChosenBy,
    **more: Any,
) -> TaskRow:
    """Give items, as (id, version seen), to a reviewer, who has set none of them aside. `more` are further columns to set.
    Refuses (412) all of them if one was touched since it was seen."""
    task = _task(session, campaign_id, to_id)
    moved = 0
    by_version: dict[int, list[int]] = {}
    for item_id, version in items:
        by_version.setdefault(version, []).append(item_id)
    for version, ids in sorted(by_version.items()):
        for start in range(0, len(ids), _CHUNK):
            done: Any = session.execute(
                update(ItemRow)
                .where(ItemRow.id.in_(ids[start : start + _CHUNK]), ItemRow.version == version)
                .values(task_id=task.id, chosen_by=chosen_by, version=version + 1, aside=None, **more)
                .execution_options(synchronize_session=False)
            )
            moved += done.rowcount
    if moved != len(items):
        raise Refused(policy.too_late(version=0, answer=None, who=None, at=None))
    return task


def _task(session: Session, campaign_id: int, reviewer_id: int) -> TaskRow:
    """The reviewer's share, made if there is none, and a draft: there is something new to say."""
    session.execute(
        insert_or_skip(session, TaskRow).values(
            campaign_id=campaign_id, reviewer_id=reviewer_id, status=TaskStatus.OPEN, version=1
        )
    )
    mine = (TaskRow.campaign_id == campaign_id, TaskRow.reviewer_id == reviewer_id)
    session.execute(
        update(TaskRow)
        .where(*mine, TaskRow.status == TaskStatus.SUBMITTED)
        .values(status=TaskStatus.OPEN, submitted_at=None, version=TaskRow.version + 1)
        .execution_options(synchronize_session=False)
    )
    return session.scalars(select(TaskRow).where(*mine).execution_options(populate_existing=True)).one()
