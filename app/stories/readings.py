"""Systems and how far their last reading can be trusted, in the words of whoever has to put it right.

A reading that failed, is old or lacks something says so, with the way out; nothing here turns a missing right into "none".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.actors.tables import ActorRow
from app.inventory import queries as inventory
from app.inventory.policy import switched_off
from app.inventory.tables import RosterUploadRow, SnapshotRow, StreamRow, SystemRow
from app.kit.refusal import Refusal, insist

GIVEN_UP = timedelta(days=1)  # a reading that goes on for longer has been left by its worker
TRUSTED = ("complete", "explained")


class State(StrEnum):
    """How a system's readings stand."""

    NEVER = "never"
    READING = "reading"
    FAILED = "failed"  # the newest attempt; an older one may be there
    STALE = "stale"
    PARTIAL = "partial"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Standing:
    """One system with its newest reading that was sealed, its newest attempt, and what they come to."""

    system: SystemRow
    state: State
    because: str
    sealed: SnapshotRow | None
    newest: SnapshotRow | None
    streams: Sequence[StreamRow]  # of the sealed one
    trouble: Refusal | None = None  # a roster that may not be trusted

    @property
    def lacking(self) -> list[StreamRow]:
        """Streams of the last reading that cannot be trusted."""
        return [row for row in self.streams if row.verdict not in TRUSTED]


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading with its receipts."""

    snapshot: SnapshotRow
    streams: Sequence[StreamRow]


@dataclass(frozen=True, slots=True)
class Story:
    """One system with its latest readings."""

    standing: Standing
    readings: Sequence[Reading]
    counts: dict[str, int]
    uploads: Sequence[RosterUploadRow]
    owner: str | None = None  # who answers for it, by name; their roster id where nobody has it
    owner_id: int | None = None
    names: Mapping[str, str] = field(default_factory=dict)  # of who handed rosters in and vouched for them


def standings(session: Session, *, by: Actor, at: datetime, max_age: timedelta, roster_days: int) -> list[Standing]:
    """Every connected system, those that need somebody first."""
    insist(policy.why_not(by, May.SEE_SYSTEMS))
    told = _standings(session, inventory.systems(session), at, max_age, roster_days)
    order = list(State)
    return sorted(told, key=lambda each: (order.index(each.state), each.system.name))


def story(
    session: Session, system_id: int, *, by: Actor, at: datetime, max_age: timedelta, roster_days: int, limit: int = 10
) -> Story | None:
    """One system's story; None if there is no such system."""
    insist(policy.why_not(by, May.SEE_SYSTEMS))
    system = session.get(SystemRow, system_id)
    if system is None or system.removed is not None:
        return None
    rows = session.scalars(
        select(SnapshotRow)
        .where(SnapshotRow.system_id == system_id)
        .order_by(SnapshotRow.began_at.desc(), SnapshotRow.id.desc())
        .limit(limit)
    ).all()
    readings = [Reading(row, inventory.receipts(session, row.id)) for row in rows]
    handed = select(RosterUploadRow).where(RosterUploadRow.system_id == system_id)
    uploads = session.scalars(handed.order_by(RosterUploadRow.uploaded_at.desc()).limit(limit)).all()
    owner = inventory.find_identity(session, system.owner_key) if system.owner_key else None
    (standing,) = _standings(session, [system], at, max_age, roster_days)
    return Story(
        standing,
        readings,
        inventory.live_counts(session, [system_id]) if system.kind != "roster" else {},
        uploads,
        owner.name if owner is not None else system.owner_key,
        owner.id if owner is not None else None,
        _names(session, uploads),
    )


def _names(session: Session, uploads: Sequence[RosterUploadRow]) -> dict[str, str]:
    ids = {each for row in uploads for each in (row.uploaded_by, row.approved_by) if each}
    return dict(session.execute(select(ActorRow.id, ActorRow.name).where(ActorRow.id.in_(ids))).all()) if ids else {}


def reading(session: Session, snapshot_id: int, *, by: Actor) -> tuple[SystemRow, Reading] | None:
    """One reading with its receipts; None if there is no such reading."""
    insist(policy.why_not(by, May.SEE_SYSTEMS))
    snapshot = session.get(SnapshotRow, snapshot_id)
    if snapshot is None:
        return None
    return session.get_one(SystemRow, snapshot.system_id), Reading(snapshot, inventory.receipts(session, snapshot_id))


def waiting(session: Session, *, by: Actor) -> int:
    """How many readings go on at this moment."""
    insist(policy.why_not(by, May.SEE_SYSTEMS))
    return session.scalar(select(func.count()).where(SnapshotRow.status == "reading")) or 0


def _standings(
    session: Session, systems: Sequence[SystemRow], at: datetime, max_age: timedelta, roster_days: int
) -> list[Standing]:
    """Of all of them in as many questions as of one."""
    numbers = [system.id for system in systems]
    newest = _latest(session, numbers, sealed=False)
    sealed = _latest(session, numbers, sealed=True)
    streams = inventory.receipts_of(session, [row.id for row in sealed.values()])
    told = []
    for system in systems:
        trouble, oldest = None, max_age
        if system.kind == "roster":
            trouble = inventory.why_not_trust_roster(session, system.id, max_age_days=roster_days, at=at)
            oldest = timedelta(days=roster_days)
        last = sealed.get(system.id)
        read = streams.get(last.id, ()) if last is not None else ()
        state, because = _state(newest.get(system.id), last, read, system.config, trouble, at, oldest)
        told.append(Standing(system, state, because, last, newest.get(system.id), read, trouble))
    return told


def _latest(session: Session, systems: Sequence[int], *, sealed: bool) -> dict[int, SnapshotRow]:
    """Each system's newest attempt, or its newest reading that was sealed: one look into the index for each system."""
    one = aliased(SnapshotRow)
    order = (one.sealed_at.desc(), one.id.desc()) if sealed else (one.began_at.desc(), one.id.desc())
    mine = select(one.id).where(one.system_id == SystemRow.id).order_by(*order).limit(1).correlate(SystemRow)
    if sealed:
        mine = mine.where(one.status == "sealed")
    found = select(mine.scalar_subquery()).select_from(SystemRow).where(SystemRow.id.in_(systems))
    rows = session.scalars(select(SnapshotRow).where(SnapshotRow.id.in_(found)))
    return {row.system_id: row for row in rows}


def _state(
    newest: SnapshotRow | None,
    sealed: SnapshotRow | None,
    streams: Sequence[StreamRow],
    config: Mapping[str, Any],
    trouble: Refusal | None,
    at: datetime,
    max_age: timedelta,
) -> tuple[State, str]:
    if newest is None:
        return State.NEVER, "It was never read."
    if newest.status == "reading" and newest.began_at > at - GIVEN_UP:
        return State.READING, "It is being read."
    if newest.status == "failed":
        return State.FAILED, newest.because or "The last reading failed."
    if newest.status == "reading":
        return State.FAILED, "The last reading did not come to its end."
    if sealed is None:
        return State.NEVER, "It was never read to its end."
    if sealed.began_at < at - max_age:
        return State.STALE, f"The last reading is {(at - sealed.began_at).days} days old."
    off = {str(stream) for stream in switched_off(config)}  # by an operator's choice: nobody has to look into that
    lacking = [row for row in streams if row.verdict not in TRUSTED and row.stream not in off]
    if trouble is not None:
        return State.PARTIAL, trouble.reason
    if lacking:
        return State.PARTIAL, "; ".join(f"{row.stream.replace('_', ' ')}: {row.because}" for row in lacking[:3])
    left = sorted(row.stream for row in streams if row.verdict not in TRUSTED)
    if left:
        return State.COMPLETE, f"Everything was read but what is switched off: {', '.join(left)}."
    return State.COMPLETE, "Everything was read that the system is about."
