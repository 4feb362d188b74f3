"""Schedules: when reviews open by themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api import answering, paging, problems
from app.api.answering import IfMatch, Key
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import Asked, Nothing, Page, Told
from app.ledger.kinds import Kind
from app.review import schedules
from app.review.tables import ScheduleRow

router = APIRouter(prefix="/api/v1/schedules", tags=["reviews"])
_TURNS = (Kind.SCHEDULE_ADDED, Kind.SCHEDULE_CHANGED)


class Schedule(Told):
    """A review that opens every quarter, on a day and at an hour of its zone's clock."""

    id: int
    name: str
    cadence: str
    zone: str
    opens_on_day: int
    opens_at_hour: int
    due_days: int
    scope: dict[str, Any]
    since: datetime = Field(description="Added, changed or resumed: what should have opened before is not missed.")
    paused: bool
    version: int


class SchedulePage(Page):
    """A page of schedules."""

    schedules: list[Schedule]


class Scheduling(Asked):
    """A schedule to add. `opens_on_day` counts from the quarter's first."""

    name: str = Field(min_length=1, max_length=100, examples=["Quarterly"])
    zone: str = Field(max_length=60, examples=["Europe/Berlin"])
    scope: dict[str, Any] = Field(examples=[{"systems": "all", "fallback": "p-100"}])
    opens_on_day: int = Field(45, ge=1, le=90)
    opens_at_hour: int = Field(9, ge=0, le=23)
    due_days: int = Field(21, ge=1, le=90)


class Rescheduling(Asked):
    """What is to be different; null leaves one as it is."""

    zone: str | None = Field(None, max_length=60)
    scope: dict[str, Any] | None = None
    opens_on_day: int | None = Field(None, ge=1, le=90)
    opens_at_hour: int | None = Field(None, ge=0, le=23)
    due_days: int | None = Field(None, ge=1, le=90)
    paused: bool | None = None


@router.get("")
def list_schedules(means: With, actor: Entered, page: paging.Asked, paused: bool | None = None) -> SchedulePage:
    """Every schedule, by name."""
    statement = select(ScheduleRow)
    if paused is not None:
        statement = statement.where(ScheduleRow.paused == paused)
    with means.database.reading() as session:
        rows, after = page.page(session, statement, Order((ScheduleRow.name, ScheduleRow.id)))
        return SchedulePage(schedules=[Schedule.model_validate(row[0]) for row in rows], next=after)


@router.post("", status_code=201, response_model=Schedule)
def add_schedule(asked: Scheduling, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Let a review open every quarter. The first is the next to begin."""

    def verb(session: Session, at: datetime) -> Schedule:
        return Schedule.model_validate(schedules.add(session, **asked.model_dump(), by=actor, at=at))

    return answering.once(means, actor, key, asked, request, verb, status=201)


@router.get("/{schedule_id}")
def get_schedule(schedule_id: paging.Number, means: With, actor: Entered, response: Response) -> Schedule:
    """One schedule."""
    with means.database.reading() as session:
        row = _found(session, schedule_id)
        answering.tag(response, row.version)
        return Schedule.model_validate(row)


@router.patch("/{schedule_id}", response_model=Schedule)
def change_schedule(
    schedule_id: paging.Number,
    asked: Rescheduling,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Change when its next reviews open and are due, or what they are of; pause it and take it up again."""

    def verb(session: Session, at: datetime) -> Schedule:
        _unchanged(session, schedule_id, if_match)
        changes = asked.model_dump(exclude={"paused"})
        row = schedules.change(session, schedule_id, **changes, by=actor, at=at)
        if asked.paused is not None:
            switch = schedules.pause if asked.paused else schedules.resume
            row = switch(session, schedule_id, by=actor, at=at)
        return Schedule.model_validate(row)

    return answering.once(means, actor, key, asked, request, verb)


@router.delete("/{schedule_id}", status_code=204)
def remove_schedule(
    schedule_id: paging.Number,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Let nothing open by this schedule any more. The reviews that it opened stay."""

    def verb(session: Session, at: datetime) -> None:
        _unchanged(session, schedule_id, if_match)
        schedules.remove(session, schedule_id, by=actor, at=at)

    return answering.once(means, actor, key, Nothing(), request, verb)


def _found(session: Session, schedule_id: int) -> ScheduleRow:
    row = session.get(ScheduleRow, schedule_id)
    if row is None:
        raise problems.not_found("schedule", schedule_id)
    return row


def _unchanged(session: Session, schedule_id: int, if_match: str | None) -> None:
    row = _found(session, schedule_id)
    answering.insist_unchanged(session, if_match, row.version, f"schedule:{row.id}", _TURNS, what="schedule")
