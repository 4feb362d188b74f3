"""Submitting a reviewer's share, by the reviewer, and opening it again, by an administrator."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.api import answering, paging, problems
from app.api.answering import Key
from app.api.entering import Entered, With
from app.api.shapes import Asked, Told
from app.api.words import TaskStatus
from app.kit.refusal import Refused
from app.review import apart, tasks
from app.review.tables import TaskRow

router = APIRouter(prefix="/api/v1/tasks", tags=["decisions"])


class Submitting(Asked):
    """Submitting needs no words."""


class Reopening(Asked):
    """Why answers that stand are opened again."""

    reason: str = Field(max_length=2000)


class Submission(Told):
    """Where a reviewer's share stands. Its answers are a draft until it is `submitted`."""

    task_id: int
    status: TaskStatus
    submitted_at: datetime | None
    version: int


@router.put("/{task_id}/submission", response_model=Submission)
def submit(
    task_id: paging.Number, asked: Submitting, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Make your answers stand. Refuses (409) while an item has none. `task_id` is in each of your items."""

    def verb(session: Session, at: datetime) -> Submission:
        try:
            return _told(tasks.submit(session, task_id, by=actor, at=at))
        except Refused as refused:
            raise _as_seen(refused, task_id, actor) from None

    return answering.once(means, actor, key, asked, request, verb)


@router.put("/{task_id}/reopening", response_model=Submission)
def reopen(
    task_id: paging.Number, asked: Reopening, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Let a submitted share be changed again."""

    def verb(session: Session, at: datetime) -> Submission:
        return _told(tasks.reopen(session, task_id, reason=asked.reason, by=actor, at=at))

    return answering.once(means, actor, key, asked, request, verb)


def _told(row: TaskRow) -> Submission:
    return Submission(task_id=row.id, status=TaskStatus(row.status), submitted_at=row.submitted_at, version=row.version)


def _as_seen(refused: Refused, task: int, actor: Actor) -> Refused:
    """Somebody else's task and one that is not there are one answer for who does not see them all."""
    if refused.refusal.code in ("not_reviewer", "not_found") and not apart.sees_all(actor):
        return problems.not_found("task", task)
    return refused
