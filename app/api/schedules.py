"""Schedules: when reviews open by themselves."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, cast

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api import acceptances, answering, approvals, paging, problems, ways
from app.api.answering import IfMatch, Key
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import Asked, Nothing, Page, Told
from app.ledger.kinds import Kind
from app.means import review_limits
from app.review import queries, schedule, schedules
from app.review.overrides import LONGEST
from app.review.schedule import Cadence, Plan
from app.review.schedules import Changes
from app.review.tables import ScheduleRow

router = APIRouter(prefix="/api/v1/schedules", tags=["reviews"])
_MAY_BE_NONE = ("starts_on", "calendar")
_TURNS = (Kind.SCHEDULE_ADDED, Kind.SCHEDULE_CHANGED)


class Schedule(Told):
    """A review that opens by itself, on a day of each of its turns and at an hour of its zone's clock."""

    id: int
    name: str
    cadence: Cadence
    every: int = Field(description="2: every second week, month, quarter or year.")
    starts_on: date | None = Field(description="Nothing opens before; `every` counts from its week, month and so on.")
    calendar: dict[str, Any] | None = Field(description="Which days are open; null: every day.")
    zone: str
    opens_on_day: int
    opens_at_hour: int
    due_days: int
    scope: dict[str, Any]
    since: datetime = Field(description="Added, changed or resumed: what should have opened before is not missed.")
    approval: dict[str, Any] | None = Field(description="Whose word it is that something is left out, when, and why.")
    acceptance: dict[str, Any] | None = Field(description="The standing word of its control owner, when, and why.")
    paused: bool
    version: int


class SchedulePage(Page):
    """A page of schedules."""

    schedules: list[Schedule]
    because: str | None = Field(description="Why no review opens by itself, where no schedule runs.")


class Scheduling(Asked):
    """A schedule to add. `opens_on_day` counts from the first day of the week, month, quarter or year; without it is the
    usual one of its cadence. `calendar` as in docs/reviews.md: what falls on a closed day moves to the next open one."""

    name: str = Field(min_length=1, max_length=100, examples=["Quarterly"])
    zone: str = Field(max_length=60, examples=["Europe/Berlin"])
    scope: dict[str, Any] = Field(examples=[{"systems": "all", "fallback": "p-100"}])
    cadence: Cadence = Cadence.QUARTERLY
    every: int = Field(1, ge=1, le=52)
    starts_on: date | None = None
    opens_on_day: int | None = Field(None, ge=1, le=365)
    opens_at_hour: int = Field(9, ge=0, le=23)
    due_days: int = Field(21, ge=1, le=90)
    calendar: dict[str, Any] | None = Field(None, examples=[{"days": ["mon", "tue", "wed", "thu", "fri"]}])
    approval: str | None = Field(None, max_length=LONGEST, description="The approver's word, from POST /approvals.")
    acceptance: str | None = Field(None, max_length=LONGEST, description="The control owner's, from POST /acceptances.")


class Rescheduling(Asked):
    """What is to be different. What is not named, or null, stays; but null takes `starts_on` and `calendar` away."""

    cadence: Cadence | None = None
    every: int | None = Field(None, ge=1, le=52)
    starts_on: date | None = None
    zone: str | None = Field(None, max_length=60)
    scope: dict[str, Any] | None = None
    opens_on_day: int | None = Field(None, ge=1, le=365)
    opens_at_hour: int | None = Field(None, ge=0, le=23)
    due_days: int | None = Field(None, ge=1, le=90)
    calendar: dict[str, Any] | None = None
    approval: str | None = Field(None, max_length=LONGEST, description="The approver's word, from POST /approvals.")
    acceptance: str | None = Field(None, max_length=LONGEST, description="The control owner's, from POST /acceptances.")
    paused: bool | None = None


class Turn(Told):
    """One turn of a schedule: the review that would open."""

    label: str = Field(examples=["2026-Q4"])
    opens_at: datetime
    due_at: datetime
    meant_for: date | None = Field(description="The day that the plan names, if it is closed and the review moved.")
    because: str | None = Field(description="Why it is closed.")


class Turns(Told):
    """The next turns, as far as was asked for."""

    dates: list[Turn]


@router.get("")
def list_schedules(means: With, actor: Entered, page: paging.Asked, paused: bool | None = None) -> SchedulePage:
    """Every schedule, by name."""
    statement = select(ScheduleRow)
    if paused is not None:
        statement = statement.where(ScheduleRow.paused == paused)
    with means.database.reading() as session:
        rows, after = page.page(session, statement, Order((ScheduleRow.name, ScheduleRow.id)))
        no = queries.why_none_opens(session)
        told = f"{no.reason} {ways.out(no)}" if no is not None else None
        return SchedulePage(schedules=[Schedule.model_validate(row[0]) for row in rows], because=told, next=after)


@router.post("", status_code=201, response_model=Schedule)
def add_schedule(asked: Scheduling, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Let a review open by itself. The first is the next to begin."""

    def verb(session: Session, at: datetime) -> Schedule:
        word = approvals.read(session, means, asked.approval, asked.name, asked.scope, at)
        given, limits = asked.model_dump(exclude={"approval", "acceptance"}), review_limits(means.settings)
        owned = acceptances.read(session, means, asked.acceptance, asked.name, asked.scope, at)
        row = schedules.add(session, **given, approval=word, acceptance=owned, limits=limits, by=actor, at=at)
        return Schedule.model_validate(row)

    return answering.once(means, actor, key, asked, request, verb, status=201)


@router.post("/preview", response_model=Turns)
def preview_schedule(asked: Scheduling, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """When the next six reviews of such a schedule would open and be due. Nothing is kept."""

    def verb(session: Session, at: datetime) -> Turns:
        return _turns(schedules.planned(**asked.model_dump(exclude={"scope", "approval", "acceptance"})), at, 6)

    return answering.once(means, actor, key, asked, request, verb)


@router.get("/{schedule_id}")
def get_schedule(schedule_id: paging.Number, means: With, actor: Entered, response: Response) -> Schedule:
    """One schedule."""
    with means.database.reading() as session:
        row = _found(session, schedule_id)
        answering.tag(response, row.version)
        return Schedule.model_validate(row)


@router.get("/{schedule_id}/dates")
def get_schedule_dates(
    schedule_id: paging.Number, means: With, actor: Entered, count: Annotated[int, Query(ge=1, le=60)] = 6
) -> Turns:
    """When its next reviews open and are due, also while it is paused."""
    with means.database.reading() as session:
        return _turns(queries.plan_of(_found(session, schedule_id)), means.clock(), count)


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
        named = asked.model_dump(exclude={"paused", "approval", "acceptance"}, exclude_unset=True)
        changes = {name: value for name, value in named.items() if value is not None or name in _MAY_BE_NONE}
        kept = _found(session, schedule_id)
        word = approvals.read(session, means, asked.approval, kept.name, asked.scope or kept.scope, at)
        owned = acceptances.read(session, means, asked.acceptance, kept.name, asked.scope or kept.scope, at)
        row = schedules.change(
            session, schedule_id, approval=word, acceptance=owned, limits=review_limits(means.settings),
            **cast(Changes, changes), by=actor, at=at,
        )  # fmt: skip
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


def _turns(plan: Plan, at: datetime, count: int) -> Turns:
    return Turns(
        dates=[
            Turn(
                label=slot.label, opens_at=slot.opens_at, due_at=schedule.due_at(plan, slot.opens_at),
                meant_for=slot.meant_for, because=slot.because,
            )
            for slot in schedule.upcoming(plan, at, count)
        ]
    )  # fmt: skip


def _found(session: Session, schedule_id: int) -> ScheduleRow:
    row = session.get(ScheduleRow, schedule_id)
    if row is None:
        raise problems.not_found("schedule", schedule_id)
    return row


def _unchanged(session: Session, schedule_id: int, if_match: str | None) -> None:
    row = _found(session, schedule_id)
    answering.insist_unchanged(session, if_match, row.version, f"schedule:{row.id}", _TURNS, what="schedule")
