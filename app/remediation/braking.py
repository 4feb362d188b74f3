"""Reads of what holds a system's removals: the stop, its own numbers, its hours, and who asked for what waits."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from app.actors.tables import ActorRow
from app.inventory import queries as inventory
from app.kit.refusal import Refusal
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from app.remediation import brakes, hours, policy, queries, wishes
from app.remediation.brakes import Brakes, Common, Own, Stop
from app.remediation.policy import Status
from app.remediation.tables import ActRow, LaneRow, ReleasedRow, ReleaseRow, RemediationRow, StopRow, WaitRow
from app.review.tables import CampaignRow

_CHUNK = 500
_REMOVALS = "remediation:"


@dataclass(frozen=True, slots=True)
class Held:
    """Some of what is open in a system, and what holds it. `until`: when that ends by itself."""

    rows: Sequence[RemediationRow]
    refusal: Refusal
    until: datetime | None = None


def own(session: Session, system_id: int) -> Own | None:
    """What a system sets otherwise than the settings."""
    row = session.get(LaneRow, system_id)
    if row is None:
        return None
    left_out = tuple(row.left_out) if row.left_out is not None else None
    return Own(row.per_run, row.percent, row.release_above, row.hours, row.zone, left_out)


def braked(session: Session, system_id: int, common: Brakes) -> Brakes:
    """What holds a system now; `common` is what the settings say."""
    return brakes.braked(common, own(session, system_id))


def stop_row(session: Session) -> StopRow | None:
    """The stop that stands."""
    return session.scalar(select(StopRow).where(StopRow.standing.is_(True)))


def stop(session: Session) -> Stop | None:
    """The stop that stands, with the name of whoever pulled it."""
    row = stop_row(session)
    if row is None:
        return None
    actor = session.get(ActorRow, row.by)
    return Stop(actor.name if actor is not None else row.by, row.at, row.reason)


def waits(session: Session, system_id: int | None = None) -> Sequence[WaitRow]:
    """What open removals wait for, in one system or in all."""
    found = select(WaitRow).order_by(WaitRow.system_id, WaitRow.since, WaitRow.code)
    return session.scalars(found if system_id is None else found.where(WaitRow.system_id == system_id)).all()


def why_not_now(
    session: Session, system_id: int, common: Brakes, stopped: Callable[[], bool], at: datetime
) -> Refusal | None:
    """Why nothing may be changed in a system at this moment, read again: a stop, by whichever way, or the hours."""
    if stopped():
        return policy.STOPPED
    wait = session.get(WaitRow, (system_id, "outside_hours"))
    since = wait.since if wait is not None else None
    return brakes.why_not_now(braked(session, system_id, common), stop(session), at, since)


def held(
    session: Session,
    system_id: int,
    fresh: Sequence[RemediationRow],
    common: Brakes,
    stopped: Callable[[], bool],
    at: datetime,
    *,
    by_machine: bool = True,
) -> list[Held]:
    """What of a system's open removals a run that begins now has to leave, and why: the gravest first. What becomes a
    person's task anyway (not `by_machine`) needs no second person's word."""
    if not fresh:
        return []
    refusal = why_not_now(session, system_id, common, stopped, at)
    if refusal is not None:
        return [Held(fresh, refusal, until(refusal))]
    found, mine = [], braked(session, system_id, common)
    alone = unreleased(session, fresh) if by_machine else []
    if no := brakes.why_not_without_release(len(alone), lately(session, system_id, at), mine):
        found.append(Held(alone, no))
        fresh = [row for row in fresh if row not in alone]
    for kind, planned in Counter(row.kind for row in fresh if wishes.takes(row.wish, row.until, at)).items():
        no = policy.why_not_run(planned, queries.held(session, system_id, kind), f"{kind}s", mine.caps)
        if no is not None:
            return [*found, Held(fresh, no)]
    return found


def until(refusal: Refusal) -> datetime | None:
    """When what holds ends by itself, where it does."""
    told = refusal.facts.get("until")
    return datetime.fromisoformat(str(told)) if told else None


def opens(session: Session, system_id: int, common: Brakes, at: datetime) -> datetime | None:
    """When a system may be changed again; None: now, or not within two years."""
    when = braked(session, system_id, common).hours
    return None if hours.open_at(when, at) else hours.next_opening(when, at)


def foreseen(
    session: Session, system_id: int, common: Common, planned: int, at: datetime, *, by_machine: bool
) -> tuple[str, ...]:
    """What will hold up removals that are to be promised in a system, with what is open there already."""
    return brakes.foreseen(
        braked(session, system_id, common.brakes),
        stopped=common.stopped or stop_row(session) is not None,
        planned=planned + len(waiting(session, system_id)) if by_machine else 0,
        lately=lately(session, system_id, at),
    )


# --- releases ---


def unreleased(session: Session, rows: Sequence[RemediationRow]) -> list[RemediationRow]:
    """Those of them that no second person released since they were last acted on."""
    given: dict[uuid.UUID, datetime] = {}
    for some in _chunks([row.id for row in rows]):
        latest = (
            select(ReleasedRow.remediation_id, func.max(ReleaseRow.at))
            .join(ReleaseRow, ReleaseRow.id == ReleasedRow.release_id)
            .where(ReleasedRow.remediation_id.in_(some))
            .group_by(ReleasedRow.remediation_id)
        )
        given |= dict(session.execute(latest).all())
    return [row for row in rows if not _counts(given.get(row.id), row.acted_at)]


def _counts(released: datetime | None, acted: datetime | None) -> bool:
    return released is not None and (acted is None or acted < released)


def lately(session: Session, system_id: int, at: datetime) -> int:
    """How many removals were begun in a system within a day without a second person's word."""
    begun = (
        select(func.count(ActRow.remediation_id.distinct()))
        .join(RemediationRow, RemediationRow.id == ActRow.remediation_id)
        .where(
            RemediationRow.system_id == system_id,
            ~exists().where(ReleasedRow.remediation_id == RemediationRow.id),
            RemediationRow.status != Status.OPEN,  # what is open is counted as planned
            ActRow.begun_at > at - brakes.COUNTED_FOR,
            ActRow.status.in_(("begun", "done", "ambiguous")),
        )
    )
    return session.scalar(begun) or 0


def waiting(session: Session, system_id: int) -> list[RemediationRow]:
    """The open removals of a system that no second person released, in the order in which they were promised."""
    mine = (RemediationRow.system_id == system_id, RemediationRow.status == Status.OPEN)
    return unreleased(session, session.scalars(select(RemediationRow).where(*mine).order_by(RemediationRow.id)).all())


def digest(rows: Iterable[RemediationRow]) -> str:
    """What a list of removals is known by: so that a release is of what was looked at and of nothing else."""
    told = "\n".join(f"{row.id} {row.wish} {row.subject}" for row in rows)
    return hashlib.sha256(told.encode()).hexdigest()


def askers(session: Session, rows: Sequence[RemediationRow]) -> dict[str, int | None]:
    """Who asked for these removals: closed their review, started, repeated or reported one of them; each with the
    person behind the actor, where one is known."""
    found: set[str] = {str(row.asked_by) for row in rows if row.asked_by is not None}
    for some in _chunks(sorted({row.campaign_id for row in rows if row.campaign_id is not None})):
        closed = select(CampaignRow.closed_by).where(CampaignRow.id.in_(some), CampaignRow.closed_by.is_not(None))
        found |= {str(author) for author in session.scalars(closed)}
    for some in _chunks([f"{_REMOVALS}{row.id}" for row in rows]):
        found |= set(
            session.scalars(select(EntryRow.author).where(EntryRow.subject.in_(some), _by_somebody()).distinct())
        )
    return {author: _person(session, author) for author in sorted(found)}


def _by_somebody() -> ColumnElement[bool]:
    kinds = or_(EntryRow.kind == Kind.REMEDIATION_OPENED, EntryRow.kind == Kind.REMEDIATION_MOVED)
    return (EntryRow.author != "scheduler") & kinds


def _person(session: Session, author: str) -> int | None:
    """Who is behind an actor; also behind one for whom the command line spoke ("cli:root for person:p-7")."""
    spoken_for = author.partition(" for person:")[2]
    row = session.get(ActorRow, author)
    named = spoken_for or (row.person_key or row.email if row is not None else None)
    person = inventory.find_identity(session, named) if named else None
    return person.id if person is not None else None


def _chunks(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    for begin in range(0, len(values), _CHUNK):
        yield values[begin : begin + _CHUNK]
