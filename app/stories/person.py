"""One person across every system: what they can reach and by which path, what they own, and how it came to be so.

Read set-wise for all their accounts at once. What ended is kept apart from what is there now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.detection.tables import FindingRow
from app.inventory import queries as inventory
from app.inventory.tables import (
    AccountChangeRow,
    AccountRow,
    CredentialRow,
    EntitlementRow,
    GrantRow,
    IdentityEmailRow,
    IdentityRow,
    IntegrationRow,
    PrivilegeRow,
    ReturnRow,
    SnapshotRow,
    SystemRow,
)
from app.kit.refusal import insist
from app.review.tables import CampaignRow, ItemRow

MOST = 500  # rows of one kind about one person


@dataclass(frozen=True, slots=True)
class Held:
    """One direct grant, with the privileges that come through it and the path of each."""

    grant_id: int
    name: str
    vendor_name: str
    kind: str
    source: str
    authority: str
    began: datetime
    granted: datetime | None
    granted_by: str | None
    until: datetime | None
    paths: tuple[tuple[str, str], ...]  # (privilege, "A > B > C")


@dataclass(frozen=True, slots=True)
class Account:
    """One account with what it holds now. `ended`: it is no longer in the system."""

    row: AccountRow
    system: str
    holds: Sequence[Held]

    @property
    def privileges(self) -> list[str]:
        """What it may do that is dangerous, each once."""
        return sorted({privilege for held in self.holds for privilege, _path in held.paths})


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that began, ended or changed, as the readings showed it."""

    at: datetime
    account: str
    system: str
    what: str


@dataclass(frozen=True, slots=True)
class Reviewed:
    """An item of a review that was about this person."""

    item_id: int
    campaign_id: int
    campaign: str
    status: str
    what: str
    outcome: str | None
    settled: str | None


@dataclass(frozen=True, slots=True)
class Story:
    """Everything a page tells about one person."""

    person: IdentityRow
    emails: Sequence[str]
    manager: IdentityRow | None
    accounts: Sequence[Account]
    gone: Sequence[Account]
    integrations: Sequence[tuple[IntegrationRow, str]]
    credentials: Sequence[tuple[CredentialRow, str]]
    findings: Sequence[FindingRow]
    reviewed: Sequence[Reviewed]
    history: Sequence[Turn] = field(default_factory=tuple)

    @property
    def cut(self) -> list[str]:
        """What there may be more of than is told here: so much of it was read as is read of anything."""
        every = (*self.accounts, *self.gone)
        counts = {
            "accounts": len(every), "things they hold": sum(len(each.holds) for each in every),
            "programs": len(self.integrations), "keys": len(self.credentials), "findings": len(self.findings),
            "reviews": len(self.reviewed), "history": len(self.history),
        }  # fmt: skip
        return [name for name, count in counts.items() if count >= MOST]


def story(session: Session, person_id: int, *, by: Actor) -> Story | None:
    """One person's story; None if there is no such person or they were erased."""
    insist(policy.why_not(by, May.SEE_ACCESS))
    person = session.get(IdentityRow, person_id)
    if person is None or person.erased is not None:
        return None
    rows = session.execute(
        select(AccountRow, SystemRow.name)
        .join(SystemRow, SystemRow.id == AccountRow.system_id)
        .where(AccountRow.identity_id == person_id)
        .order_by(SystemRow.name, AccountRow.username)
        .limit(MOST)
    ).all()
    told = _accounts(session, rows)
    numbers = [account.row.id for account in told]
    emails = select(IdentityEmailRow.email).where(IdentityEmailRow.identity_id == person_id)
    return Story(
        person,
        session.scalars(emails.order_by(IdentityEmailRow.email)).all(),
        session.get(IdentityRow, person.manager_id) if person.manager_id else None,
        [account for account in told if account.row.ended is None],
        [account for account in told if account.row.ended is not None],
        _owned(session, IntegrationRow, IntegrationRow.owner_account_id, numbers),
        _owned(session, CredentialRow, CredentialRow.account_id, numbers),
        _findings(session, person_id, numbers),
        _reviewed(session, person_id),
        _history(session, told),
    )


def account(session: Session, account_id: int, *, by: Actor) -> Account | None:
    """One account with what it holds; None if there is no such account."""
    insist(policy.why_not(by, May.SEE_ACCESS))
    rows = session.execute(
        select(AccountRow, SystemRow.name)
        .join(SystemRow, SystemRow.id == AccountRow.system_id)
        .where(AccountRow.id == account_id)
    ).all()
    return _accounts(session, rows)[0] if rows else None


def history(session: Session, told: Sequence[Account], *, by: Actor) -> list[Turn]:
    """What began, ended and changed on these accounts, the latest first."""
    insist(policy.why_not(by, May.SEE_ACCESS))
    return _history(session, told)


def _accounts(session: Session, rows: Sequence[Any]) -> list[Account]:
    numbers = [row.id for row, _system in rows]
    paths = _paths(session, numbers)
    held: dict[int, list[Held]] = {number: [] for number in numbers}
    grants = (
        select(GrantRow, EntitlementRow)
        .join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
        .where(GrantRow.account_id.in_(numbers), GrantRow.ended.is_(None))
        .order_by(EntitlementRow.kind, EntitlementRow.name, GrantRow.id)
        .limit(MOST)
    )
    for grant, what in session.execute(grants):
        through = tuple(paths.get((grant.account_id, what.id), ()))
        held[grant.account_id].append(
            Held(
                grant.id, what.label or what.name, what.name, what.kind, grant.source, grant.authority, grant.began,
                grant.granted, grant.granted_by, grant.until, through,
            )
        )  # fmt: skip
    for of in held.values():  # what is dangerous first
        of.sort(key=lambda each: (not each.paths, each.kind, each.name))
    return [Account(row, system, held[row.id]) for row, system in rows]


def _paths(session: Session, account_ids: Sequence[int]) -> dict[tuple[int, int], list[tuple[str, str]]]:
    """(account, granted entitlement) -> its privileges, each with its path in names."""
    rows = session.scalars(
        select(PrivilegeRow)
        .where(PrivilegeRow.account_id.in_(account_ids))
        .order_by(PrivilegeRow.privilege, PrivilegeRow.id)
        .limit(MOST * 4)
    ).all()
    steps = {int(step) for row in rows for step in row.path.split(">")}
    named = select(EntitlementRow.id, func.coalesce(EntitlementRow.label, EntitlementRow.name)).where(
        EntitlementRow.id.in_(steps)
    )
    names: dict[int, str] = dict(session.execute(named).all())
    told: dict[tuple[int, int], list[tuple[str, str]]] = {}
    for row in rows:
        path = " › ".join(names.get(int(step), step) for step in row.path.split(">"))
        told.setdefault((row.account_id, row.entitlement_id), []).append((row.privilege, path))
    return told


def _owned(session: Session, row: Any, column: Any, account_ids: Sequence[int]) -> list[tuple[Any, str]]:
    found = (
        select(row, SystemRow.name)
        .join(SystemRow, SystemRow.id == row.system_id)
        .where(column.in_(account_ids), row.ended.is_(None))
        .order_by(SystemRow.name, row.id)
        .limit(MOST)
    )
    return [(each, system) for each, system in session.execute(found)]


def _findings(session: Session, person_id: int, account_ids: Sequence[int]) -> Sequence[FindingRow]:
    about = or_(FindingRow.identity_id == person_id, FindingRow.account_id.in_(account_ids))
    return session.scalars(
        select(FindingRow).where(about).order_by(FindingRow.status.desc(), FindingRow.id).limit(MOST)
    ).all()


def _reviewed(session: Session, person_id: int) -> list[Reviewed]:
    found = (
        select(ItemRow, CampaignRow)
        .join(CampaignRow, CampaignRow.id == ItemRow.campaign_id)
        .where(ItemRow.subject_identity_id == person_id)
        .order_by(CampaignRow.id.desc(), ItemRow.risk.desc(), ItemRow.id)
        .limit(MOST)
    )
    return [
        Reviewed(item.id, campaign.id, campaign.name, campaign.status, _shown(item), item.outcome, item.settled)
        for item, campaign in session.execute(found)
    ]


def _shown(item: ItemRow) -> str:
    what = item.shown.get("what") or item.shown.get("entitlement") or item.shown.get("name")
    if isinstance(what, dict):
        what = what.get("label") or what.get("name")
    return str(what or item.kind)


def _history(session: Session, told: Sequence[Account]) -> list[Turn]:
    of = {account.row.id: account for account in told}
    turns = [turn for account in told for turn in _account_turns(account)]
    grants = (
        select(GrantRow, EntitlementRow)
        .join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
        .where(inventory.held_by(of))
        .order_by(GrantRow.began.desc())
        .limit(MOST)
    )
    for grant, what in session.execute(grants):
        name = f"{what.kind.replace('_', ' ')} {what.label or what.name}"
        turns.append(_turn(grant.began, of[grant.account_id], f"held {name}"))
        if grant.ended is not None:
            turns.append(_turn(grant.ended, of[grant.account_id], f"no longer held {name}"))
    changes = (
        select(AccountChangeRow, SnapshotRow.began_at)
        .join(SnapshotRow, SnapshotRow.id == AccountChangeRow.snapshot_id)
        .where(AccountChangeRow.account_id.in_(of), AccountChangeRow.field != "ended")
        .order_by(AccountChangeRow.id.desc())
        .limit(MOST)
    )
    for change, at in session.execute(changes):
        field_name = change.field.replace("_", " ")
        said = f"{field_name} changed from {change.before or 'nothing'} to {change.after or 'nothing'}"
        turns.append(_turn(at, of[change.account_id], said))
    returns = select(ReturnRow).where(ReturnRow.kind == "account", ReturnRow.subject_id.in_(of))
    for row in session.scalars(returns):
        turns.append(_turn(row.gone, of[row.subject_id], "was gone from the system"))
        turns.append(_turn(row.back, of[row.subject_id], "was there again"))
    return sorted(turns, key=lambda turn: turn.at, reverse=True)


def _account_turns(told: Account) -> list[Turn]:
    turns = [_turn(told.row.began, told, "was seen for the first time")]
    if told.row.ended is not None:
        turns.append(_turn(told.row.ended, told, "was no longer in the system"))
    return turns


def _turn(at: datetime, of: Account, what: str) -> Turn:
    return Turn(at, of.row.username, of.system, what)
