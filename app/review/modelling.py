"""Reads of role models: which there are, what is in them, whom they fit, and what the custom of a job would propose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, IdentityRow, PrivilegeRow, SystemRow
from app.review import apart, asking, bundling, expression
from app.review.bundling import BundleStatus, Content, VersionStatus
from app.review.tables import BundleContentRow, BundleRow, BundleVersionRow

_NAMED = (IdentityRow.department, IdentityRow.title)
_CHUNK = 200  # jobs in one question


@dataclass(frozen=True, slots=True)
class Job:
    """People of one department and title, with what most of them hold: (entitlement, how many of them)."""

    department: str
    title: str
    people: int
    held: Sequence[tuple[int, int]] = field(default=())


@dataclass(frozen=True, slots=True)
class Model:
    """A role model with one of its versions (the newest, unless asked otherwise), its owner, and how many it fits."""

    bundle: BundleRow
    version: BundleVersionRow
    owner: IdentityRow
    contents: int


def fits(match: str) -> ColumnElement[bool]:
    """The condition over `IdentityRow` for whose job it is (twin of `expression.holds` over `facts_of`)."""
    columns = {
        "department": IdentityRow.department,
        "title": IdentityRow.title,
        "engagement": IdentityRow.engagement,
        "person": IdentityRow.key,
    }
    return asking.condition(expression.read(match, bundling.FACTS), columns, bundling.FACTS)


def match_of(department: str, title: str) -> str:
    """The match of a department and title, in the one spelling that is kept."""
    both = (expression.OneOf("department", (department,)), expression.OneOf("title", (title,)))
    return expression.written(expression.Both(both))


def facts_of(person: IdentityRow) -> dict[str, Any]:
    """What a match may ask of one person."""
    return {
        "department": person.department,
        "title": person.title,
        "engagement": person.engagement,
        "person": person.key,
    }


def here(today: date) -> ColumnElement[bool]:
    """Whether an identity is a person who works here."""
    return and_(
        IdentityRow.kind == "person",
        IdentityRow.ended.is_(None),
        IdentityRow.erased.is_(None),
        or_(IdentityRow.end.is_(None), IdentityRow.end >= today),
    )


def people(session: Session, match: str, today: date) -> int:
    """How many people who work here have the job."""
    return session.scalars(select(func.count()).select_from(IdentityRow).where(here(today), fits(match))).one()


def contents(session: Session, entitlement_ids: Sequence[int]) -> list[Content]:
    """These entitlements, as far as it matters whether they may be in a role model. One that is not there is left out."""
    rows = session.execute(
        select(EntitlementRow, mighty().label("mighty"), SystemRow.removed)
        .join(SystemRow, SystemRow.id == EntitlementRow.system_id)
        .where(EntitlementRow.id.in_(entitlement_ids))
        .order_by(EntitlementRow.id)
    )
    return [
        Content(
            row.label or row.name,
            privileged=bool(mighty) or bool(row.privileges),
            known=row.privileges is not None,
            live=row.ended is None and row.revocable and removed is None,
        )
        for row, mighty, removed in rows
    ]


def mighty() -> ColumnElement[bool]:
    """Whether an entitlement brings privileges to whoever holds it, by itself or through what it holds."""
    return exists().where(PrivilegeRow.entitlement_id == EntitlementRow.id)


def jobs(session: Session, today: date, *, share: int = bundling.SHARE, least: int = bundling.PEERS) -> list[Job]:
    """Every department and title with at least `least` people in the CRMs, with what `share` per cent of them hold.

    Only access that a role model may hold: known contents, nothing privileged, and such as can be taken away by itself.
    """
    return held(session, staffed(session, today, least=least), today, share=share)


def job(session: Session, department: str, title: str, today: date, *, share: int = bundling.SHARE) -> Job:
    """One department and title, however few they are."""
    of = (IdentityRow.department == department, IdentityRow.title == title)
    found = held(session, _staffed(session, today, 1, of), today, share=share)
    return next(iter(found), Job(department, title, 0))


def staffed(session: Session, today: date, *, least: int = bundling.PEERS) -> list[Job]:
    """Every department and title with at least `least` people in the CRMs, the most first; not yet what they hold."""
    return _staffed(session, today, least, ())


def _staffed(session: Session, today: date, least: int, of: tuple[ColumnElement[bool], ...]) -> list[Job]:
    # People once, whatever they have: telling them apart afterwards takes PostgreSQL three times as long.
    counted = func.count()
    inside = (
        select(AccountRow.identity_id)
        .join(SystemRow, SystemRow.id == AccountRow.system_id)
        .where(AccountRow.identity_id.is_not(None), *_there())
    )
    found = (
        select(*_NAMED, counted)
        .where(here(today), IdentityRow.id.in_(inside))
        .where(IdentityRow.department.is_not(None), IdentityRow.title.is_not(None), *of)
        .group_by(*_NAMED)
        .having(counted >= least)
    )
    rows = [Job(str(department), str(title), many) for department, title, many in session.execute(found)]
    return sorted(rows, key=lambda each: (-each.people, each.department, each.title))  # databases sort text differently


def held(session: Session, some: Sequence[Job], today: date, *, share: int = bundling.SHARE) -> list[Job]:
    """These jobs with what `share` per cent of their people hold, as far as a role model may hold it."""
    common: dict[tuple[str, str], list[tuple[int, int]]] = {}
    may = _may_be_held(session)
    for begin in range(0, len(some), _CHUNK):
        part = {(each.department, each.title): each.people for each in some[begin : begin + _CHUNK]}
        for department, title, entitlement, holders in session.execute(_holding(list(part), today)):
            whose = (str(department), str(title))
            if entitlement in may and holders * 100 >= share * part[whose]:
                common.setdefault(whose, []).append((entitlement, holders))
    order = {key: sorted(found, key=lambda each: (-each[1], each[0])) for key, found in common.items()}
    return [
        Job(each.department, each.title, each.people, tuple(order.get((each.department, each.title), ())))
        for each in some
    ]


def _holding(jobs: list[tuple[str, str]], today: date) -> Select[str | None, str | None, int, int]:
    """How many people of each of these jobs hold what."""
    return (
        select(*_NAMED, GrantRow.entitlement_id, func.count(IdentityRow.id.distinct()))
        .join(AccountRow, AccountRow.identity_id == IdentityRow.id)
        .join(SystemRow, SystemRow.id == AccountRow.system_id)
        .join(GrantRow, and_(GrantRow.account_id == AccountRow.id, GrantRow.ended.is_(None), GrantRow.until.is_(None)))
        .where(*_working(today), tuple_(*_NAMED).in_(jobs))
        .group_by(*_NAMED, GrantRow.entitlement_id)
    )


def _may_be_held(session: Session) -> set[int]:
    """What a role model may hold. Asked once and not of each grant: there are few entitlements and many grants."""
    found = select(EntitlementRow.id).where(
        EntitlementRow.ended.is_(None), EntitlementRow.revocable, EntitlementRow.privileges.is_not(None)
    )
    brings = set(session.scalars(select(PrivilegeRow.entitlement_id).distinct()))
    return set(session.scalars(found)) - brings - bringing(session)


def bringing(session: Session) -> set[int]:
    """The entitlements that name privileges themselves. Their list is JSON, which the two databases ask differently."""
    rows = session.execute(
        select(EntitlementRow.id, EntitlementRow.privileges).where(
            EntitlementRow.privileges.is_not(None), EntitlementRow.ended.is_(None)
        )
    )
    return {number for number, privileges in rows if privileges}


def _working(today: date) -> tuple[ColumnElement[bool], ...]:
    return (here(today), *_there())


def _there() -> tuple[ColumnElement[bool], ...]:
    return (AccountRow.ended.is_(None), AccountRow.active.is_not(False), SystemRow.removed.is_(None))


# --- what there is ---


def models(session: Session, *, by: Actor) -> list[Model]:
    """Every role model with its newest version, for those who see all; for others those that they own."""
    newest = select(func.max(BundleVersionRow.id)).group_by(BundleVersionRow.bundle_id)
    found = _models().where(BundleVersionRow.id.in_(newest)).order_by(BundleRow.status, BundleRow.name)
    if not apart.sees_all(by):
        found = found.where(BundleRow.owner_id == by.identity_id)
    return [Model(*row) for row in session.execute(found)]


def model(session: Session, bundle_id: int, *, by: Actor, number: int | None = None) -> Model | None:
    """One role model with its newest version, or version `number`; None if there is none or it is not `by`'s to see."""
    found = _models().where(BundleRow.id == bundle_id)
    if number is not None:
        found = found.where(BundleVersionRow.number == number)
    row = session.execute(found.order_by(BundleVersionRow.number.desc()).limit(1)).one_or_none()
    if row is None or not (apart.sees_all(by) or row[2].id == by.identity_id):
        return None
    return Model(*row)


def waiting(session: Session, at: datetime, *, by: Actor) -> int:
    """How many role models of `by`'s own cover nothing until they say so."""
    if by.identity_id is None:
        return 0
    mine = (
        select(BundleRow.id, BundleVersionRow.status, BundleVersionRow.approved_at)
        .join(BundleVersionRow, BundleVersionRow.bundle_id == BundleRow.id)
        .where(BundleRow.owner_id == by.identity_id, BundleRow.status == BundleStatus.LIVE)
    )
    rows = session.execute(mine).all()
    covering = {row.id for row in rows if bundling.state(row.status, row.approved_at, at) is None}
    return len({row.id for row in rows} - covering)


def _models() -> Any:
    inside = (
        select(func.count())
        .where(BundleContentRow.version_id == BundleVersionRow.id)
        .correlate(BundleVersionRow)
        .scalar_subquery()
    )
    return (
        select(BundleRow, BundleVersionRow, IdentityRow, inside)
        .join(BundleVersionRow, BundleVersionRow.bundle_id == BundleRow.id)
        .join(IdentityRow, IdentityRow.id == BundleRow.owner_id)
    )


def versions(session: Session, bundle_id: int) -> Sequence[BundleVersionRow]:
    """A role model's versions, the newest first."""
    return session.scalars(
        select(BundleVersionRow).where(BundleVersionRow.bundle_id == bundle_id).order_by(BundleVersionRow.number.desc())
    ).all()


def holds(session: Session, version_id: int) -> Sequence[tuple[EntitlementRow, str]]:
    """What a version holds, each with its system's name."""
    rows = session.execute(
        select(EntitlementRow, SystemRow.name)
        .join(BundleContentRow, BundleContentRow.entitlement_id == EntitlementRow.id)
        .join(SystemRow, SystemRow.id == EntitlementRow.system_id)
        .where(BundleContentRow.version_id == version_id)
        .order_by(SystemRow.name, EntitlementRow.name)
    )
    return [(row, name) for row, name in rows]


def in_force(session: Session) -> Sequence[BundleVersionRow]:
    """The approved version of every role model in use, whether its approval still counts or not."""
    return session.scalars(
        select(BundleVersionRow)
        .join(BundleRow, BundleRow.id == BundleVersionRow.bundle_id)
        .where(BundleRow.status == BundleStatus.LIVE, BundleVersionRow.status == VersionStatus.APPROVED)
        .order_by(BundleVersionRow.id)
    ).all()


def named(session: Session, version_ids: Sequence[int]) -> Mapping[int, tuple[BundleRow, BundleVersionRow]]:
    """Versions with their role models, by the versions' numbers."""
    rows = session.execute(
        select(BundleRow, BundleVersionRow)
        .join(BundleVersionRow, BundleVersionRow.bundle_id == BundleRow.id)
        .where(BundleVersionRow.id.in_(version_ids))
    )
    return {version.id: (bundle, version) for bundle, version in rows}
