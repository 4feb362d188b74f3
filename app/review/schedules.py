"""Schedules: when reviews open by themselves, added, paused and taken up again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.kit import clock
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.review import exclusions, grounds, owning, workdays
from app.review import schedule as schedules
from app.review import scope as scopes
from app.review.dialect import insert_or_skip
from app.review.exclusions import Approval
from app.review.owning import Acceptance
from app.review.schedule import Plan
from app.review.scope import Scope
from app.review.tables import ScheduleRow
from app.review.trust import Limits

_USUAL: Mapping[str, Any] = {
    "cadence": schedules.QUARTERLY, "every": 1, "starts_on": None, "opens_on_day": None, "opens_at_hour": 9, "due_days": 21,
    "calendar": None,
}  # fmt: skip


class Rhythm(TypedDict, total=False):
    """When a schedule's reviews open and are due. What is not named is as usual."""

    cadence: str
    every: int
    starts_on: date | None
    opens_on_day: int | None
    opens_at_hour: int
    due_days: int
    calendar: Mapping[str, Any] | None


class Changes(Rhythm, total=False):
    """What can be different about a schedule. What is not named stays."""

    zone: str
    scope: Mapping[str, Any]


def add(
    session: Session,
    *,
    name: str,
    zone: str,
    scope: Mapping[str, Any],
    approval: Approval | None = None,
    acceptance: Acceptance | None = None,
    limits: Limits | None = None,
    by: Actor,
    at: datetime,
    **rhythm: Unpack[Rhythm],
) -> ScheduleRow:
    """Let a review of `scope` open in every turn of a plan.

    Without more said it is each quarter, on its cadence's usual day (`schedule.USUAL_DAY`) at nine on `zone`'s clock. The
    first is the next to begin; what should have begun before `at` is not missed. Refuses a plan or a scope that is not
    understood, one that leaves something out without the `approval` of whom it names, one without the standing word of its
    control owner (`acceptance`), and a name that is taken.
    """
    at = clock.utc(at)
    row = {"name": name, **_values({**_USUAL, **rhythm, "zone": zone, "scope": scope}, limits)}
    insist(schedules.why_not_plan(_plan(row)))
    words = _words(session, row["scope"], approval, acceptance, limits, by, at)
    row |= words
    set_up = {"configurer_id": by.identity_id}
    made = session.scalar(
        insert_or_skip(session, ScheduleRow)
        .values(**row, **set_up, since=at, paused=False, version=1)
        .returning(ScheduleRow.id)
    )
    if made is None:
        raise Refused(Refusal("name_taken", f'There is a schedule called "{name}" already.', "Choose another name."))
    _record(session, made, words, by, at)
    body, people = _told(row)
    entries.record(session, Entry(Kind.SCHEDULE_ADDED, f"schedule:{made}", body, people), by=by.id, at=at)
    return session.get_one(ScheduleRow, made)


def change(
    session: Session,
    schedule: int,
    *,
    approval: Approval | None = None,
    acceptance: Acceptance | None = None,
    limits: Limits | None = None,
    by: Actor,
    at: datetime,
    **changes: Unpack[Changes],
) -> ScheduleRow:
    """Let its next reviews open at other times, be due at another, or be of another scope; what is not named stays. The
    words that something is left out, and that its reviews may open, stay as long as what they were given for does;
    `approval` and `acceptance` renew them.

    What should have begun before `at` by the new plan is not missed. Its name stays: reviews that it opened bear it.
    """
    at = clock.utc(at)
    row = _found(session, schedule)
    values = _values({name: getattr(row, name) for name in Changes.__optional_keys__} | changes, limits)
    insist(schedules.why_not_plan(_plan({"name": row.name, **values})))
    before, after = scopes.read(row.scope), scopes.read(values["scope"])
    if approval is None and exclusions.parts(before) == exclusions.parts(after):
        approval = exclusions.kept(row.approval)
    if acceptance is None and owning.parts(before) == owning.parts(after):
        acceptance = owning.kept(row.acceptance)
    values |= _words(session, values["scope"], approval, acceptance, limits, by, at)
    told = {name: value for name, value in values.items() if getattr(row, name) != value}
    if not told:
        return row
    _move(session, row, row.version, **told, since=at, configurer_id=by.identity_id)
    _record(session, schedule, told, by, at)
    body, people = _told(told)
    entries.record(session, Entry(Kind.SCHEDULE_CHANGED, f"schedule:{schedule}", body, people), by=by.id, at=at)
    return row


def planned(name: str, zone: str, **rhythm: Unpack[Rhythm]) -> Plan:
    """The plan that `add` would follow; refuses one that cannot be kept."""
    plan = _plan({"name": name, **_values({**_USUAL, **rhythm, "zone": zone, "scope": None})})
    insist(schedules.why_not_plan(plan))
    return plan


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


def _values(given: Mapping[str, Any], limits: Limits | None = None) -> dict[str, Any]:
    """A schedule's columns, its calendar and scope read and written out. Refuses (422) one of them."""
    scope = _owned(given["scope"], limits).written() if given["scope"] is not None else None
    day = given["opens_on_day"] or schedules.USUAL_DAY.get(given["cadence"], 1)
    cadence = str(given["cadence"])
    return {
        **given,
        "cadence": cadence,
        "opens_on_day": day,
        "calendar": workdays.read(given["calendar"]).written(),
        "scope": scope,
    }


def _plan(row: Mapping[str, Any]) -> Plan:
    return Plan(
        row["name"], row["zone"], row["opens_on_day"], row["opens_at_hour"], row["due_days"], row["cadence"],
        row["every"], row["starts_on"], workdays.read(row["calendar"]),
    )  # fmt: skip


def _owned(scope: Mapping[str, Any], limits: Limits | None) -> Scope:
    """A scope with whom this installation names as control owner, where it names nobody."""
    asked = scopes.read(scope)
    named = limits.control_owner if limits is not None else None
    return replace(asked, control_owner=asked.control_owner or named)


def _words(
    session: Session, scope: Mapping[str, Any], approval: Approval | None, acceptance: Acceptance | None,
    limits: Limits | None, by: Actor, at: datetime,
) -> dict[str, Any]:  # fmt: skip
    """The words that count for what a scope leaves out and for its reviews, as they are kept. Refuses where it takes one
    and there is none."""
    asked, set_up_by = scopes.read(scope), by.identity_id
    approver = grounds.approver(session, asked, at, at, set_up_by)
    word = approval or owning.serves(asked, acceptance)
    approving, accepting = (grounds.called(session, key) for key in (asked.approver, asked.control_owner))
    usual: dict[str, Any] = {"set_up_by": set_up_by, "by": by, "at": at}
    insist(exclusions.why_not_excluded(asked, word, approver, called=approving, **usual))
    insist(owning.why_not_unowned(asked, needed=limits is not None and limits.owned))
    owner = grounds.control_owner(session, asked, at, at, set_up_by)
    insist(owning.why_not_accepted(asked, acceptance, owner, population=None, called=accepting, **usual))
    left_out, owned = word is not None and exclusions.leaves_out(asked), asked.control_owner is not None
    return {
        "approval": word.written() if word is not None and left_out else None,
        "acceptance": acceptance.written() if acceptance is not None and owned else None,
    }


def _record(session: Session, schedule: int, told: Mapping[str, Any], by: Actor, at: datetime) -> None:
    """The words that came with a schedule, in the log as theirs who gave them."""
    given = (("approval", Kind.EXCLUSIONS_APPROVED, "reason"), ("acceptance", Kind.POPULATION_ACCEPTED, "remark"))
    for name, kind, said in given:
        word = told.get(name)
        if word is not None:
            body = {"granted_by": word["by"], "asked_by": by.id, "given_at": word["at"]}
            body |= {"standing": True} if kind is Kind.POPULATION_ACCEPTED else {}
            entry = Entry(kind, f"schedule:{schedule}", body, {said: word[said]})
            entries.record(session, entry, by=word["by"], at=at)


def _told(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What of a schedule enters the ledger as it is, and what as commitments."""
    body = {
        name: value for name, value in values.items() if name not in ("approval", "acceptance")
    }  # entries of their own
    people: dict[str, str] = {}
    if "scope" in body:
        body["scope"], people = scopes.apart(body["scope"])
    if isinstance(body.get("starts_on"), date):
        body["starts_on"] = body["starts_on"].isoformat()
    return body, people


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
