"""Schedules: when reviews open by themselves, added, paused and taken up again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.kit import clock
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.review import schedule as schedules
from app.review import scope as scopes
from app.review.dialect import insert_or_skip
from app.review.schedule import Plan
from app.review.tables import ScheduleRow


def add(
    session: Session,
    *,
    name: str,
    zone: str,
    scope: Mapping[str, Any],
    opens_on_day: int = 45,
    opens_at_hour: int = 9,
    due_days: int = 21,
    cadence: str = schedules.QUARTERLY,
    by: Actor,
    at: datetime,
) -> ScheduleRow:
    """Let a review of `scope` open every quarter, on that day (1 = the quarter's first) and hour of `zone`'s clock.

    The first is the next to begin; what should have begun before `at` is not missed. Refuses a plan or a scope that is
    not understood, and a name that is taken.
    """
    at = clock.utc(at)
    insist(schedules.why_not_plan(Plan(name, zone, opens_on_day, opens_at_hour, due_days, cadence)))
    row: dict[str, Any] = {
        "name": name,
        "cadence": cadence,
        "zone": zone,
        "opens_on_day": opens_on_day,
        "opens_at_hour": opens_at_hour,
        "due_days": due_days,
        "scope": scopes.read(scope).written(),
    }
    set_up = {"configurer_id": by.identity_id}
    made = session.scalar(
        insert_or_skip(session, ScheduleRow)
        .values(**row, **set_up, since=at, paused=False, version=1)
        .returning(ScheduleRow.id)
    )
    if made is None:
        raise Refused(Refusal("name_taken", f'There is a schedule called "{name}" already.', "Choose another name."))
    plain, people = scopes.apart(row["scope"])
    entry = Entry(Kind.SCHEDULE_ADDED, f"schedule:{made}", {**row, "scope": plain}, people)
    entries.record(session, entry, by=by.id, at=at)
    return session.get_one(ScheduleRow, made)


def change(
    session: Session,
    schedule: int,
    *,
    zone: str | None = None,
    scope: Mapping[str, Any] | None = None,
    opens_on_day: int | None = None,
    opens_at_hour: int | None = None,
    due_days: int | None = None,
    by: Actor,
    at: datetime,
) -> ScheduleRow:
    """Let its next reviews open at another time, be due at another, or be of another scope; None leaves one as it is.

    What should have begun before `at` by the new plan is not missed. Its name stays: reviews that it opened bear it.
    """
    at = clock.utc(at)
    row = _found(session, schedule)
    plan = Plan(
        row.name,
        zone if zone is not None else row.zone,
        opens_on_day if opens_on_day is not None else row.opens_on_day,
        opens_at_hour if opens_at_hour is not None else row.opens_at_hour,
        due_days if due_days is not None else row.due_days,
        row.cadence,
    )
    insist(schedules.why_not_plan(plan))
    written = scopes.read(scope).written() if scope is not None else row.scope
    values = {
        "zone": plan.zone, "opens_on_day": plan.day, "opens_at_hour": plan.hour, "due_days": plan.due_days,
        "scope": written,
    }  # fmt: skip
    told = {name: value for name, value in values.items() if getattr(row, name) != value}
    if not told:
        return row
    _move(session, row, row.version, **told, since=at, configurer_id=by.identity_id)
    plain, people = scopes.apart(written) if "scope" in told else ({}, {})
    body = told | ({"scope": plain} if "scope" in told else {})
    entries.record(session, Entry(Kind.SCHEDULE_CHANGED, f"schedule:{schedule}", body, people), by=by.id, at=at)
    return row


def remove(session: Session, schedule: int, *, by: Actor, at: datetime) -> None:
    """Let nothing open by this schedule any more. The reviews that it opened stay."""
    row = _found(session, schedule)
    gone: Any = session.execute(
        delete(ScheduleRow)
        .where(ScheduleRow.id == schedule, ScheduleRow.version == row.version)
        .execution_options(synchronize_session=False)
    )
    insist(None if gone.rowcount == 1 else _too_late())
    session.expunge(row)
    entry = Entry(Kind.SCHEDULE_REMOVED, f"schedule:{schedule}", {"name": row.name})
    entries.record(session, entry, by=by.id, at=clock.utc(at))


def pause(session: Session, schedule: int, *, version: int | None = None, by: Actor, at: datetime) -> ScheduleRow:
    """Let nothing open by this schedule until it is resumed."""
    return _switch(session, schedule, True, version, by, clock.utc(at))


def resume(session: Session, schedule: int, *, version: int | None = None, by: Actor, at: datetime) -> ScheduleRow:
    """Take a paused schedule up again; what began during the pause stays unopened."""
    return _switch(session, schedule, False, version, by, clock.utc(at))


def _switch(session: Session, schedule: int, paused: bool, version: int | None, by: Actor, at: datetime) -> ScheduleRow:
    row = _found(session, schedule)
    if row.paused == paused:
        return row
    resumed = {} if paused else {"since": at}
    _move(session, row, row.version if version is None else version, paused=paused, **resumed)
    entry = Entry(Kind.SCHEDULE_CHANGED, f"schedule:{schedule}", {"paused": paused})
    entries.record(session, entry, by=by.id, at=at)
    return row


def _found(session: Session, schedule: int) -> ScheduleRow:
    row = session.get(ScheduleRow, schedule)
    if row is None:
        raise Refused(Refusal("not_found", f"There is no schedule {schedule}.", "Look at the list.", status=404))
    return row


def _move(session: Session, row: ScheduleRow, version: int, **values: Any) -> None:
    moved: Any = session.execute(
        update(ScheduleRow)
        .where(ScheduleRow.id == row.id, ScheduleRow.version == version)
        .values(version=ScheduleRow.version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    insist(None if moved.rowcount == 1 else _too_late())
    session.refresh(row)


def _too_late() -> Refusal:
    return Refusal("too_late", "Somebody changed this schedule meanwhile.", "Look at it again.", status=412)
