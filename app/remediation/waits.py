"""What a system's open removals wait for: noted when a run leaves them, with since when and until when, and let go of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.kit import clock
from app.kit.refusal import Refusal
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from app.remediation import aims, braking, queries
from app.remediation.policy import Status
from app.remediation.tables import RemediationRow, WaitRow

# Longer than a run's own tries, and seldom enough for a credential that is not let in.
LEFT_ALONE = timedelta(hours=6)


def hold(
    session: Session, held: Sequence[RemediationRow], refusal: Refusal, *, system_id: int, by: Actor, at: datetime
) -> None:
    """Leave removals open and note on each why this run did not carry them out. One entry with their number."""
    at = clock.utc(at)
    told = f"{refusal.reason} {refusal.way_out}".strip()
    ids_held = [row.id for row in held]
    for begin in range(0, len(ids_held), aims.CHUNK):
        some = ids_held[begin : begin + aims.CHUNK]
        session.execute(
            update(RemediationRow)
            .where(RemediationRow.id.in_(some), RemediationRow.status == Status.OPEN)
            .values({"because": told, "version": RemediationRow.version + 1})
            .execution_options(synchronize_session=False)
        )
    _note(session, system_id, refusal, len(ids_held), at)
    body = {"held": len(ids_held), "code": refusal.code}
    entries.record(session, Entry(Kind.REMEDIATION_MOVED, f"system:{system_id}", body), by=by.id, at=at)


def go_on(session: Session, system_id: int, still: Collection[str]) -> None:
    """Forget what a system's removals waited for, except what they wait for still, by code."""
    session.execute(delete(WaitRow).where(WaitRow.system_id == system_id, WaitRow.code.not_in(list(still))))


def wake(session: Session, *, stopped: bool, by: Actor, at: datetime) -> list[int]:
    """Send the lanes to work whose time has come: the hours have begun, or nobody stops anything any more. `stopped`: the
    switch outside of the database. Returns the systems; each is sent once for one wait."""
    at = clock.utc(at)
    over: ColumnElement[bool] = WaitRow.until <= at
    if not stopped and braking.stop_row(session) is None:
        over = or_(over, WaitRow.code == "stopped")
    rows = session.scalars(select(WaitRow).where(over, WaitRow.woken_at.is_(None))).all()
    for row in rows:
        row.woken_at = at
    systems = sorted({row.system_id for row in rows})
    asked = [
        Entry(Kind.REMOVAL_REQUESTED, f"system:{system}", {"system": system, "because": "what held removals is over"})
        for system in systems
    ]
    entries.record_many(session, asked, by=by.id, at=at)
    return systems


def over(session: Session, *, by: Actor, at: datetime) -> list[int]:
    """Send the lanes to work in which access was to end by now and is still promised to go. Returns the systems."""
    at = clock.utc(at)
    systems = queries.ended(session, at)
    asked = [
        Entry(Kind.REMOVAL_REQUESTED, f"system:{system}", {"system": system, "because": "its day has come"})
        for system in systems
    ]
    entries.record_many(session, asked, by=by.id, at=at)
    return systems


def take_up(session: Session, *, by: Actor, at: datetime) -> list[int]:
    """Send the lanes to work in which removals are open, held by nothing, and nobody was sent for some hours: a run that
    has failed for good, since its CRM was out of reach for longer than it tries, leaves nobody behind. Returns the systems.
    """
    at = clock.utc(at)
    waiting = RemediationRow.status.in_((Status.OPEN, Status.ACTING)) & (RemediationRow.wish != "time_box")
    left = select(RemediationRow.system_id, func.count()).where(waiting).group_by(RemediationRow.system_id)
    noted = select(WaitRow.system_id, func.sum(WaitRow.removals)).group_by(WaitRow.system_id)
    held: dict[int, int] = dict(session.execute(noted).all())
    open_now: dict[int, int] = dict(session.execute(left).all())
    systems = sorted(number for number, count in open_now.items() if count > held.get(number, 0))
    sent = select(EntryRow.subject).where(
        EntryRow.subject.in_([f"system:{each}" for each in systems]),
        EntryRow.kind == Kind.REMOVAL_REQUESTED,
        EntryRow.at > at - LEFT_ALONE,
    )
    lately = set(session.scalars(sent))
    systems = [each for each in systems if f"system:{each}" not in lately]
    because = "a run before came to no end"
    asked = [Entry(Kind.REMOVAL_REQUESTED, f"system:{each}", {"system": each, "because": because}) for each in systems]
    entries.record_many(session, asked, by=by.id, at=at)
    return systems


def _note(session: Session, system_id: int, refusal: Refusal, removals: int, at: datetime) -> None:
    """One row per reason; how long it has been so is kept."""
    row = session.get(WaitRow, (system_id, refusal.code))
    if row is None:
        row = WaitRow(system_id=system_id, code=refusal.code, since=at)
        session.add(row)
    row.because, row.way_out, row.removals = refusal.reason, refusal.way_out, removals
    row.until, row.woken_at = braking.until(refusal), None
    session.flush()
