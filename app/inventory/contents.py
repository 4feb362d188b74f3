"""Read what entitlements are made of: what they allow and include, what brings them, how many hold them and how.

Set by set: however many are asked about, it takes the same few statements for each thousand of them.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.inventory import nesting, queries
from app.inventory.composition import Contents
from app.inventory.tables import AccountRow, EdgeRow, EntitlementRow, GrantRow, ObservationRow
from connectors.records import GATHERS, SUMS_UP, Stream

CHUNK = 1_000
_RIGHTS = ("read", "create", "edit", "delete", "view_all", "change_all")


def contents(session: Session, entitlement_ids: Sequence[int]) -> dict[int, Contents]:
    """What each of these entitlements is made of now."""
    found: dict[int, Contents] = {}
    wanted = sorted(set(entitlement_ids))
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        rows = session.scalars(select(EntitlementRow).where(EntitlementRow.id.in_(some))).all()
        told = _systems_that_tell(session, {row.system_id for row in rows})
        includes, inside = _neighbours(session, some)
        rights, direct, reached = _rights(session, some), _direct(session, some), _reached(session, some)
        people = _people(session, [row.id for row in rows if row.kind in GATHERS])
        for row in rows:
            found[row.id] = Contents(
                entitlement_id=row.id,
                gathers=row.kind in GATHERS,
                privileges=None if row.privileges is None else tuple(sorted(row.privileges)),
                native=tuple(sorted(row.native)),
                includes=tuple(sorted(includes[row.id])),
                rights=tuple(sorted(rights[row.id])) if row.system_id in told else None,
                inside=tuple(sorted(inside[row.id])),
                direct=direct.get(row.id, 0),
                reached=reached.get(row.id, 0),
                people=people.get(row.id),
            )
    return found


def reach(session: Session, system_id: int) -> Iterator[tuple[int, str, str]]:
    """(entitlement, privilege, path) for everything that holding each live entitlement of a system brings."""
    live = (EntitlementRow.system_id == system_id, EntitlementRow.ended.is_(None))
    carried = dict(session.execute(select(EntitlementRow.id, EntitlementRow.privileges).where(*live)).all())
    edges: dict[int, list[int]] = defaultdict(list)
    links = select(EdgeRow.holder_id, EdgeRow.held_id, EdgeRow.kind)
    for holder, held, kind in session.execute(links.where(EdgeRow.system_id == system_id, EdgeRow.ended.is_(None))):
        told_in_sum = kind == SUMS_UP and carried.get(holder) is not None
        if holder in carried and held in carried and not told_in_sum:
            edges[holder].append(held)
    return nesting.reach({number: told for number, told in carried.items() if told}, edges)


def brought(session: Session, system_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    """The privileges that holding each live entitlement of these systems brings; what brings none is left out."""
    found: dict[int, set[str]] = defaultdict(set)
    for system_id in system_ids:
        for number, privilege, _ in reach(session, system_id):
            found[number].add(privilege)
    return {number: frozenset(privileges) for number, privileges in found.items()}


def _systems_that_tell(session: Session, system_ids: set[int]) -> set[int]:
    """The systems whose newest reading told rights on kinds of record whole."""
    newest = {number: queries.latest_sealed(session, number) for number in system_ids}
    return {
        number
        for number, snapshot in newest.items()
        if snapshot is not None and Stream.OBJECT_RIGHTS in queries.trusted(session, snapshot.id)
    }


def _neighbours(session: Session, some: Sequence[int]) -> tuple[Mapping[int, list[str]], Mapping[int, list[str]]]:
    """The keys of what each includes, and of what brings each."""
    includes: dict[int, list[str]] = defaultdict(list)
    inside: dict[int, list[str]] = defaultdict(list)
    for mine, other, found in (
        (EdgeRow.holder_id, EdgeRow.held_id, includes),
        (EdgeRow.held_id, EdgeRow.holder_id, inside),
    ):
        rows = (
            select(mine, EntitlementRow.key)
            .join(EntitlementRow, EntitlementRow.id == other)
            .where(mine.in_(some), EdgeRow.ended.is_(None), EntitlementRow.ended.is_(None))
        )
        for number, key in session.execute(rows):
            found[number].append(key)
    return includes, inside


def _rights(session: Session, some: Sequence[int]) -> Mapping[int, list[str]]:
    """What each allows on sensitive kinds of record: "Contact: read, edit"."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = select(ObservationRow.entitlement_id, ObservationRow.name, ObservationRow.facts).where(
        ObservationRow.entitlement_id.in_(some),
        ObservationRow.stream == str(Stream.OBJECT_RIGHTS),
        ObservationRow.ended.is_(None),
    )
    for number, name, facts in session.execute(rows):
        may = [right.replace("_", " ") for right in _RIGHTS if facts.get(right)]
        found[number].append(f"{name}: {', '.join(may) or 'nothing'}")
    return found


def _live() -> tuple[Any, ...]:
    return (GrantRow.ended.is_(None), AccountRow.ended.is_(None), AccountRow.active.is_not(False))


def _direct(session: Session, some: Sequence[int]) -> dict[int, int]:
    """How many accounts that are not known to be inactive hold each by themselves."""
    rows = (
        select(GrantRow.entitlement_id, func.count(GrantRow.account_id.distinct()))
        .join(AccountRow, AccountRow.id == GrantRow.account_id)
        .where(GrantRow.entitlement_id.in_(some), *_live())
        .group_by(GrantRow.entitlement_id)
    )
    return dict(session.execute(rows).all())


def _reached(session: Session, some: Sequence[int]) -> dict[int, int]:
    """How many hold each, by itself or by something that brings it; a circle of groups ends, since each is met once."""
    tops = select(EntitlementRow.id.label("top"), EntitlementRow.id.label("via")).where(EntitlementRow.id.in_(some))
    up = tops.cte("up", recursive=True)
    edge = aliased(EdgeRow, name="above")
    up = up.union(select(up.c.top, edge.holder_id).join(edge, edge.held_id == up.c.via).where(edge.ended.is_(None)))
    rows = (
        select(up.c.top, func.count(GrantRow.account_id.distinct()))
        .join(GrantRow, GrantRow.entitlement_id == up.c.via)
        .join(AccountRow, AccountRow.id == GrantRow.account_id)
        .where(*_live())
        .group_by(up.c.top)
    )
    return dict(session.execute(rows).all())


def _people(session: Session, groups: Sequence[int]) -> dict[int, str]:
    """A digest over the keys of the accounts in each group, inactive ones too; an empty group has one as well."""
    digests = dict.fromkeys(groups, hashlib.sha256().hexdigest())
    rows = (
        select(GrantRow.entitlement_id, AccountRow.key)
        .join(AccountRow, AccountRow.id == GrantRow.account_id)
        .where(GrantRow.entitlement_id.in_(groups), GrantRow.ended.is_(None))
        .distinct()
        .order_by(GrantRow.entitlement_id)
        .execution_options(yield_per=CHUNK)
    )
    told: Iterator[Any] = iter(session.execute(rows))
    for number, members in groupby(told, key=lambda row: row[0]):
        hashed = hashlib.sha256()
        for key in sorted(row[1] for row in members):  # the order of letters is not the same in every database
            hashed.update(f"{key}\n".encode())
        digests[number] = hashed.hexdigest()
    return digests
