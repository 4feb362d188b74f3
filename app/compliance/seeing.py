"""What readings show of each kind of the scope, and how the register of scope differs from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance import queries
from app.compliance.facts import ScopeFacts
from app.compliance.policy import SCOPES
from app.compliance.tables import AssessmentRow, ConfirmationRow, ScopeRow
from app.inventory.tables import EntitlementRow, IntegrationRow, SettingRow

# Where systems say in which place their data lies; what they do not say is declared by hand.
_PLACES = ("account.dataHostingLocation", "organization.InstanceName")


@dataclass(frozen=True, slots=True)
class Drift:
    """What nobody has spoken of ({subject: name}), and what was said to be in scope and is there no more."""

    new: dict[str, str]
    gone: tuple[str, ...]


def seen(session: Session, kind: str) -> dict[str, str]:
    """What readings and cards show of this kind: {subject: name}."""
    crms = {row.id: row.name for row in queries.crms(session)}
    if kind == "systems":
        return {f"system:{number}": name for number, name in crms.items()}
    if kind == "integrations":
        there = (
            IntegrationRow.ended.is_(None),
            IntegrationRow.active.is_not(False),
            IntegrationRow.system_id.in_(crms),
        )
        rows = select(IntegrationRow.id, IntegrationRow.name).where(*there).order_by(IntegrationRow.id)
        return {f"integration:{number}": name for number, name in session.execute(rows)}
    if kind == "groups":
        live = (EntitlementRow.ended.is_(None), EntitlementRow.system_id.in_(crms))
        named = select(EntitlementRow.id, EntitlementRow.name).where(*live).order_by(EntitlementRow.id)
        return {f"entitlement:{number}": name for number, name in session.execute(named)}
    if kind == "places":
        told = select(SettingRow.value).where(SettingRow.key.in_(_PLACES), SettingRow.system_id.in_(crms))
        return {value: value for value in session.scalars(told) if value}
    classes = session.scalars(select(AssessmentRow.classes).where(AssessmentRow.status.in_(("submitted", "approved"))))
    return {each: each for of in classes for each in of}


def register(session: Session, kind: str) -> Sequence[ScopeRow]:
    """What somebody has said of this kind, and stands."""
    found = select(ScopeRow).where(ScopeRow.kind == kind, ScopeRow.ended.is_(None))
    return session.scalars(found.order_by(ScopeRow.name, ScopeRow.subject)).all()


def drift(session: Session, kind: str) -> Drift:
    """How the register differs from what is seen. Classes and places may be declared that no reading shows."""
    there, said = seen(session, kind), {row.subject: row for row in register(session, kind)}
    new = {subject: name for subject, name in there.items() if subject not in said}
    spoken = kind in ("classes", "places")
    gone = () if spoken else tuple(sorted(s for s, row in said.items() if row.inside and s not in there))
    return Drift(new, gone)


def latest_confirmation(session: Session, kind: str) -> ConfirmationRow | None:
    """Who confirmed this kind last."""
    found = select(ConfirmationRow).where(ConfirmationRow.kind == kind)
    return session.scalar(found.order_by(ConfirmationRow.at.desc(), ConfirmationRow.id.desc()).limit(1))


def facts(session: Session) -> dict[str, ScopeFacts]:
    """Each kind in counts, for judging."""
    told = {}
    for kind in SCOPES:
        confirmed, differs = latest_confirmation(session, kind), drift(session, kind)
        until: datetime | None = confirmed.until if confirmed is not None else None
        number = confirmed.entries if confirmed is not None else 0
        told[kind] = ScopeFacts(number, len(differs.new) + len(differs.gone), until)
    return told
