"""One person's access: every account in every system, what each holds and by which path, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.detection.tables import FindingRow
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, IdentityRow, PrivilegeRow, SystemRow


@dataclass(frozen=True, slots=True)
class Held:
    """One direct grant."""

    kind: str
    name: str
    began: datetime
    granted_by: str | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class AccountAccess:
    """One account with what it holds, what that lets it do, and its open findings."""

    system: str
    username: str
    active: bool | None
    holds: list[Held] = field(default_factory=list)
    may: dict[str, list[str]] = field(default_factory=dict)  # privilege -> paths, as names
    findings: list[str] = field(default_factory=list)


def of(session: Session, person: IdentityRow) -> list[AccountAccess]:
    """Everything a person can reach now, by system and path."""
    rows = session.execute(
        select(AccountRow, SystemRow.name)
        .join(SystemRow, SystemRow.id == AccountRow.system_id)
        .where(AccountRow.identity_id == person.id, AccountRow.ended.is_(None))
        .order_by(SystemRow.name, AccountRow.username)
    )
    return [_account(session, account, system) for account, system in rows.all()]


def _account(session: Session, account: AccountRow, system: str) -> AccountAccess:
    grants = session.execute(
        select(GrantRow, EntitlementRow)
        .join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
        .where(GrantRow.account_id == account.id, GrantRow.ended.is_(None))
        .order_by(EntitlementRow.kind, EntitlementRow.name)
    )
    held = [Held(e.kind, e.label or e.name, g.granted or g.began, g.granted_by, g.until) for g, e in grants.all()]
    wrong = select(FindingRow).where(FindingRow.account_id == account.id, FindingRow.status == "open")
    return AccountAccess(
        system,
        account.username,
        account.active,
        held,
        _may(session, account),
        [f"{row.rule}: {row.because}" for row in session.scalars(wrong)],
    )


def _may(session: Session, account: AccountRow) -> dict[str, list[str]]:
    rows: Sequence[PrivilegeRow] = session.scalars(
        select(PrivilegeRow).where(PrivilegeRow.account_id == account.id).order_by(PrivilegeRow.privilege)
    ).all()
    numbers = {int(step) for row in rows for step in row.path.split(">")}
    names = dict(
        session.execute(select(EntitlementRow.id, EntitlementRow.name).where(EntitlementRow.id.in_(numbers))).all()
    )
    told: dict[str, list[str]] = {}
    for row in rows:
        path = " > ".join(names.get(int(step), step) for step in row.path.split(">"))
        told.setdefault(row.privilege, []).append(path)
    return told
