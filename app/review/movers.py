"""Who moved: whose title, department or manager a roster or a CRM shows changed, each move once.

The CRM's change that follows the roster's, or the other way round, is the same move: of a field that both tell, within the
window, and once for each. Without that everybody who moves would be asked about twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.inventory.tables import AccountChangeRow, AccountRow, MoveRow, SnapshotRow

_TOLD_BY_CRM = ("title", "department")


@dataclass(frozen=True, slots=True)
class Change:
    """What one reading showed of whose account: `fields` that changed. `roster`: read there, and not in the CRM."""

    account_id: int
    roster: bool
    snapshot_id: int
    at: datetime
    fields: frozenset[str]


def in_system(
    session: Session, system_id: int, since: datetime, window: timedelta
) -> Mapping[tuple[bool, int], list[int]]:
    """The accounts of a CRM whose people moved since a moment, by the reading that showed it first: whether it is a
    roster's, and its number."""
    every = [*_in_crm(session, system_id, since - window), *_in_roster(session, system_id, since - window)]
    found: dict[tuple[bool, int], list[int]] = defaultdict(list)
    for each in first_of_each(every, window):
        if each.at > since:
            found[each.roster, each.snapshot_id].append(each.account_id)
    return found


def first_of_each(changes: Iterable[Change], window: timedelta) -> list[Change]:
    """The changes that are no echo of an earlier one, in order of time."""
    heard: dict[int, list[tuple[Change, set[str]]]] = defaultdict(list)  # with the fields that were not echoed yet
    first = []
    for change in sorted(changes, key=lambda each: (each.at, each.snapshot_id, each.account_id)):
        rest, before = set(change.fields), heard[change.account_id]
        for other, waiting in before:
            if other.roster is not change.roster and other.at > change.at - window:
                both = waiting & rest
                rest -= both
                waiting -= both
        if rest == change.fields:
            first.append(change)
        before.append((change, rest))
    return first


def _in_crm(session: Session, system_id: int, since: datetime) -> list[Change]:
    """What the CRM's own readings showed; a field that it only began to tell is no change."""
    rows = session.execute(
        select(AccountRow.id, SnapshotRow.id, SnapshotRow.began_at, AccountChangeRow.field)
        .join(AccountRow, AccountRow.id == AccountChangeRow.account_id)
        .join(SnapshotRow, SnapshotRow.id == AccountChangeRow.snapshot_id)
        .where(
            SnapshotRow.system_id == system_id,
            SnapshotRow.began_at > since,
            AccountChangeRow.field.in_(_TOLD_BY_CRM),
            AccountChangeRow.before.is_not(None),
            AccountRow.kind == "person",
        )
    )
    return _changes(rows, roster=False)


def _in_roster(session: Session, system_id: int, since: datetime) -> list[Change]:
    """What the rosters' readings showed of those who have an account here, since the CRM was first read."""
    first = select(func.min(SnapshotRow.began_at)).where(
        SnapshotRow.system_id == system_id, SnapshotRow.status == "sealed"
    )
    rows = session.execute(
        select(AccountRow.id, SnapshotRow.id, SnapshotRow.began_at, MoveRow.field)
        .join(AccountRow, AccountRow.identity_id == MoveRow.identity_id)
        .join(SnapshotRow, SnapshotRow.id == MoveRow.snapshot_id)
        .where(
            AccountRow.system_id == system_id,
            AccountRow.kind == "person",
            SnapshotRow.began_at > since,
            SnapshotRow.began_at > first.correlate(None).scalar_subquery(),
        )
    )
    return _changes(rows, roster=True)


def _changes(rows: Iterable[Any], *, roster: bool) -> list[Change]:
    fields: dict[tuple[int, int, datetime], set[str]] = defaultdict(set)
    for account_id, snapshot_id, at, field in rows:
        fields[account_id, snapshot_id, at].add(field)
    return [
        Change(account_id, roster, snapshot_id, at, frozenset(told))
        for (account_id, snapshot_id, at), told in fields.items()
    ]
