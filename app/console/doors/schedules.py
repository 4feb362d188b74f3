"""Schedules: when reviews open by themselves, what of, and when the next one does; added, changed, paused, taken away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.actors import policy as rights
from app.actors.policy import May
from app.console import accepting, excluding, forms, planning, rendering, scoping
from app.console.entering import Entered, Visit, With
from app.console.forms import Sent
from app.kit.refusal import Refusal, Refused
from app.means import Means, review_limits
from app.review import overrides, queries, schedule, schedules, workdays
from app.review.schedule import Plan, Slot
from app.review.scope import ALL
from app.review.tables import ScheduleRow

router = APIRouter()
Date = tuple[Slot, datetime]  # a turn, and when its review is due
SHOWN = 6  # dates of one schedule


@router.get("/schedules")
def listed(request: Request, means: With, visit: Entered) -> Response:
    """Every schedule with its next review, and the form of a new one."""
    return _list(request, means, visit, _new(means), None)


@router.post("/schedules")
def add(request: Request, means: With, visit: Entered, form: Sent) -> Response:
    """Let a review open by itself, or show when it would."""
    said = {"name": forms.text(form, "name"), **_said(form)}
    try:
        zone, rhythm = planning.rhythm(said)
        if forms.text(form, "go") == "look":
            dates = _dates(schedules.planned(said["name"] or "This schedule", zone, **rhythm), means.clock())
            return _list(request, means, visit, said, None, dates)
        with means.database.transaction() as session:
            scope = scoping.written(session, said)
            word = excluding.approval(session, means, said, said["name"], scope, means.clock())
            owned = accepting.acceptance(session, means, said, said["name"], scope, means.clock())
            row = schedules.add(
                session, name=said["name"], zone=zone, scope=scope, approval=word, acceptance=owned,
                limits=review_limits(means.settings), **rhythm, by=visit.actor, at=means.clock(),
            )  # fmt: skip
    except Refused as no:
        return _list(request, means, visit, said, no.refusal)
    return rendering.go(request, "/schedules", said=f"{row.name} opens by itself from now on.")


@router.get("/schedules/{schedule_id}")
def one(request: Request, schedule_id: int, means: With, visit: Entered) -> Response:
    """One schedule with its next dates, to be changed."""
    with means.database.reading() as session:
        row = _found(session, schedule_id)
        said = planning.shown(row) | scoping.shown(row.scope, scoping.called(session))
    return _one(request, means, visit, row, said, None)


@router.post("/schedules/{schedule_id}")
def change(request: Request, schedule_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Let its next reviews open at other times, or be of something else; or show when they would."""
    said = _said(form)
    with means.database.reading() as session:
        row = _found(session, schedule_id)
    try:
        zone, rhythm = planning.rhythm(said)
        if forms.text(form, "go") == "look":
            dates = _dates(schedules.planned(row.name, zone, **rhythm), means.clock())
            return _one(request, means, visit, row, said, None, dates, version=forms.text(form, "version"))
        with means.database.transaction() as session:
            row = _found(session, schedule_id)
            if forms.text(form, "version") != str(row.version):
                raise Refused(_changed())
            scope = row.scope | scoping.written(session, said)  # what the form does not show stays
            word = excluding.approval(session, means, said, row.name, scope, means.clock())
            owned = accepting.acceptance(session, means, said, row.name, scope, means.clock())
            row = schedules.change(
                session, schedule_id, zone=zone, scope=scope, approval=word, acceptance=owned,
                limits=review_limits(means.settings), **rhythm, by=visit.actor, at=means.clock(),
            )  # fmt: skip
    except Refused as no:
        with means.database.reading() as session:
            row = _found(session, schedule_id)
        return _one(request, means, visit, row, said, no.refusal)
    return rendering.go(request, f"/schedules/{schedule_id}", said=f"{row.name} goes by its new plan.")


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


def _list(
    request: Request, means: Means, visit: Visit, said: dict[str, Any], no: Refusal | None, dates: Sequence[Date] = ()
) -> Response:
    at = means.clock()
    with means.database.reading() as session:
        plans = [(row, queries.plan_of(row)) for row in queries.schedules(session)]
        unplanned = queries.why_none_opens(session)
    rows = [(row, schedule.said(plan), None if row.paused else _dates(plan, at, 1)[0]) for row, plan in plans]
    return rendering.page(
        request, "campaigns/schedules.html", visit, status=no.status if no else 200, rows=rows, typed=said, no=no,
        unplanned=unplanned,
        ask_approver=excluding.asking(means, said, no), ask_owner=_ask_owner(means, said, no),
        longest_word=overrides.LONGEST, dates=dates,
        systems=scoping.systems(means), kinds=scoping.KINDS, runs=_runs(visit),
    )  # fmt: skip


def _one(
    request: Request, means: Means, visit: Visit, row: ScheduleRow, said: dict[str, Any], no: Refusal | None,
    looked: Sequence[Date] = (), *, version: str = "",
) -> Response:  # fmt: skip
    plan = queries.plan_of(row)
    return rendering.page(
        request, "campaigns/schedule.html", visit, status=no.status if no else 200, row=row, typed=said, no=no,
        ask_approver=excluding.asking(means, said | {"name": row.name, "schedule": row.id}, no),
        ask_owner=_ask_owner(means, said | {"name": row.name, "schedule": row.id}, no),
        owner=said.get("control_owner", ""), owned=means.settings.control_owner_required,
        longest_word=overrides.LONGEST, opens=schedule.said(plan), dates=_dates(plan, means.clock()),
        looked=looked, version=version or row.version,
        closed=workdays.lines(row.calendar).splitlines(), systems=scoping.systems(means), kinds=scoping.KINDS,
        runs=_runs(visit),
    )  # fmt: skip


def _ask_owner(means: Means, said: dict[str, Any], no: Refusal | None) -> str | None:
    return accepting.asking(means, said, no, standing=True) if no is not None else None


def _said(form: Any) -> dict[str, Any]:
    return {
        **planning.given(form),
        **scoping.given(form),
        **{word: forms.text(form, word, most=overrides.LONGEST) for word in ("approval", "acceptance")},
    }


def _dates(plan: Plan, at: datetime, count: int = SHOWN) -> list[Date]:
    return [(slot, schedule.due_at(plan, slot.opens_at)) for slot in schedule.upcoming(plan, at, count)]


def _new(means: Means) -> dict[str, Any]:
    blank = {"name": "", "fallback": "", "second": "", "department": ""}
    return planning.new(means) | blank | {"systems": [ALL], "kinds": scoping.KINDS}


def _runs(visit: Visit) -> bool:
    return rights.why_not(visit.actor, May.RUN_CAMPAIGNS) is None


def _found(session: Session, schedule_id: int) -> ScheduleRow:
    row = session.get(ScheduleRow, schedule_id)
    if row is None:
        raise Refused(Refusal("not_found", "There is no such schedule here.", "Look at the list.", status=404))
    return row


def _changed() -> Refusal:
    return Refusal("too_late", "Somebody changed this schedule since you looked.", "Look at it again.", status=412)
