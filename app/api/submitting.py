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
from app.api.taken import Removed, taken
from app.api.tasks import seen
from app.api.words import TaskStatus
from app.kit.refusal import Refused
from app.means import removals_common
from app.review import apart, tasks
from app.review.tables import TaskRow
from app.stories import submitting

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


class GoesOn(Told):
    """How many of the items that were set aside go on to somebody; `to` is null where nobody else may decide."""

    to: str | None
    items: int


class Outlook(Told):
    """What follows if a share is submitted as it is: nothing of it happens before the review has closed."""

    task_id: int
    status: TaskStatus
    answers: dict[str, int] = Field(description="Items by their answer; those that were set aside are in `goes_on`.")
    undecided: int
    takes_away: list[Removed]
    later: int = Field(description="How many of what is taken away may stay until a day.")
    goes_on: list[GoesOn]
    privileged_kept: list[int] = Field(description="Items, fifty at most.")
    privileged_gone: list[int] = Field(description="Items, fifty at most.")
    refused: str | None = Field(description="Why it cannot be submitted now, by whoever asks.")


@router.get("/{task_id}/submission")
def preview_submission(task_id: paging.Number, means: With, actor: Entered, response: Response) -> Outlook:
    """What would follow in each CRM if this share were submitted now. 404 when it is neither yours nor yours to see."""
    with means.database.reading() as session:
        answering.tag(response, seen(session, task_id, actor).version)
        row = session.get_one(TaskRow, task_id)
        told = submitting.submission_of(session, row, removals_common(means.settings), by=actor, at=means.clock())
        return Outlook(
            task_id=task_id,
            status=TaskStatus(told.status),
            answers=dict(told.answers),
            undecided=told.undecided,
            takes_away=[taken(each) for each in told.outlook.systems],
            later=told.outlook.later,
            goes_on=[GoesOn(to=who, items=count) for who, count in told.outlook.goes_on],
            privileged_kept=[item.id for item in told.outlook.privileged_kept],
            privileged_gone=[item.id for item in told.outlook.privileged_gone],
            refused=told.refusal.reason if told.refusal is not None else None,
        )


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
