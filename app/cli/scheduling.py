"""campaign schedule, schedules and reschedule: reviews that open by themselves, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy.orm import Session

from app.api import approvals
from app.cli import vouching, wording
from app.cli.installation import opened, operator
from app.cli.telling import Telling
from app.kit import clock
from app.kit.engine import EmbeddedLock
from app.kit.refusal import Refusal, Refused
from app.means import Means, review_limits
from app.review import queries, schedule, schedules, workdays
from app.review.schedule import Plan, Slot
from app.review.schedules import Changes, Rhythm
from app.review.tables import ScheduleRow

_SHOWN = 6  # dates of a plan that is being made or changed


def plan(
    cadence: str | None,
    every: int | None,
    starts_on: datetime | None,
    day: int | None,
    hour: int | None,
    zone: str | None,
    due_days: int | None,
    open_on: Sequence[str] | None,
    closed: Sequence[str] | None,
) -> dict[str, Any]:
    """What was said of a plan, by the names that `schedules` has for it."""
    calendar: dict[str, Any] = {"days": list(open_on)} if open_on else {}
    if closed:
        calendar["closed"] = workdays.from_lines("\n".join(closed))
    given = {
        "cadence": cadence, "every": every, "starts_on": starts_on and starts_on.date(), "opens_on_day": day,
        "opens_at_hour": hour, "zone": zone, "due_days": due_days, "calendar": calendar or None,
    }  # fmt: skip
    return {name: value for name, value in given.items() if value is not None}


def add(
    telling: Telling, name: str, scope: dict[str, Any], approval: str | None, word: str | None,
    given: Mapping[str, Any], look: bool,
) -> None:  # fmt: skip
    """Have a review open by itself, or only show when it would. `approval` and `word`: the approver's and the control
    owner's, where the scope needs them."""
    at = clock.now()
    with opened() as means:
        usual = {"zone": means.settings.time_zone, "due_days": means.settings.campaign_due_days}
        said = {**usual, **given}
        zone, rhythm = said.pop("zone"), cast(Rhythm, said)
        meant = schedules.planned(name, zone, **rhythm)
        if not look:
            with means.database.transaction() as session:
                schedules.add(
                    session, name=name, zone=zone, scope=scope, limits=review_limits(means.settings),
                    approval=approvals.read(session, means, approval, name, scope, at),
                    acceptance=vouching.read(session, means, word, name, scope, at), **rhythm, by=operator(), at=at,
                )  # fmt: skip
        worked = _why_not_worked(means)
    telling.say(f"{name} {'would open' if look else 'opens'} on {schedule.said(meant)}:")
    _dates(telling, meant, at)
    if worked is not None:
        telling.say(wording.said(worked))


def change(
    telling: Telling, name: str, scope: Mapping[str, Any], approval: str | None, word: str | None,
    given: Mapping[str, Any], every_day: bool,
) -> None:  # fmt: skip
    """Have its next reviews open otherwise, or be of something else (`scope`: what of it is to be otherwise), or on new
    words of its approver and its control owner."""
    at = clock.now()
    with opened() as means, means.database.transaction() as session:
        row = _found(session, name)
        changes = {**given, "calendar": None} if every_day else dict(given)
        asked = {**row.scope, **scope}
        changes |= {"scope": asked} if scope else {}
        row = schedules.change(
            session, row.id, limits=review_limits(means.settings),
            approval=approvals.read(session, means, approval, row.name, asked, at),
            acceptance=vouching.read(session, means, word, row.name, asked, at), **cast(Changes, changes),
            by=operator(), at=at,
        )  # fmt: skip
        meant = queries.plan_of(row)
    telling.say(f"{row.name} opens on {schedule.said(meant)}:")
    _dates(telling, meant, at)


def listed(telling: Telling, count: int) -> None:
    """Every schedule with its next dates."""
    at = clock.now()
    with opened() as means, means.database.reading() as session:
        rows, no = [(row, queries.plan_of(row)) for row in queries.schedules(session)], queries.why_none_opens(session)
        worked = _why_not_worked(means)
    telling.table(
        ("schedule", "opens", "next"),
        (
            (
                row.name,
                schedule.said(plan),
                "paused" if row.paused else "; ".join(_line(plan, s) for s in _next(plan, at, count)),
            )
            for row, plan in rows
        ),
        empty="No schedule yet.",
    )
    if no is not None:
        telling.say(wording.said(no))
    elif worked is not None:
        telling.say(wording.said(worked))
    telling.answer(
        [
            {"id": row.id, "name": row.name, "paused": row.paused, "opens": schedule.said(plan),
             "dates": [] if row.paused else [_told(plan, slot) for slot in _next(plan, at, count)]}
            for row, plan in rows
        ]
    )  # fmt: skip


def _why_not_worked(means: Means) -> Refusal | None:
    """Why nothing would open at its time, as things stand here: who keeps the time is a process that runs."""
    if not means.settings.embedded or EmbeddedLock.holder(means.settings.home) is not None:
        return None
    reason = "Nobody keeps the time now: no worker runs in this home. What is missed meanwhile opens late, and says so."
    return Refusal("nobody_works", reason, "Leave `rolecall serve` running.")


def _dates(telling: Telling, meant: Plan, at: datetime) -> None:
    slots = _next(meant, at, _SHOWN)
    for slot in slots:
        telling.say(f"  {_line(meant, slot)}")
    telling.answer([_told(meant, slot) for slot in slots])


def _next(plan: Plan, at: datetime, count: int) -> list[Slot]:
    return schedule.upcoming(plan, at, count)


def _line(plan: Plan, slot: Slot) -> str:
    """One turn: its name, when it opens and is due on the schedule's clock, and whence it was moved."""
    opens, due = schedule.local(plan, slot.opens_at), schedule.local(plan, schedule.due_at(plan, slot.opens_at))
    moved = f", moved from {slot.meant_for}: {slot.because}" if slot.because else ""
    return f"{slot.label}: {opens:%a %Y-%m-%d %H:%M}, due {due:%Y-%m-%d}{moved}"


def _told(plan: Plan, slot: Slot) -> dict[str, Any]:
    return {
        "label": slot.label, "opens_at": slot.opens_at, "due_at": schedule.due_at(plan, slot.opens_at),
        "meant_for": slot.meant_for, "because": slot.because,
    }  # fmt: skip


def _found(session: Session, name: str) -> ScheduleRow:
    rows = queries.schedules(session)
    row = next((row for row in rows if row.name == name), None)
    if row is None:
        there = ", ".join(row.name for row in rows) or "none"
        raise Refused(Refusal("not_found", f"There is no schedule {name}.", f"There are: {there}.", status=404))
    return row
