"""Tasks: each reviewer's share of a review, one's own or all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.api import answering, campaigns, paging, problems
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import Page, Told
from app.api.words import CampaignStatus
from app.inventory.tables import IdentityRow
from app.review import apart
from app.review.tables import CampaignRow, ItemRow, TaskRow

router = APIRouter(prefix="/api/v1", tags=["reviews"])


class Task(Told):
    """One reviewer's share of a review, in items."""

    id: int
    campaign_id: int
    campaign: str
    status: CampaignStatus
    due_at: datetime
    reviewer_id: int
    reviewer: str
    items: int
    undecided: int
    submitted_at: datetime | None
    version: int


class TaskPage(Page):
    """A page of tasks."""

    tasks: list[Task]


@router.get("/tasks")
def list_own_tasks(
    means: With, actor: Entered, page: paging.Asked, status: CampaignStatus | None = CampaignStatus.OPEN
) -> TaskPage:
    """Your shares of reviews, the latest first; of open reviews unless asked otherwise."""
    statement = _tasks().where(TaskRow.reviewer_id == (actor.identity_id or 0))
    if status is not None:
        statement = statement.where(CampaignRow.status == status)
    return _page(means, page, statement)


@router.get("/tasks/{task_id}")
def get_task(task_id: paging.Number, means: With, actor: Entered, response: Response) -> Task:
    """One share. 404 also when it is neither yours nor yours to see."""
    with means.database.reading() as session:
        task = seen(session, task_id, actor)
        answering.tag(response, task.version)
        return task


@router.get("/campaigns/{campaign_id}/tasks")
def list_tasks(campaign_id: paging.Number, means: With, actor: Entered, page: paging.Asked) -> TaskPage:
    """Every reviewer's share of a review."""
    with means.database.reading() as session:
        campaigns.found(session, campaign_id)
    return _page(means, page, _tasks().where(TaskRow.campaign_id == campaign_id))


def seen(session: Session, task_id: int, actor: Actor) -> Task:
    """The share as this actor may see it, or 404."""
    row = session.execute(_tasks().where(TaskRow.id == task_id)).one_or_none()
    if row is None or not (apart.sees_all(actor) or row[0].reviewer_id == actor.identity_id):
        raise problems.not_found("task", task_id)
    return _counted(session, [row])[0]


def _tasks() -> Select[TaskRow, CampaignRow, IdentityRow]:
    return (
        select(TaskRow, CampaignRow, IdentityRow)
        .join(CampaignRow, CampaignRow.id == TaskRow.campaign_id)
        .join(IdentityRow, IdentityRow.id == TaskRow.reviewer_id)
    )


def _page(means: With, page: paging.Turn, statement: Select[*tuple[Any, ...]]) -> TaskPage:
    with means.database.reading() as session:
        rows, after = page.page(session, statement, Order((TaskRow.id,), falling=True))
        return TaskPage(tasks=_counted(session, rows), next=after)


def _counted(session: Session, rows: Any) -> list[Task]:
    counts = {
        number: (items, undecided)
        for number, items, undecided in session.execute(
            select(ItemRow.task_id, func.count(), func.count(case((ItemRow.outcome.is_(None), 1))))
            .where(ItemRow.task_id.in_([row[0].id for row in rows]))
            .group_by(ItemRow.task_id)
        )
    }
    return [_told(row[0], row[1], row[2], *counts.get(row[0].id, (0, 0))) for row in rows]


def _told(task: TaskRow, campaign: CampaignRow, reviewer: IdentityRow, items: int, undecided: int) -> Task:
    return Task(
        id=task.id,
        campaign_id=campaign.id,
        campaign=campaign.name,
        status=CampaignStatus(campaign.status),
        due_at=campaign.due_at,
        reviewer_id=reviewer.id,
        reviewer=reviewer.name,
        items=items,
        undecided=undecided,
        submitted_at=task.submitted_at,
        version=task.version,
    )
