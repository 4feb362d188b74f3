"""The facts of what is no account: programs, entitlements, endpoints, packages, allowances, and the whole system.

There are few of these beside the accounts, and each kind comes from one query in order. What was there at the
system's first reading is not called new.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import Session

from app.inventory.facts import (
    AccountFacts,
    EndpointFacts,
    EntitlementFacts,
    IntegrationFacts,
    PackageFacts,
    Posture,
    UsageFacts,
)
from app.inventory.knowing import account_facts
from app.inventory.tables import (
    AccountRow,
    ChangeRow,
    CredentialRow,
    EdgeRow,
    EntitlementRow,
    GrantRow,
    IntegrationRow,
    ObservationRow,
    PrivilegeRow,
    SettingRow,
    SnapshotRow,
    StreamRow,
)
from connectors import registry
from connectors.meaning import Act, Admission, Material
from connectors.receipt import Verdict
from connectors.records import Privilege, Stream

_RIGHTS = ("read", "create", "edit", "delete", "view_all", "change_all")
AT_A_TIME = 1_000
STREAMS = tuple(str(stream) for stream in Stream if stream is not Stream.PEOPLE)  # what a system, not a roster, has
LOGS = (Stream.LOGINS, Stream.CHANGES)
WHOLE = (Verdict.COMPLETE, Verdict.EXPLAINED)


def first_read(session: Session, system_id: int) -> datetime | None:
    """When the system's first sealed reading began; what it showed has always been there, as far as anybody knows."""
    sealed = (SnapshotRow.system_id == system_id, SnapshotRow.status == "sealed")
    return session.scalar(select(func.min(SnapshotRow.began_at)).where(*sealed))


def logs_read(session: Session, system_id: int) -> dict[str, datetime | None]:
    """When each log that readings ask for was last read completely; None if it never was."""
    whole = case((StreamRow.verdict.in_([str(each) for each in WHOLE]), SnapshotRow.began_at))
    rows = (
        select(StreamRow.stream, func.max(whole))
        .join(SnapshotRow, SnapshotRow.id == StreamRow.snapshot_id)
        .where(SnapshotRow.system_id == system_id, SnapshotRow.status == "sealed")
        .where(StreamRow.stream.in_([str(each) for each in LOGS]))
        .group_by(StreamRow.stream)
    )
    return dict(session.execute(rows).all())


def acts(session: Session, system_id: int, kind: str) -> dict[Act, datetime]:
    """When each kind of act was last logged."""
    means = registry.meanings(kind)
    rows = (
        select(ChangeRow.action, func.max(ChangeRow.at).label("last"))
        .where(ChangeRow.system_id == system_id)
        .group_by(ChangeRow.action)
    )
    last: dict[Act, datetime] = {}
    for action, when in session.execute(rows):
        act = means.act(action, None) if means is not None else None
        if act is not None:
            last[act] = max(when, last.get(act, when))
    return last


def posture(session: Session, system_id: int, kind: str, last: Mapping[Act, datetime]) -> Posture:
    """How the system is set up, as its settings and its log tell."""
    means = registry.meanings(kind)
    rows = select(SettingRow.key, SettingRow.value).where(SettingRow.system_id == system_id)
    return means.posture(dict(session.execute(rows).all()), last) if means is not None else Posture()


def able(session: Session, system_id: int) -> tuple[int, int]:
    """How many accounts may be able to sign in, and how many of these administer."""
    active = (
        AccountRow.system_id == system_id,
        AccountRow.ended.is_(None),
        AccountRow.active.is_not(False),
        AccountRow.frozen.is_not(True),
    )
    power = select(PrivilegeRow.account_id).where(
        PrivilegeRow.system_id == system_id, PrivilegeRow.privilege == Privilege.ADMINISTER
    )
    administers = func.count(case((AccountRow.id.in_(power), 1)))
    count, administrators = session.execute(select(func.count(), administers).where(*active)).one()
    return count, administrators


def integrations(session: Session, system_id: int, kind: str) -> Iterator[IntegrationFacts]:
    """The system's programs, in order, each with its owner and what its tokens tell."""
    means, first = registry.meanings(kind), first_read(session, system_id)
    token = CredentialRow
    tokens = (
        select(
            token.integration_id,
            func.count().label("times"),
            func.max(token.last_used).label("last"),
            func.max(func.coalesce(token.uses_known_since, token.created)).label("since"),
        )
        .where(token.system_id == system_id, token.ended.is_(None), token.active.is_not(False))
        .group_by(token.integration_id)
        .subquery()
    )
    rows = session.execute(
        select(IntegrationRow, tokens.c.times, tokens.c.last, tokens.c.since)
        .outerjoin(tokens, tokens.c.integration_id == IntegrationRow.id)
        .where(IntegrationRow.system_id == system_id, IntegrationRow.ended.is_(None))
        .order_by(IntegrationRow.id)
    ).all()
    owners = _owners(session, system_id, (row.IntegrationRow.owner_account_id for row in rows))
    for program, times, last, since in rows:
        admitted = means.admission(program.kind, program.native, program.scopes) if means is not None else Admission()
        yield IntegrationFacts(
            integration_id=program.id, system_id=system_id, key=program.key, kind=program.kind, name=program.name,
            publisher=program.publisher, active=program.active, created=program.created,
            used=max((when for when in (program.last_used, last) if when is not None), default=None),
            uses_known_since=since, tokens=times or 0, derived=program.derived,
            appeared=_new(program.created or program.began, first), anybody=admitted.anybody,
            scopes=None if program.scopes is None else tuple(program.scopes), broad=admitted.broad,
            owner=owners.get(program.owner_account_id),
        )  # fmt: skip


def _owners(session: Session, system_id: int, ids: Iterable[int | None]) -> dict[int | None, AccountFacts]:
    wanted = {number for number in ids if number is not None}
    found = account_facts(session, system_id, only=wanted) if wanted else iter(())
    return {account.account_id: account for account in found}


def _new(appeared: datetime, first: datetime | None) -> datetime | None:
    return appeared if first is not None and appeared > first else None


def entitlements(
    session: Session, system_id: int, *, able_to: int, only: Collection[int] | None = None
) -> Iterator[EntitlementFacts]:
    """What can be held, in order, with how many of the `able_to` sign in hold it; `only` these are counted."""
    if only is not None and not only:
        return
    active = and_(AccountRow.id == GrantRow.account_id, AccountRow.active.is_not(False), AccountRow.ended.is_(None))
    holders = (
        select(
            GrantRow.entitlement_id,
            func.count(func.distinct(GrantRow.account_id)).label("times"),
            func.count(func.distinct(case((AccountRow.kind == "guest", GrantRow.account_id)))).label("guests"),
        )
        .join(AccountRow, active)
        .where(_of(GrantRow.system_id == system_id, GrantRow.entitlement_id, only), GrantRow.ended.is_(None))
        .group_by(GrantRow.entitlement_id)
        .subquery()
    )
    opened, reached = _opened(session, system_id), _reached(session, system_id)
    inner = (EdgeRow.system_id == system_id, EdgeRow.ended.is_(None))
    nested = frozenset(session.scalars(select(EdgeRow.held_id).where(*inner).distinct()))
    rows = session.execute(
        select(EntitlementRow, holders.c.times, holders.c.guests)
        .outerjoin(holders, holders.c.entitlement_id == EntitlementRow.id)
        .where(_of(EntitlementRow.system_id == system_id, EntitlementRow.id, only), EntitlementRow.ended.is_(None))
        .order_by(EntitlementRow.id)
        .execution_options(yield_per=AT_A_TIME)
    )
    for held, times, guests in rows:
        yield EntitlementFacts(
            entitlement_id=held.id, system_id=system_id, key=held.key, kind=held.kind, name=held.label or held.name,
            described=bool(held.description), holders=times or 0, accounts=able_to,
            privileges=None if held.privileges is None else tuple(held.privileges), opens=tuple(opened.get(held.id, ())),
            nested=held.id in nested, guests=guests or 0, reaches=reached.get(held.id, ()),
        )  # fmt: skip


def _of(system: ColumnElement[bool], number: Any, only: Collection[int] | None) -> ColumnElement[bool]:
    """All of a system, or only these of it: by their numbers alone, since SQLite would rather read the whole system."""
    return system if only is None else number.in_(sorted(only))


def _opened(session: Session, system_id: int) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for row in session.scalars(_live(system_id, Stream.OBJECT_RIGHTS)):
        if row.entitlement_id is not None and (row.facts.get("view_all") or row.facts.get("change_all")):
            found.setdefault(row.entitlement_id, []).append(row.name)
    return found


def _reached(session: Session, system_id: int) -> dict[int, tuple[str, ...] | None]:
    """On which kinds of record each entitlement allows anything; None once a system did not say so of one."""
    found: dict[int, tuple[str, ...] | None] = {}
    for row in session.scalars(_live(system_id, Stream.OBJECT_RIGHTS)):
        if row.entitlement_id is None:
            continue
        said = [row.facts.get(right) for right in _RIGHTS]
        known = found.get(row.entitlement_id, ())
        if any(said):
            found[row.entitlement_id] = (*(known or ()), row.name)
        elif None in said and not known:
            found[row.entitlement_id] = None
    return found


def endpoints(session: Session, system_id: int, kind: str) -> Iterator[EndpointFacts]:
    """What the system calls, trusts or signs with, in order of when it was first seen."""
    means = registry.meanings(kind)
    for row, of, since in _observed(session, system_id, Stream.ENDPOINTS):
        made = means.material(row.facts.get("native") or {}) if means is not None else Material()
        yield EndpointFacts(
            endpoint_id=of, system_id=system_id, kind=row.kind, name=row.name, address=row.facts.get("address"),
            active=row.facts.get("active"), guarded=row.facts.get("guarded"), expires=_moment(row.facts.get("expires")),
            appeared=since, key_bits=made.bits, exportable=made.exportable,
        )  # fmt: skip


def packages(session: Session, system_id: int) -> Iterator[PackageFacts]:
    """Other people's code, in order of when it was first seen."""
    for row, of, since in _observed(session, system_id, Stream.PACKAGES):
        said = row.facts
        yield PackageFacts(
            package_id=of, system_id=system_id, name=row.name, publisher=said.get("publisher"),
            version=said.get("version"), reviewed=said.get("reviewed"), seats_used=said.get("licences_used"),
            seats=said.get("licences_allowed"), expires=_moment(said.get("expires")), appeared=since,
        )  # fmt: skip


def usage(session: Session, system_id: int) -> Iterator[UsageFacts]:
    """Licences, seats and allowances, in order of when they were first seen."""
    for row, of, _since in _observed(session, system_id, Stream.USAGE):
        said = row.facts
        yield UsageFacts(of, system_id, row.name, said.get("used"), said.get("allowed"), said.get("period"))


def _live(system_id: int, stream: Stream) -> Select[Any]:
    seen = ObservationRow
    live = (seen.system_id == system_id, seen.stream == str(stream), seen.ended.is_(None))
    return select(seen).where(*live).order_by(seen.id)


def _observed(session: Session, system_id: int, stream: Stream) -> Iterator[tuple[Any, int, datetime | None]]:
    """The live rows of a stream, each with the number of its first row, by which it is known, and when it appeared.

    A row ends whenever a fact changes; what it is about goes on.
    """
    seen, first = ObservationRow, first_read(session, system_id)
    ours = (seen.system_id == system_id, seen.stream == str(stream))
    begun = (
        select(seen.key, func.min(seen.id).label("number"), func.min(seen.began).label("began"))
        .where(*ours)
        .group_by(seen.key)
        .subquery()
    )
    rows = (
        select(seen, begun.c.number, begun.c.began)
        .join(begun, begun.c.key == seen.key)
        .where(*ours, seen.ended.is_(None))
        .order_by(begun.c.number)
    )
    for row, of, began in session.execute(rows):
        yield row, of, _new(began, first)


def _moment(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None
