"""Takes somebody out of what reviewers were shown of them, and out of the reasons that were given.

A decision commits to what was shown, with a salt. Once that salt is erased nothing can be compared with the commitment any
more, so the row may change; what can still be compared is left as it is, and counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory.naming import GONE, Named, blank
from app.inventory.tables import GrantRow
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow, PersonalRow
from app.review.tables import DecisionRow, DriftRow, ImportedDecisionRow, ItemRow

_PLAIN = ("title", "department", "manager")  # of the person, and no names of their own


def erase(session: Session, named: Named, *, by: Actor, at: datetime) -> int:
    """Take a person out of the items and the drift that are about them. The ledger's values are erased before.

    Returns how many rows were left, because what they commit to is filed under somebody else and can be compared.
    """
    about = or_(
        ItemRow.subject_identity_id == named.identity,
        and_(ItemRow.subject_identity_id.is_(None), ItemRow.account_id.in_(named.accounts)),
    )
    decided = select(DecisionRow.item_id).join(ItemRow, ItemRow.id == DecisionRow.item_id).where(about)
    open_items = decided.join(PersonalRow, PersonalRow.entry_id == DecisionRow.id)
    reached, left = _apart(session.scalars(select(ItemRow).where(about)), set(session.scalars(open_items)))
    for row in reached:
        row.shown = _unnamed(row.shown, named)
    said = update(DecisionRow).where(DecisionRow.item_id.in_([row.id for row in reached]), DecisionRow.reason != "")
    session.execute(said.values(reason=GONE))
    left_drift = _drift(session, named)
    _imported(session, named)
    session.flush()
    body = {"where": "reviews", "items": len(reached), "left": left + left_drift}
    entries.record(session, Entry(Kind.PERSON_ERASED, f"identity:{named.identity}", body), by=by.id, at=at)
    return left + left_drift


def _drift(session: Session, named: Named) -> int:
    grants = session.scalars(select(GrantRow.id).where(GrantRow.account_id.in_(named.accounts)))
    subjects = [*(f"grant:{number}" for number in grants), *named.holders]
    kept = select(EntryRow.subject).join(PersonalRow, PersonalRow.entry_id == EntryRow.id)
    numbers = {
        int(subject.partition(":")[2]) for subject in session.scalars(kept.where(EntryRow.kind == Kind.DRIFT_DECIDED))
    }
    reached, left = _apart(session.scalars(select(DriftRow).where(DriftRow.subject.in_(subjects))), numbers)
    for row in reached:
        row.shown, row.reason = _unnamed(row.shown, named), row.reason and GONE
    return left


def _imported(session: Session, named: Named) -> None:
    """What reviews made elsewhere say of them, and that it was they who decided. Nothing commits to these words."""
    about = ImportedDecisionRow.account_id.in_(named.accounts)
    called = [word.lower() for word in named.own]
    unknown = and_(ImportedDecisionRow.account_id.is_(None), func.lower(ImportedDecisionRow.account).in_(called))
    of_them = update(ImportedDecisionRow).where(or_(about, unknown))
    session.execute(of_them.values(account=GONE, reason=GONE))
    theirs = update(ImportedDecisionRow).where(func.lower(ImportedDecisionRow.decided_by).in_(called))
    session.execute(theirs.values(decided_by=GONE))


def _apart(rows: Iterable[Any], comparable: set[int]) -> tuple[list[Any], int]:
    found = list(rows)
    reached = [row for row in found if row.id not in comparable]
    return reached, len(found) - len(reached)


def _unnamed(shown: dict[str, Any], named: Named) -> dict[str, Any]:
    told: dict[str, Any] = blank(shown, named.words)
    if isinstance(told.get("who"), dict):
        told["who"] = told["who"] | {name: None for name in _PLAIN if name in told["who"]}
    return told
