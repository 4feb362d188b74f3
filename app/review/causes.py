"""What a reading shows that should not wait for the quarter: a new administrator, a new integration, somebody who moved,
temporary access that outlived its end. Each is found by the reading that saw it first: one cause, and no more. Who moved is
shown by the roster's reading as well as by the CRM's, and asked about once (`movers`).

That somebody took out a mass of data, a rule finds after the reading: the review is about their account and what they can
export by, once for each run that found it, and not again while the last one about them is young.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, cast, literal, select
from sqlalchemy.orm import Session

from app.detection.tables import FindingEventRow, FindingRow, RunRow
from app.inventory.tables import (
    GrantRow,
    IntegrationRow,
    PrivilegeRow,
    SnapshotRow,
    SystemRow,
)
from app.review import movers
from app.review.chain import MIGHTY
from app.review.tables import CampaignRow, ItemRow

WINDOW = timedelta(days=14)  # a reading that could not be reviewed at once is tried again with those after it
MOST = 50  # items of one small review; what is more waits for the quarter, and findings tell of it
ROSTER = "roster"
PREFIX = "micro:"  # of their slots
_EXPORTS = "mass_export"  # the rule that finds them
# Kept of the scope it is like.
_WHO = ("fallback", "second_fallback", "control_owner", "security_owner", "reviewers", "roster")


class Cause(StrEnum):
    """What opens a small review."""

    ADMINISTRATOR = "administrator"
    INTEGRATION = "integration"
    MOVED = "moved"
    OUTLIVED = "outlived"
    EXPORT = "export"


TITLES = {
    Cause.ADMINISTRATOR: "New administrator",
    Cause.INTEGRATION: "New integration",
    Cause.MOVED: "Somebody moved",
    Cause.OUTLIVED: "Temporary access that outlived its end",
    Cause.EXPORT: "Many exports",
}


@dataclass(frozen=True, slots=True)
class Small:
    """A small review that a reading calls for: `subjects` are its items. `slot` is its own for good."""

    cause: Cause
    system: str
    slot: str
    subjects: tuple[str, ...]

    def name(self, at: datetime) -> str:
        """What its campaign is called."""
        found, number = "alert" if self.cause is Cause.EXPORT else "reading", self.slot.rsplit(":", 1)[1]
        return f"{TITLES[self.cause]} in {self.system[:80]}, {at:%Y-%m-%d %H:%M} ({found} {number})"

    def scope(self, of: dict[str, Any]) -> dict[str, Any]:
        """Its scope, with the last resorts of another."""
        listed = ", ".join(f'"{subject}"' for subject in self.subjects)
        kept = {word: of[word] for word in _WHO if of.get(word)}
        return {**kept, "systems": [self.system], "where": f"subject in ({listed})"}


def called_for(session: Session, system_id: int, at: datetime) -> list[Small]:
    """The small reviews that the system's recent readings call for and that nobody has opened. Its first reading calls for
    none: there everything is new."""
    system = session.get(SystemRow, system_id)
    if system is None or system.removed is not None:
        return []
    taken = set(session.scalars(select(CampaignRow.slot).where(CampaignRow.slot.like(f"{PREFIX}%"))))
    if system.kind == ROSTER:  # it shows nothing but who moved, and that concerns every CRM
        crms = select(SystemRow).where(SystemRow.removed.is_(None), SystemRow.kind != ROSTER).order_by(SystemRow.id)
        return [small for crm in session.scalars(crms) for small in _moves(session, crm, taken, at)]
    sealed = session.scalars(
        select(SnapshotRow)
        .where(SnapshotRow.system_id == system_id, SnapshotRow.status == "sealed")
        .order_by(SnapshotRow.began_at, SnapshotRow.id)
    ).all()
    found = []
    for before, after in pairwise(sealed):
        if after.began_at <= at - WINDOW:
            continue
        for cause in _ASKED:
            slot = f"{PREFIX}{cause}:{after.id}"
            subjects = [] if slot in taken else _subjects(session, cause, before, after)
            if subjects:
                found.append(Small(cause, system.name, slot, tuple(subjects[:MOST])))
    return found + _moves(session, system, taken, at) + _exports(session, system, taken, at)


def system_of(session: Session, run: str) -> int | None:
    """The system that a run of the rules was over; None: none in particular."""
    return session.scalar(select(RunRow.system_id).where(RunRow.id == UUID(run)))


def _subjects(session: Session, cause: Cause, before: SnapshotRow, after: SnapshotRow) -> Sequence[str]:
    return list(dict.fromkeys(session.scalars(_ASKED[cause](before, after))))


def _moves(session: Session, system: SystemRow, taken: set[str | None], at: datetime) -> list[Small]:
    """What those hold whose title or department (in the roster: manager, too) a reading shows changed."""
    found = []
    for (roster, reading), accounts in movers.in_system(session, system.id, at - WINDOW, WINDOW).items():
        slot = f"{PREFIX}{Cause.MOVED}:{system.id}:{reading}" if roster else f"{PREFIX}{Cause.MOVED}:{reading}"
        subjects = [] if slot in taken else _held(session, accounts)
        if subjects:
            found.append(Small(Cause.MOVED, system.name, slot, tuple(subjects)))
    return found


def _held(session: Session, accounts: Sequence[int]) -> list[str]:
    """What these accounts hold, as far as one small review goes."""
    told: list[str] = []
    for begin in range(0, len(accounts), MOST):  # few at a time: a reorganisation moves everybody
        some = GrantRow.account_id.in_(accounts[begin : begin + MOST])
        rows = select(_named("grant", GrantRow.id)).where(some, GrantRow.ended.is_(None)).order_by(GrantRow.id)
        told += session.scalars(rows.limit(MOST - len(told)))
        if len(told) == MOST:
            break
    return told


def _exports(session: Session, system: SystemRow, taken: set[str | None], at: datetime) -> list[Small]:
    """One review for each run of late that found accounts which took out a mass, and still finds them."""
    turned = (FindingRow.rule == _EXPORTS, FindingRow.system_id == system.id, FindingRow.baseline.is_(False))
    events = session.execute(
        select(FindingEventRow.id, FindingEventRow.run, FindingRow.account_id, FindingRow.status)
        .join(FindingRow, FindingRow.id == FindingEventRow.finding_id)
        .where(*turned, FindingEventRow.kind.in_(("opened", "reopened")), FindingEventRow.at > at - WINDOW)
        .order_by(FindingEventRow.id)
    ).all()
    first: dict[UUID | None, int] = {}
    accounts: dict[UUID | None, list[int]] = {}
    for event, run, account, status in events:
        first.setdefault(run, event)  # whatever became of it since, so that the slot stays the same
        if status == "open" and account is not None:
            accounts.setdefault(run, []).append(account)
    found, asked = [], _asked_of_late(session, at)
    for run, mine in accounts.items():
        slot, fresh = f"{PREFIX}{Cause.EXPORT}:{first[run]}", [each for each in mine if each not in asked]
        subjects = [] if slot in taken or not fresh else _export_subjects(session, fresh)
        if subjects:
            asked |= set(fresh)
            found.append(Small(Cause.EXPORT, system.name, slot, tuple(subjects[:MOST])))
    return found


def _asked_of_late(session: Session, at: datetime) -> set[int]:
    """The accounts about which such a review opened a short while ago: a finding that comes and goes is one cause."""
    young = (CampaignRow.slot.like(f"{PREFIX}{Cause.EXPORT}:%"), CampaignRow.opened_at > at - WINDOW)
    asked = select(ItemRow.account_id).join(CampaignRow, CampaignRow.id == ItemRow.campaign_id).where(*young)
    return {account for account in session.scalars(asked.distinct()) if account is not None}


def _export_subjects(session: Session, accounts: Sequence[int]) -> list[str]:
    """These accounts, each before the grants by which it can export."""
    brought = (
        select(GrantRow.account_id, GrantRow.id)
        .join(
            PrivilegeRow,
            (PrivilegeRow.account_id == GrantRow.account_id) & (PrivilegeRow.entitlement_id == GrantRow.entitlement_id),
        )
        .where(GrantRow.account_id.in_(accounts), GrantRow.ended.is_(None), PrivilegeRow.privilege == "export")
        .order_by(GrantRow.account_id, GrantRow.id)
    )
    grants: dict[int, list[str]] = {}
    for account, grant in session.execute(brought):
        grants.setdefault(account, []).append(f"grant:{grant}")
    told = [each for account in accounts for each in (f"account:{account}", *grants.get(account, ()))]
    return list(dict.fromkeys(told))


def _administrators(before: SnapshotRow, after: SnapshotRow) -> Select[str]:
    """Grants of this reading by which somebody can do nearly everything."""
    return (
        select(_named("grant", GrantRow.id))
        .join(
            PrivilegeRow,
            (PrivilegeRow.account_id == GrantRow.account_id) & (PrivilegeRow.entitlement_id == GrantRow.entitlement_id),
        )
        .where(
            GrantRow.system_id == after.system_id,
            GrantRow.began == after.began_at,
            GrantRow.ended.is_(None),
            PrivilegeRow.privilege.in_(MIGHTY),
        )
        .order_by(GrantRow.id)
    )


def _integrations(before: SnapshotRow, after: SnapshotRow) -> Select[str]:
    return (
        select(_named("integration", IntegrationRow.id))
        .where(
            IntegrationRow.system_id == after.system_id,
            IntegrationRow.began == after.began_at,
            IntegrationRow.ended.is_(None),
        )
        .order_by(IntegrationRow.id)
    )


def _outlived(before: SnapshotRow, after: SnapshotRow) -> Select[str]:
    return (
        select(_named("grant", GrantRow.id))
        .where(
            GrantRow.system_id == after.system_id,
            GrantRow.until > before.began_at,
            GrantRow.until <= after.began_at,
            GrantRow.ended.is_(None),
        )
        .order_by(GrantRow.id)
    )


def _named(kind: str, key: Any) -> Any:
    return literal(f"{kind}:", String) + cast(key, String)


# What a reading shows by itself, and how it is asked for.
_ASKED: dict[Cause, Any] = {
    Cause.ADMINISTRATOR: _administrators,
    Cause.INTEGRATION: _integrations,
    Cause.OUTLIVED: _outlived,
}
