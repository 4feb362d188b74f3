"""What accounts could reach at a moment, as far as the readings had shown by then: the present with all later news undone.

Exact over began and ended, gaps included: who was there, what each held directly, what that brought by which chain, and
which privileges came with it. It rests on the readings before that moment, and says which those are.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.inventory import nesting, queries
from app.inventory.tables import (
    AccountChangeRow,
    AccountRow,
    AlterationRow,
    EdgeRow,
    EntitlementRow,
    GrantRow,
    ReturnRow,
    SnapshotRow,
    StreamRow,
)
from app.kit.refusal import Refusal
from connectors.records import SUMS_UP, Stream

RESTS = (Stream.ACCOUNTS, Stream.ENTITLEMENTS, Stream.GRANTS)
_AT_A_TIME = 1_000
_FIELDS = (
    "username", "email", "name", "kind", "title", "department", "manager_key", "employee_number", "licence",
)  # fmt: skip
_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class HeldThen:
    """A direct grant as it stood. `effective` False: assigned, and without effect at that moment."""

    grant_id: int
    entitlement_id: int
    key: str
    kind: str
    name: str
    source: str
    authority: str
    effective: bool | None
    began: datetime
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class ReachedThen:
    """Something held because of a direct grant; `path` are names from the granted one to this, `ids` the same as ids."""

    entitlement_id: int
    name: str
    ids: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MayThen:
    """A privilege, and the chain of entitlements that brought it."""

    privilege: str
    ids: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccessThen:
    """One account at a moment. `fields` are text, None where the system did not say.

    `rests_on`: when the reading began that each stream was last known wholly from. `known` False: the system had not been
    read by then, so that nothing here says "no".
    """

    account_id: int
    system_id: int
    key: str
    at: datetime
    known: bool
    present: bool
    fields: Mapping[str, str | None]
    holds: tuple[HeldThen, ...]
    reaches: tuple[ReachedThen, ...]
    may: tuple[MayThen, ...]
    rests_on: Mapping[str, datetime | None]


def end_of(day: date, zone: tzinfo) -> datetime:
    """The last moment of a day in the operator's zone."""
    return datetime.combine(day + timedelta(days=1), time(), zone) - timedelta(microseconds=1)


def why_not(day: date, today: date) -> Refusal | None:
    """Nobody has seen tomorrow."""
    if day > today:
        return Refusal("from_the_future", f"{day.isoformat()} is still to come.", "Ask for a day that is over.", 422)
    return None


def access(session: Session, account_ids: Iterable[int], at: datetime) -> list[AccessThen]:
    """These accounts, those that were gone or not yet there included, as they stood at a moment, in order of id."""
    wanted = sorted(set(account_ids))
    told: list[AccessThen] = []
    for begin in range(0, len(wanted), _AT_A_TIME):
        of = AccountRow.id.in_(wanted[begin : begin + _AT_A_TIME])
        told += _access(session, session.scalars(select(AccountRow).where(of).order_by(AccountRow.id)).all(), at)
    return told


def of_person(session: Session, identity_id: int, at: datetime) -> list[AccessThen]:
    """The accounts that are a person's today, as they stood at a moment."""
    theirs = select(AccountRow.id).where(AccountRow.identity_id == identity_id)
    return access(session, session.scalars(theirs).all(), at)


def _access(session: Session, accounts: Sequence[AccountRow], at: datetime) -> list[AccessThen]:
    ids = [account.id for account in accounts]
    changed = _account_changes(session, ids, at)
    holds = _holds(session, ids, at)
    granted = {held.entitlement_id for of in holds.values() for held in of}
    reach = _Reach(session, granted, at)
    rests = {system: _rests_on(session, system, at) for system in {account.system_id for account in accounts}}
    return [
        _then(account, at, changed.get(account.id, {}), holds.get(account.id, ()), reach, *rests[account.system_id])
        for account in accounts
    ]


def _then(
    account: AccountRow,
    at: datetime,
    changed: Mapping[str, str | None],
    holds: Sequence[HeldThen],
    reach: _Reach,
    known: bool,
    rests_on: Mapping[str, datetime | None],
) -> AccessThen:
    present = account.began <= at and (account.ended is None or account.ended > at)
    if "ended" in changed:  # what the first later reading found in its place says how it stood
        present = account.began <= at and changed["ended"] is None
    fields: dict[str, str | None] = {name: getattr(account, name) for name in _FIELDS}
    fields |= {name: _text(getattr(account, name)) for name in ("active", "frozen")}
    fields |= {name: before for name, before in changed.items() if name != "ended"}
    counting = {held.entitlement_id for held in holds if held.effective is not False} if present else set()
    return AccessThen(
        account.id, account.system_id, account.key, at, known, present, fields,
        tuple(_named(held, reach) for held in holds), reach.beyond(counting), reach.privileges(counting), rests_on,
    )  # fmt: skip


def _account_changes(session: Session, ids: Sequence[int], at: datetime) -> dict[int, dict[str, str | None]]:
    """Per account and field: what it was before the first change that came after the moment."""
    later = (
        select(AccountChangeRow.account_id, AccountChangeRow.field, AccountChangeRow.before)
        .join(SnapshotRow, SnapshotRow.id == AccountChangeRow.snapshot_id)
        .where(AccountChangeRow.account_id.in_(ids), SnapshotRow.began_at > at)
        .order_by(SnapshotRow.began_at.desc(), AccountChangeRow.id.desc())
    )
    found: dict[int, dict[str, str | None]] = defaultdict(dict)
    for account_id, field, before in session.execute(later):
        found[account_id][field] = before
    return found


def _holds(session: Session, ids: Sequence[int], at: datetime) -> dict[int, list[HeldThen]]:
    rows = session.execute(
        select(GrantRow, EntitlementRow)
        .join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
        .where(queries.held_by(ids), _lasting(GrantRow.began, GrantRow.ended, at))
        .order_by(GrantRow.id)
    ).all()
    former = _former(session, "grant", [grant.id for grant, _ in rows], at)
    found: dict[int, list[HeldThen]] = defaultdict(list)
    for grant, entitlement in rows:
        before = former.get(grant.id, {})
        effective = _FLAGS.get(before["effective"] or "") if "effective" in before else grant.effective
        found[grant.account_id].append(
            HeldThen(
                grant.id,
                entitlement.id,
                entitlement.key,
                entitlement.kind,
                entitlement.name,
                grant.source,
                grant.authority,
                effective,
                grant.began,
                grant.ended,
            )
        )
    return found


def _named(held: HeldThen, reach: _Reach) -> HeldThen:
    return HeldThen(
        held.grant_id, held.entitlement_id, held.key, reach.kinds[held.entitlement_id], reach.names[held.entitlement_id],
        held.source, held.authority, held.effective, held.began, held.ended,
    )  # fmt: skip


class _Reach:
    """What holding some entitlements brought at a moment: all that could be reached from them, and how."""

    def __init__(self, session: Session, granted: Iterable[int], at: datetime) -> None:
        self.names: dict[int, str] = {}
        self.kinds: dict[int, str] = {}
        self._carried: dict[int, Sequence[str] | None] = {}  # only those that were there
        self._edges: dict[int, list[int]] = defaultdict(list)
        edges: list[tuple[int, int, str]] = []
        frontier = set(granted)
        while frontier:
            self._know(session, frontier, at)
            found = self._below(session, frontier, at)
            edges += found
            frontier = {held for _, held, _ in found} - self.names.keys()
        for holder, held, kind in edges:
            told_in_sum = kind == SUMS_UP and self._carried.get(holder) is not None
            if holder in self._carried and held in self._carried and not told_in_sum:
                self._edges[holder].append(held)

    def beyond(self, granted: Iterable[int]) -> tuple[ReachedThen, ...]:
        """What is held through the granted ones, by a shortest chain from each."""
        chains = [each for one in sorted(granted) if one in self._carried for each in nesting.chains(one, self._edges)]
        return tuple(
            ReachedThen(carrier, self.names[carrier], ids, self._path(ids)) for carrier, ids in chains if ">" in ids
        )

    def privileges(self, granted: Iterable[int]) -> tuple[MayThen, ...]:
        """The privileges that the granted ones bring."""
        of, carried = set(granted), {one: told for one, told in self._carried.items() if told}
        found = ((privilege, ids) for held, privilege, ids in nesting.reach(carried, self._edges) if held in of)
        return tuple(MayThen(privilege, ids, self._path(ids)) for privilege, ids in sorted(set(found)))

    def _path(self, ids: str) -> tuple[str, ...]:
        return tuple(self.names[int(step)] for step in ids.split(">"))

    def _know(self, session: Session, ids: Iterable[int], at: datetime) -> None:
        for some in _batches(ids):
            former = _former(session, "entitlement", some, at)
            gone = _gone(session, "entitlement", some, at)
            for row in session.scalars(select(EntitlementRow).where(EntitlementRow.id.in_(some))):
                before = former.get(row.id, {})
                self.names[row.id] = before.get("name") or row.name
                self.kinds[row.id] = before.get("kind") or row.kind
                there = row.began <= at and (row.ended is None or row.ended > at) and row.id not in gone
                if there:
                    told: Any = before.get("privileges", row.privileges)
                    self._carried[row.id] = json.loads(told) if isinstance(told, str) else told

    def _below(self, session: Session, holders: Iterable[int], at: datetime) -> list[tuple[int, int, str]]:
        found: list[tuple[int, int, str]] = []
        for some in _batches(holders):
            rows = session.scalars(
                select(EdgeRow).where(EdgeRow.holder_id.in_(some), _lasting(EdgeRow.began, EdgeRow.ended, at))
            ).all()
            former = _former(session, "edge", [row.id for row in rows], at)
            found += [(row.holder_id, row.held_id, former.get(row.id, {}).get("kind") or row.kind) for row in rows]
        return found


def _former(session: Session, kind: str, ids: Sequence[int], at: datetime) -> dict[int, dict[str, str | None]]:
    """Per subject and field: what it was before the first alteration that came after the moment."""
    found: dict[int, dict[str, str | None]] = defaultdict(dict)
    for some in _batches(ids):
        later = (
            select(AlterationRow.subject_id, AlterationRow.field, AlterationRow.before)
            .join(SnapshotRow, SnapshotRow.id == AlterationRow.snapshot_id)
            .where(AlterationRow.kind == kind, AlterationRow.subject_id.in_(some), SnapshotRow.began_at > at)
            .order_by(SnapshotRow.began_at.desc(), AlterationRow.id.desc())
        )
        for subject_id, field, before in session.execute(later):
            found[subject_id][field] = before
    return found


def _gone(session: Session, kind: str, ids: Sequence[int], at: datetime) -> set[int]:
    """Those that were in a gap at the moment, and came back later."""
    gap = (ReturnRow.gone <= at, ReturnRow.back > at)
    return set(session.scalars(select(ReturnRow.subject_id).where(
        ReturnRow.kind == kind, ReturnRow.subject_id.in_(ids), *gap
    )))  # fmt: skip


def _rests_on(session: Session, system_id: int, at: datetime) -> tuple[bool, dict[str, datetime | None]]:
    """Whether the system had been read by then, and from when each stream was last known wholly."""
    sealed = (SnapshotRow.system_id == system_id, SnapshotRow.status == "sealed", SnapshotRow.began_at <= at)
    known = session.scalar(select(SnapshotRow.id).where(*sealed).limit(1)) is not None
    latest = session.execute(
        select(StreamRow.stream, func.max(SnapshotRow.began_at))
        .join(SnapshotRow, SnapshotRow.id == StreamRow.snapshot_id)
        .where(*sealed, StreamRow.stream.in_(RESTS), StreamRow.verdict.in_(queries.TRUSTED))
        .group_by(StreamRow.stream)
    )
    found: dict[str, datetime] = {row[0]: row[1] for row in latest}
    return known, {str(stream): found.get(str(stream)) for stream in RESTS}


def _lasting(
    began: InstrumentedAttribute[datetime], ended: InstrumentedAttribute[datetime | None], at: datetime
) -> ColumnElement[bool]:
    return and_(began <= at, or_(ended.is_(None), ended > at))


def _batches(ids: Iterable[int]) -> Iterable[Sequence[int]]:
    every = sorted(set(ids))
    return (every[begin : begin + _AT_A_TIME] for begin in range(0, len(every), _AT_A_TIME))


def _text(value: bool | None) -> str | None:
    return None if value is None else "true" if value else "false"
