"""What a reading shows that should not wait for the quarter: a new administrator, a new integration, somebody who moved,
temporary access that outlived its end. Each is found by the reading that saw it first: one cause, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from sqlalchemy import Select, String, cast, literal, select
from sqlalchemy.orm import Session

from app.inventory.tables import (
    AccountChangeRow,
    AccountRow,
    GrantRow,
    IntegrationRow,
    PrivilegeRow,
    SnapshotRow,
    SystemRow,
)
from app.review.chain import MIGHTY
from app.review.tables import CampaignRow

WINDOW = timedelta(days=14)  # a reading that could not be reviewed at once is tried again with those after it
MOST = 50  # items of one small review; what is more waits for the quarter, and findings tell of it
PREFIX = "micro:"  # of their slots
# Kept of the scope it is like.
_WHO = ("fallback", "second_fallback", "control_owner", "security_owner", "reviewers", "roster")


class Cause(StrEnum):
    """What opens a small review."""

    ADMINISTRATOR = "administrator"
    INTEGRATION = "integration"
    MOVED = "moved"
    OUTLIVED = "outlived"


TITLES = {
    Cause.ADMINISTRATOR: "New administrator",
    Cause.INTEGRATION: "New integration",
    Cause.MOVED: "Somebody moved",
    Cause.OUTLIVED: "Temporary access that outlived its end",
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
        return (
            f"{TITLES[self.cause]} in {self.system[:80]}, {at:%Y-%m-%d %H:%M} (reading {self.slot.rsplit(':', 1)[1]})"
        )

    def scope(self, of: dict[str, Any]) -> dict[str, Any]:
        """Its scope, with the last resorts of another."""
        listed = ", ".join(f'"{subject}"' for subject in self.subjects)
        kept = {word: of[word] for word in _WHO if of.get(word)}
        return {**kept, "systems": [self.system], "where": f"subject in ({listed})"}


def called_for(session: Session, system_id: int, at: datetime) -> list[Small]:
    """The small reviews that the system's recent readings call for and that nobody has opened. Its first reading calls for
    none: there everything is new."""
    system = session.get(SystemRow, system_id)
    if system is None or system.removed is not None or system.kind == "roster":
        return []
    sealed = session.scalars(
        select(SnapshotRow)
        .where(SnapshotRow.system_id == system_id, SnapshotRow.status == "sealed")
        .order_by(SnapshotRow.began_at, SnapshotRow.id)
    ).all()
    taken = set(session.scalars(select(CampaignRow.slot).where(CampaignRow.slot.like(f"{PREFIX}%"))))
    found = []
    for before, after in pairwise(sealed):
        if after.began_at <= at - WINDOW:
            continue
        for cause in Cause:
            slot = f"{PREFIX}{cause}:{after.id}"
            subjects = [] if slot in taken else _subjects(session, cause, before, after)
            if subjects:
                found.append(Small(cause, system.name, slot, tuple(subjects[:MOST])))
    return found


def _subjects(session: Session, cause: Cause, before: SnapshotRow, after: SnapshotRow) -> Sequence[str]:
    asked: dict[Cause, Any] = {
        Cause.ADMINISTRATOR: _administrators,
        Cause.INTEGRATION: _integrations,
        Cause.MOVED: _moved,
        Cause.OUTLIVED: _outlived,
    }
    return list(dict.fromkeys(session.scalars(asked[cause](before, after))))


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


def _moved(before: SnapshotRow, after: SnapshotRow) -> Select[str]:
    """What somebody holds whose title or department this reading shows changed."""
    return (
        select(_named("grant", GrantRow.id))
        .join(AccountChangeRow, AccountChangeRow.account_id == GrantRow.account_id)
        .join(AccountRow, AccountRow.id == GrantRow.account_id)
        .where(
            AccountChangeRow.snapshot_id == after.id,
            AccountChangeRow.field.in_(("title", "department")),
            AccountChangeRow.before.is_not(None),  # else the system only began to say it
            AccountRow.kind == "person",
            GrantRow.ended.is_(None),
        )
        .order_by(GrantRow.id)
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
