"""What has changed in the last days, in numbers that lead to the rows behind them: for whoever comes back after a week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.detection.tables import FindingRow
from app.inventory.tables import SnapshotRow, SystemRow
from app.remediation.tables import RemediationRow
from app.stories.beginning import NO_CRM

READINGS = 500  # of the latest whose counts are added up


@dataclass(frozen=True, slots=True)
class Change:
    """So many of one kind, and where they are listed, if anywhere."""

    count: int
    one: str
    many: str
    path: str | None = None


def changes(session: Session, *, by: Actor, since: datetime) -> Sequence[Change]:
    """What is new since then, as far as `by` may know; only what there is any of."""
    told: list[Change] = []
    if policy.why_not(by, May.SEE_FINDINGS) is None:
        opened = _count(session, select(func.count()).where(FindingRow.opened_at >= since))
        closed = _count(
            session, select(func.count()).where(FindingRow.closed_at >= since, FindingRow.status == "closed")
        )
        told += [
            Change(opened, "finding opened", "findings opened", "/findings"),
            Change(closed, "finding closed, its cause gone", "findings closed, their causes gone",
                   "/findings?status=closed"),
        ]  # fmt: skip
    if policy.why_not(by, May.SEE_REMEDIATIONS) is None:
        proved = _count(session, select(func.count()).where(RemediationRow.verified_at >= since))
        told.append(Change(proved, "removal proved by a reading", "removals proved by a reading"))
    if policy.why_not(by, May.SEE_ACCESS) is None:
        told += _seen(session, since)
    return [each for each in told if each.count]


def _seen(session: Session, since: datetime) -> list[Change]:
    """What the readings found begun and ended, by the counts that each keeps. A system's first reading finds everything
    begun, which is no change."""
    first = select(func.min(SnapshotRow.id)).where(SnapshotRow.status == "sealed").group_by(SnapshotRow.system_id)
    rows = session.scalars(
        select(SnapshotRow.counts)
        .join(SystemRow, SystemRow.id == SnapshotRow.system_id)
        .where(
            SnapshotRow.sealed_at >= since,
            SnapshotRow.status == "sealed",
            SystemRow.kind.not_in(NO_CRM),
            SnapshotRow.id.not_in(first),
        )
        .order_by(SnapshotRow.sealed_at.desc())
        .limit(READINGS)
    )
    sums: Counter[tuple[str, str]] = Counter()
    for counts in rows:
        for table in ("accounts", "grants", "integrations"):
            for turn in ("began", "ended"):
                sums[table, turn] += int((counts.get(table) or {}).get(turn, 0))
    return [
        Change(sums["accounts", "began"], "new account", "new accounts", "/findings/new"),
        Change(sums["accounts", "ended"], "account gone", "accounts gone"),
        Change(sums["grants", "began"], "access right given", "access rights given"),
        Change(sums["grants", "ended"], "access right gone", "access rights gone"),
        Change(sums["integrations", "began"], "new integration", "new integrations", "/integrations"),
        Change(sums["integrations", "ended"], "integration gone", "integrations gone", "/integrations?gone=true"),
    ]


def _count(session: Session, counted: Select[Any]) -> int:
    return session.scalar(counted) or 0
