"""Schedules: when reviews open by themselves, what of, and when the next one does; added, changed, paused, taken away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.actors import policy as rights
from app.actors.policy import May
from app.console import forms, rendering, scoping
from app.console.entering import Entered, Visit, With
from app.console.forms import Sent
from app.kit.refusal import Refusal, Refused
from app.means import Means
from app.review import queries, schedule, schedules
from app.review.scope import ALL
from app.review.tables import ScheduleRow

router = APIRouter()
_PLAN = ("zone", "opens_on_day", "opens_at_hour", "due_days")


@router.get("/schedules")
def listed(request: Request, means: With, visit: Entered) -> Response:
    """Every schedule with its next review, and the form of a new one."""
    return _list(request, means, visit, _new(means), None)


@router.post("/schedules")
def add(request: Request, means: With, visit: Entered, form: Sent) -> Response:
    """Let a review open every quarter."""
    said = {"name": forms.text(form, "name"), **_plan(form), **scoping.given(form)}
    try:
        with means.database.transaction() as session:
            row = schedules.add(
                session, name=said["name"], **_numbers(said), scope=scoping.written(session, said), by=visit.actor,
                at=means.clock(),
            )  # fmt: skip
    except Refused as no:
        return _list(request, means, visit, said, no.refusal)
    return rendering.go(request, "/schedules", said=f"{row.name} opens by itself from now on.")


@router.get("/schedules/{schedule_id}")
def one(request: Request, schedule_id: int, means: With, visit: Entered) -> Response:
    """One schedule, to be changed."""
    with means.database.reading() as session:
        row = _found(session, schedule_id)
    said = {name: getattr(row, name) for name in _PLAN} | scoping.shown(row.scope)
    return _one(request, means, visit, row, said, None)


@router.post("/schedules/{schedule_id}")
def change(request: Request, schedule_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Let its next reviews open at another time, or be of something else."""
    said = {**_plan(form), **scoping.given(form)}
    try:
        with means.database.transaction() as session:
            row = _found(session, schedule_id)
            if forms.text(form, "version") != str(row.version):
                raise Refused(_changed())
            scope = row.scope | scoping.written(session, said)  # what the form does not show stays
            row = schedules.change(
                session, schedule_id, **_numbers(said), scope=scope, by=visit.actor, at=means.clock()
            )
    except Refused as no:
        with means.database.reading() as session:
            row = _found(session, schedule_id)
        return _one(request, means, visit, row, said, no.refusal)
    return rendering.go(request, "/schedules", said=f"{row.name} goes by its new plan.")


@router.post("/schedules/{schedule_id}/pause")
def pause(request: Request, schedule_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Pause it, or take it up again."""
    switch = schedules.resume if forms.text(form, "resume") else schedules.pause
    with means.database.transaction() as session:
        row = switch(session, schedule_id, by=visit.actor, at=means.clock())
    said = "is paused: nothing opens by it" if row.paused else "runs again; what began during the pause stays unopened"
    return rendering.go(request, "/schedules", said=f"{row.name} {said}.")


@router.post("/schedules/{schedule_id}/removal")
def remove(request: Request, schedule_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Let nothing open by it any more."""
    with means.database.transaction() as session:
        name = _found(session, schedule_id).name
        schedules.remove(session, schedule_id, by=visit.actor, at=means.clock())
    return rendering.go(request, "/schedules", said=f"{name} opens nothing any more; its reviews stay.")


def _list(request: Request, means: Means, visit: Visit, said: dict[str, Any], no: Refusal | None) -> Response:
    at = means.clock()
    with means.database.reading() as session:
        rows = [(row, _next(row, at)) for row in queries.schedules(session)]
    return rendering.page(
        request, "campaigns/schedules.html", visit, status=no.status if no else 200, rows=rows, typed=said, no=no,
        systems=scoping.systems(means), kinds=scoping.KINDS, runs=_runs(visit),
    )  # fmt: skip


def _one(
    request: Request, means: Means, visit: Visit, row: ScheduleRow, said: dict[str, Any], no: Refusal | None
) -> Response:
    return rendering.page(
        request, "campaigns/schedule.html", visit, status=no.status if no else 200, row=row, typed=said, no=no,
        next=_next(row, means.clock()), systems=scoping.systems(means), kinds=scoping.KINDS, runs=_runs(visit),
    )  # fmt: skip


def _next(row: ScheduleRow, at: datetime) -> tuple[datetime, datetime] | None:
    """When its next review opens and is due; None while it is paused."""
    if row.paused:
        return None
    plan = queries.plan_of(row)
    opens = schedule.following(plan, at).opens_at
    return opens, schedule.due_at(plan, opens)


def _new(means: Means) -> dict[str, Any]:
    plan = {"name": "", "zone": means.settings.time_zone, "opens_on_day": "45", "opens_at_hour": "9", "due_days": "21"}
    return plan | {"systems": [ALL], "kinds": scoping.KINDS, "fallback": "", "second": "", "department": ""}


def _plan(form: Any) -> dict[str, str]:
    return {name: forms.text(form, name) for name in _PLAN}


def _numbers(said: dict[str, Any]) -> dict[str, Any]:
    """The plan, its numbers as such; one that is none is out of every range, so that the plan's own rule refuses it."""
    numbers = {name: forms.number(str(said[name])) for name in _PLAN[1:]}
    return {"zone": said["zone"], **{name: -1 if value is None else value for name, value in numbers.items()}}


def _runs(visit: Visit) -> bool:
    return rights.why_not(visit.actor, May.RUN_CAMPAIGNS) is None


def _found(session: Session, schedule_id: int) -> ScheduleRow:
    row = session.get(ScheduleRow, schedule_id)
    if row is None:
        raise Refused(Refusal("not_found", "There is no such schedule here.", "Look at the list.", status=404))
    return row


def _changed() -> Refusal:
    return Refusal("too_late", "Somebody changed this schedule since you looked.", "Look at it again.", status=412)
