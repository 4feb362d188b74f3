"""What time alone gives to tell: reviews that are due or overdue, and once a day what waits for too long or is new.

Whoever is done hears nothing. What was missed while nobody worked is told once, late, and never in a flood.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.detection.tables import FindingEventRow, FindingRow
from app.inventory import queries as inventory
from app.inventory.tables import IdentityRow, SystemRow
from app.notices import found as told_of
from app.notices import happenings
from app.notices.events import Event, Occurrence
from app.remediation.policy import Status as Removal
from app.remediation.tables import RemediationRow
from app.review.tables import CampaignRow

LEAVERS = ("leaver_active", "leaver_credential")
INACTIVE = ("inactive_account", "never_used", "dormant_credential")
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Limits:
    """How reminders are timed. `remind_days`: so many days before a review is due; `escalate_days`: after."""

    remind_days: tuple[int, ...] = (7, 3, 1)
    escalate_days: int = 3
    removal_sla_days: int = 7
    roster_max_age_days: int = 7


@dataclass(frozen=True, slots=True)
class Turn:
    """A moment in a review's course at which somebody is reminded, once. `mark` names it for good."""

    event: Event
    mark: str


def turns(session: Session, limits: Limits, at: datetime) -> list[tuple[CampaignRow, Turn]]:
    """The turns that open reviews have come to."""
    found = session.scalars(select(CampaignRow).where(CampaignRow.status == "open").order_by(CampaignRow.id))
    return [(row, turn) for row in found for turn in _turns(row, limits, at)]


def _turns(row: CampaignRow, limits: Limits, at: datetime) -> list[Turn]:
    if at >= row.due_at:
        late = at - row.due_at
        come = [Turn(Event.REVIEW_OVERDUE, f"campaign:{row.id}:overdue:{late // _WEEK}")]
        if late >= timedelta(days=limits.escalate_days):
            come.append(Turn(Event.REVIEW_ESCALATED, f"campaign:{row.id}:escalated"))
        return come
    # The last turn that has come; one that came before the opening, or within its first half day, is not missed.
    days = next((each for each in sorted(limits.remind_days) if row.due_at - timedelta(days=each) <= at), None)
    if days is None or row.due_at - timedelta(days=days) < row.opened_at + _DAY / 2:
        return []
    return [Turn(Event.REVIEW_DUE, f"campaign:{row.id}:due:{days}")]


def reminder(session: Session, row: CampaignRow, turn: Turn, at: datetime) -> list[Occurrence]:
    """What a turn gives to tell: to everybody who is pending, or to their managers. Nothing if nobody is."""
    pending = happenings.shares(session, row.id, pending=True)
    if not pending:
        return []
    facts = happenings.review_facts(row)
    if turn.event is Event.REVIEW_DUE:
        facts["days"] = math.ceil((row.due_at - at) / _DAY)
    personal: dict[int, dict[str, object]] = {}
    if turn.event is Event.REVIEW_ESCALATED:
        for manager, (reviewers, items) in _by_manager(session, pending).items():
            personal[manager] = {**facts, "reviewers": reviewers, "items": items, "own": True}
    else:
        personal = {who: {**facts, "items": items} for who, items in pending.items()}
    total = {**facts, "items": sum(pending.values()), "reviewers": len(pending)}
    return [Occurrence(turn.event, turn.mark, total, at, happenings.systems_of(session, row.id), personal)]


def _by_manager(session: Session, pending: dict[int, int]) -> dict[int, tuple[int, int]]:
    """For each manager of somebody who is pending, how many they are and how many items lack an answer."""
    told: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    wanted = sorted(pending)
    for begin in range(0, len(wanted), 5_000):
        some = IdentityRow.id.in_(wanted[begin : begin + 5_000])
        rows = select(IdentityRow.id, IdentityRow.manager_id).where(some, IdentityRow.manager_id.is_not(None))
        for who, manager in session.execute(rows):
            assert manager is not None  # noqa: S101  (the query asked for those with one)
            reviewers, items = told[manager]
            told[manager] = (reviewers + 1, items + pending[who])
    return dict(told)


def daily(session: Session, limits: Limits, since: datetime, at: datetime) -> list[Occurrence]:
    """What is told once a day: new inactive accounts and leavers since the day before, and what waits for too long."""
    return [
        *_accounts(session, limits, since, at),
        *told_of.ending(session, since + _WEEK, at + _WEEK, at),
        *_overdue_removals(session, at),
        *_stale_rosters(session, limits, at),
        *_unsigned(session, at),
    ]


def _unsigned(session: Session, at: datetime) -> list[Occurrence]:
    """Closed reviews that have waited for a signature for another week; the first day is told when they close."""
    waits = (CampaignRow.status == "closed", CampaignRow.owner_id.is_not(None), CampaignRow.signature.is_(None))
    found = []
    for row in session.scalars(select(CampaignRow).where(*waits).order_by(CampaignRow.id)):
        weeks = (at - row.closed_at) // _WEEK if row.closed_at is not None else 0
        found += happenings.unsigned(session, row, weeks, at) if weeks else []
    return found


def _accounts(session: Session, limits: Limits, since: datetime, at: datetime) -> list[Occurrence]:
    counted = (
        select(FindingRow.rule, func.count(FindingRow.id.distinct()))
        .join(FindingEventRow, FindingEventRow.finding_id == FindingRow.id)
        .where(
            FindingEventRow.at >= since,
            FindingEventRow.at < at,
            FindingEventRow.kind.in_(("opened", "reopened")),
            FindingRow.status == "open",
            FindingRow.baseline.is_(False),  # a first reading is told as one digest with its plan
            FindingRow.rule.in_((*LEAVERS, *INACTIVE)),
        )
        .group_by(FindingRow.rule)
    )
    counts: dict[str, int] = dict(session.execute(counted).all())
    facts = {
        "leavers": _sum(counts, LEAVERS),
        "inactive": _sum(counts, INACTIVE),
        "since": since.isoformat(timespec="seconds"),
        "due_at": (at + timedelta(days=limits.removal_sla_days)).isoformat(),
    }
    if not counts:
        return []
    return [Occurrence(Event.ACCOUNTS_DIGEST, f"accounts:{at.date().isoformat()}", facts, at)]


def _sum(counts: dict[str, int], rules: Sequence[str]) -> int:
    return sum(counts.get(rule, 0) for rule in rules)


def _overdue_removals(session: Session, at: datetime) -> list[Occurrence]:
    late = (
        select(SystemRow.id, SystemRow.name, func.count())
        .join(RemediationRow, RemediationRow.system_id == SystemRow.id)
        .where(RemediationRow.status.not_in((Removal.VERIFIED, Removal.UNDONE)), RemediationRow.due_at < at)
        .group_by(SystemRow.id, SystemRow.name)
        .order_by(SystemRow.id)
    )
    return [
        Occurrence(
            Event.REMOVAL_OVERDUE, f"system:{system}:removals overdue:{happenings.week(at)}",
            {"system": system, "name": name, "count": number}, at, frozenset({system}),
        )
        for system, name, number in session.execute(late)
    ]  # fmt: skip


def _stale_rosters(session: Session, limits: Limits, at: datetime) -> list[Occurrence]:
    found = []
    for roster in inventory.systems(session, kind="roster"):
        days = limits.roster_max_age_days
        refusal = inventory.why_not_trust_roster(session, roster.id, max_age_days=days, at=at)
        if refusal is not None:
            last = inventory.latest_sealed(session, roster.id)
            cause = f"system:{roster.id}:{refusal.code}:{last.id if last else 0}:{happenings.week(at)}"
            facts = {"system": roster.id, "name": roster.name, "code": refusal.code}
            found.append(Occurrence(Event.ROSTER_STALE, cause, facts, at, frozenset({roster.id})))
    return found
