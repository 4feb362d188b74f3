"""What a review would rest on: which systems, how their latest readings came out, who owns them, who is the fallback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory.tables import IdentityEmailRow, IdentityRow, SnapshotRow, StreamRow, SystemRow
from app.kit.refusal import Refusal, Refused, insist
from app.review import chain, choosing, expression, modelling, policy, queries, trust
from app.review import scope as scopes
from app.review.chain import Ask
from app.review.choice import ChosenBy, Person, fit
from app.review.choosing import Candidates, Route
from app.review.freezing import Place
from app.review.policy import Override
from app.review.scope import Scope
from app.review.trust import Limits, Reading, RosterReading

ROSTER = "roster"
_CHOSEN_BY = {
    Ask.MANAGER: ChosenBy.MANAGER,
    Ask.ABOVE: ChosenBy.ABOVE,
    Ask.OWNER: ChosenBy.OWNER,
    Ask.SECURITY: ChosenBy.SECURITY,
    Ask.PERSON: ChosenBy.NAMED,
    Ask.GROUP: ChosenBy.GROUP,
}


def asked(scope: Mapping[str, Any], limits: Limits | None) -> Scope:
    """A scope as it is read, with whom the installation names where it names nobody. Refuses what is not understood."""
    told = scopes.read(scope)
    if limits is None:
        return told
    return replace(
        told,
        security_owner=told.security_owner or limits.security_owner,
        control_owner=told.control_owner or limits.control_owner,
    )


def trusted(
    session: Session, scope: Scope, override: Override | None, limits: Limits, by: Actor, at: datetime
) -> tuple[Sequence[SystemRow], list[Reading], list[dict[str, str]]]:
    """The scope's systems, their readings, and what these lack. Refuses readings that cannot be rested on, unless somebody
    answers for them."""
    rows = systems(session, scope)
    readings, found = [reading(session, row, scope) for row in rows], rosters(session)
    insist(policy.why_not_rosterless(scope.needs_roster, len(found)))
    lacks = trust.lacking(readings, found, needs_roster=scope.needs_roster, limits=limits, at=at)
    insist(policy.why_not_open(lacks, override, by))
    insist(policy.why_not_read(readings))
    return rows, readings, lacks


def systems(session: Session, scope: Scope) -> Sequence[SystemRow]:
    """The scope's systems in order of id. Refuses a name that is no connected CRM."""
    found = session.scalars(
        select(SystemRow).where(SystemRow.removed.is_(None), SystemRow.kind != ROSTER).order_by(SystemRow.id)
    ).all()
    known = {row.name for row in found}
    named = {w.system for w in scope.without} | set(scope.systems or ())
    strange = sorted(named - known)
    if strange:
        raise _no(f'"{strange[0]}" is not a connected CRM', f"Connected are {', '.join(sorted(known)) or 'none'}.")
    chosen = [row for row in found if scope.systems is None or row.name in scope.systems]
    if not chosen:
        raise _no("no CRM is connected", "Add a system and read it.")
    return chosen


def latest(session: Session, system_id: int) -> SnapshotRow | None:
    """A system's latest sealed reading."""
    return session.scalar(
        select(SnapshotRow)
        .where(SnapshotRow.system_id == system_id, SnapshotRow.status == "sealed")
        .order_by(SnapshotRow.sealed_at.desc(), SnapshotRow.id.desc())
        .limit(1)
    )


def reading(session: Session, system: SystemRow, scope: Scope) -> Reading:
    """How a system's latest sealed reading came out, with the streams that the scope needs of it."""
    needs = scope.needs_of(system.name)
    row = latest(session, system.id)
    if row is None:
        return Reading(system.name, needs)
    streams = {
        stream.stream: trust.Stream(stream.verdict, stream.because)
        for stream in session.scalars(select(StreamRow).where(StreamRow.snapshot_id == row.id))
    }
    return Reading(system.name, needs, row.id, row.began_at, streams)


def rosters(session: Session) -> list[RosterReading]:
    """Every connected roster's latest reading, beside the last one that read another file."""
    rows = session.scalars(
        select(SystemRow).where(SystemRow.removed.is_(None), SystemRow.kind == ROSTER).order_by(SystemRow.id)
    )
    return [_roster(session, row) for row in rows]


def _roster(session: Session, system: SystemRow) -> RosterReading:
    sealed = (
        select(SnapshotRow, StreamRow)
        .join(StreamRow, StreamRow.snapshot_id == SnapshotRow.id)
        .where(SnapshotRow.system_id == system.id, SnapshotRow.status == "sealed", StreamRow.stream == "people")
        .order_by(SnapshotRow.sealed_at.desc(), SnapshotRow.id.desc())
    )
    newest = session.execute(sealed.limit(1)).one_or_none()
    if newest is None:
        return RosterReading(system.name)
    snapshot, people = newest
    other = sealed.where(SnapshotRow.id != snapshot.id, StreamRow.verdict.in_(trust.TRUSTED))
    if people.rows_digest is not None:  # the same file read twice has not shrunk since, so look behind it
        other = other.where(StreamRow.rows_digest.is_distinct_from(people.rows_digest))
    before = session.execute(other.limit(1)).one_or_none()
    return RosterReading(
        system.name,
        snapshot.id,
        people.server_at or snapshot.began_at,
        trust.Stream(people.verdict, people.because),
        people.rows,
        before[1].rows if before else None,
    )


def people(session: Session, keys: set[str]) -> dict[str, Person]:
    """Identities by their roster keys, as `choice` thinks of them."""
    rows = session.scalars(select(IdentityRow).where(IdentityRow.key.in_(keys)))
    return {row.key: person(row) for row in rows}


def called(session: Session, key: str | None) -> str | None:
    """Who a roster key is, by name and address, for whoever opens reviews; the key where nobody is known by it."""
    row = session.scalar(select(IdentityRow).where(IdentityRow.key == key)) if key is not None else None
    if row is None:
        return key
    address = select(func.min(IdentityEmailRow.email)).where(IdentityEmailRow.identity_id == row.id)
    return f"{row.name} ({session.scalar(address) or key})"


def person(row: IdentityRow) -> Person:
    """An identity as somebody who might review."""
    gone = row.ended is not None or row.erased is not None
    return Person(row.id, row.kind, gone, row.start, row.end, row.away_from, row.away_until, row.manager_id)


def fallbacks(
    session: Session,
    scope: Scope,
    at: datetime,
    due_at: datetime,
    *,
    strict: bool = True,
) -> tuple[int, ...]:
    """The scope's fallback reviewers, by identity. Refuses one who is unknown, has left or is away throughout; the owner of
    security likewise. Not `strict`, for a review that is open already: it passes them over."""
    named = [key for key in (scope.fallback, scope.second_fallback) if key]
    if not strict:
        known = people(session, set(named))
        return tuple(known[key].identity_id for key in named if fit(known.get(key), at.date(), due_at.date()))
    asked = [
        *(("fallback reviewer", key) for key in named),
        *([("security owner", scope.security_owner)] if scope.security_owner else []),
    ]
    known = _here(session, asked, at, due_at)
    return tuple(known[key].identity_id for key in named)


def approver(session: Session, scope: Scope, at: datetime, due_at: datetime, configurer: int | None) -> int | None:
    """Who approves what the scope leaves out, by identity; None if it names nobody. Refuses one who is unknown, has left or
    is away throughout, and who sets the review up."""
    if scope.approver is None:
        return None
    found = _here(session, [("approver", scope.approver)], at, due_at)[scope.approver].identity_id
    if found == configurer:
        raise _no("who sets it up approves what it excludes", "Name somebody else as approver.")
    return found


def control_owner(
    session: Session, scope: Scope, at: datetime, due_at: datetime, configurer: int | None, *, strict: bool = True
) -> int | None:
    """Who accepts the population and signs the outcome, by identity; None if the scope names nobody. Refuses one who is
    unknown, has left or is away throughout, and who sets the review up. Not `strict`: such a one is nobody."""
    if scope.control_owner is None:
        return None
    known = people(session, {scope.control_owner}).get(scope.control_owner)
    if not strict:
        able = known is not None and fit(known, at.date(), due_at.date()) and known.identity_id != configurer
        return known.identity_id if able and known is not None else None
    found = _here(session, [("control owner", scope.control_owner)], at, due_at)[scope.control_owner].identity_id
    if found == configurer:
        raise _no("who sets it up is its control owner", "Name somebody else as control_owner.")
    return found


def _here(session: Session, asked: Sequence[tuple[str, str]], at: datetime, due_at: datetime) -> dict[str, Person]:
    """Who is named, each by a role; refuses whoever cannot answer."""
    known = people(session, {key for _, key in asked})
    for role, key in asked:
        if not fit(known.get(key), at.date(), due_at.date()):
            trouble = "is not in the roster" if key not in known else "has left, is away throughout or is no person"
            raise _no(f'the {role} "{key}" {trouble}', "Name somebody else.")
    return known


def routes(
    session: Session,
    scope: Scope,
    at: datetime,
    due_at: datetime,
    *,
    strict: bool = True,
) -> tuple[Route, ...]:
    """The scope's rules for reviewers with whom they come to, the fallbacks at the end of each. Somebody named who has left
    or is away throughout is passed over; refuses one who was never in the roster, and whom `fallbacks` refuses. Not
    `strict`: refuses nobody."""
    last = Candidates(Ask.PERSON, ChosenBy.FALLBACK)
    ends = [replace(last, ids=(each,)) for each in fallbacks(session, scope, at, due_at, strict=strict)]
    rules = chain.rules(scope.reviewers, scope.security_owner)
    known = people(session, {key for rule in rules for step in rule.ask for key in step.keys})
    strange = sorted({key for rule in rules for step in rule.ask for key in step.keys} - set(known))
    if strange and strict:
        raise _no(f'the reviewer "{strange[0]}" is not in the roster', "Name somebody else.")
    days = (at.date(), due_at.date())
    return tuple(Route(rule, (*(_asked(session, step, known, days) for step in rule.ask), *ends)) for rule in rules)


def _asked(session: Session, step: chain.Step, known: dict[str, Person], days: tuple[date, date]) -> Candidates:
    """Whom a step of a rule comes to: of those it names, whoever is able."""
    if step.match is not None:
        fitting = select(IdentityRow.id).where(choosing.able(*days), modelling.fits(expression.written(step.match)))
        ids = session.scalars(fitting.order_by(IdentityRow.id).limit(chain.GROUP))
        return Candidates(step.ask, ChosenBy.GROUP, tuple(ids))
    able = tuple(known[key].identity_id for key in step.keys if fit(known.get(key), *days))
    return Candidates(step.ask, _CHOSEN_BY[step.ask], able)


def places(
    session: Session,
    rows: Sequence[SystemRow],
    scope: Scope,
    readings: Sequence[Reading],
    at: datetime,
    due_at: datetime,
) -> tuple[Place, ...]:
    """The systems as freezing needs them: kinds, an owner who is able, and the last campaign."""
    owners = people(session, {row.owner_key for row in rows if row.owner_key})
    before = queries.previous(session, [row.id for row in rows])
    told = queries.imported(session, [row.id for row in rows if row.id not in before])
    made = []
    for row, seen in zip(rows, readings, strict=True):
        owner = owners.get(row.owner_key or "")
        last = before.get(row.id)
        made.append(
            Place(
                system_id=row.id,
                name=row.name,
                owner_id=owner.identity_id if owner and fit(owner, at.date(), due_at.date()) else None,
                seen_at=seen.began_at or at,
                kinds=scope.kinds_of(row.name),
                every_definition=scope.every_definition,
                previous_id=last.id if last else None,
                previous_name=last.name if last else None,
                previous_day=last.closed_at.date().isoformat() if last and last.closed_at else None,
                imported_id=told[row.id].id if row.id in told else None,
                imported_name=told[row.id].name if row.id in told else None,
            )
        )
    return tuple(made)


def _no(reason: str, way_out: str) -> Refused:
    return Refused(Refusal("bad_scope", f"This scope cannot be reviewed: {reason}.", way_out, status=422))
