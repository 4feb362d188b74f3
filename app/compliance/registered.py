"""Registers held against who, or what, is really there: set-wise, and person by person where something is missing.

Who counts are people of the roster with a live account in a CRM; for screening, those among them with privileges. What
counts of programs are vendors: the publisher of each integration that is there, or its name where nobody says who made it;
not those that are one's own by their approved card.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from app.compliance import columns
from app.compliance.assessing import OWN
from app.compliance.facts import Limits, RegisterFacts
from app.compliance.queries import latest_registers
from app.compliance.tables import AssessmentRow, RegisterLineRow, RegisterRow
from app.inventory.tables import AccountRow, IdentityEmailRow, IdentityRow, IntegrationRow, PrivilegeRow


@dataclass(frozen=True, slots=True)
class Gap:
    """Somebody, or some vendor, that a register lacks; `lapsed`: it is in it, and no longer good."""

    kind: str
    subject: str  # "identity:7", "vendor:acme"
    name: str
    identity_id: int | None
    lapsed: bool


def against(session: Session, systems: Collection[int], limits: Limits, at: datetime) -> dict[str, RegisterFacts]:
    """The latest register of each kind against the population, in counts."""
    told = {}
    for kind, row in latest_registers(session).items():
        judged = _judged(row, systems, limits, at).subquery()
        counted = select(
            func.count(),
            func.count(case((judged.c.valid.is_(None), 1))),
            func.count(case((judged.c.valid == 0, 1))),
        ).select_from(judged)
        population, missing, lapsed = session.execute(counted).one()
        told[kind] = RegisterFacts(str(row.id), row.extracted_at, population, missing, lapsed)
    return told


def gaps(session: Session, systems: Collection[int], limits: Limits, at: datetime) -> Sequence[Gap]:
    """Everybody whom a register lacks, by name."""
    told = []
    for kind, row in latest_registers(session).items():
        judged = _judged(row, systems, limits, at).subquery()
        found = select(judged).where(or_(judged.c.valid.is_(None), judged.c.valid == 0)).order_by(judged.c.subject)
        for each in session.execute(found):
            person = kind in columns.OF_PEOPLE
            subject = f"identity:{each.subject}" if person else f"vendor:{each.subject}"[:120]
            number = int(each.subject) if person else None
            told.append(Gap(kind, subject, each.name, number, each.valid == 0))
    return told


def _judged(register: RegisterRow, systems: Collection[int], limits: Limits, at: datetime) -> Select[Any]:
    """(subject, name, valid): valid is 1 where the register has it in date, 0 where it lapsed, null where it is missing."""
    good = _good(register.kind, limits, at)
    mine = RegisterLineRow.register_id == register.id
    if register.kind in columns.OF_PEOPLE:
        return _people(register.kind, systems, good, mine)
    return _vendors(systems, good, mine, at)


def _good(kind: str, limits: Limits, at: datetime) -> ColumnElement[bool]:
    today = at.date()
    term: timedelta | None = {"training": limits.training_good_for, "screening": limits.screening_good_for}.get(kind)
    if kind == "vendors":
        term = limits.training_good_for  # a vendor is assessed once a year
    endless = RegisterLineRow.until.is_(None)
    unended = and_(endless, RegisterLineRow.since > today - term) if term is not None else endless
    return and_(RegisterLineRow.since <= today, or_(RegisterLineRow.until >= today, unended))


def _people(kind: str, systems: Collection[int], good: ColumnElement[bool], mine: ColumnElement[bool]) -> Select[Any]:
    account = (
        select(AccountRow.id)
        .where(AccountRow.identity_id == IdentityRow.id, AccountRow.system_id.in_(systems))
        .where(AccountRow.ended.is_(None), AccountRow.active.is_not(False))
    )
    if kind == "screening":
        account = account.join(PrivilegeRow, PrivilegeRow.account_id == AccountRow.id)
    valid = case((good, 1), else_=0).label("valid")
    by_key = select(IdentityRow.id.label("identity_id"), valid).join(
        RegisterLineRow, RegisterLineRow.whose == func.lower(IdentityRow.key)
    )
    by_mail = select(IdentityEmailRow.identity_id, valid).join(
        RegisterLineRow, RegisterLineRow.whose == IdentityEmailRow.email
    )
    told = union_all(by_key.where(mine), by_mail.where(mine)).subquery()
    best = select(told.c.identity_id, func.max(told.c.valid).label("valid")).group_by(told.c.identity_id).subquery()
    return (
        select(IdentityRow.id.label("subject"), IdentityRow.name, best.c.valid)
        .outerjoin(best, best.c.identity_id == IdentityRow.id)
        .where(IdentityRow.kind == "person", IdentityRow.ended.is_(None), account.exists())
    )


def _vendors(
    systems: Collection[int], good: ColumnElement[bool], mine: ColumnElement[bool], at: datetime
) -> Select[Any]:
    """Who made the integrations that are there. What an approved card calls one's own has no vendor."""
    maker = func.coalesce(IntegrationRow.publisher, IntegrationRow.name)
    vendor = func.lower(maker)
    there = (
        select(vendor.label("subject"), func.min(maker).label("name"))
        .where(IntegrationRow.ended.is_(None), IntegrationRow.active.is_not(False))
        .where(IntegrationRow.system_id.in_(systems), ~_own(at))
        .group_by(vendor)
        .subquery()
    )  # fmt: skip
    best = (
        select(RegisterLineRow.whose, func.max(case((good, 1), else_=0)).label("valid"))
        .where(mine)
        .group_by(RegisterLineRow.whose)
        .subquery()
    )
    return select(there.c.subject, there.c.name, best.c.valid).outerjoin(best, best.c.whose == there.c.subject)


def _own(at: datetime) -> ColumnElement[bool]:
    """Whether the last card of an integration that was approved, and is in date, says that it is the organisation's own."""
    card, later = aliased(AssessmentRow), aliased(AssessmentRow)
    newer = select(later.id).where(
        later.integration_id == card.integration_id, later.number > card.number, later.status == "approved"
    )
    return (
        select(card.id)
        .where(card.integration_id == IntegrationRow.id, card.status == "approved", card.until > at)
        .where(func.lower(card.vendor) == OWN, ~newer.exists())
        .exists()
    )
