"""What every delegation rests on: whom one is for, when it holds, and which items it takes along.

A delegation takes along what is in its scope and has no answer, except what concerns the one who would decide (none goes
back to the subject) or the one who chose them. Whoever delegates gets nothing by delegation in that time, so that no ring
can close and nothing is handed on twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, select, true
from sqlalchemy.orm import Session

from app.actors.actor import Actor, Role
from app.inventory.tables import SystemRow
from app.kit.refusal import Refusal
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.review import apart, asking, expression, former, handing, leanings, moving, ties
from app.review.choice import ChosenBy
from app.review.expression import Expression, Sort
from app.review.scope import ItemKind
from app.review.submission import TaskStatus
from app.review.tables import CampaignRow, DelegationRow, ItemRow, TaskRow

LONGEST = timedelta(days=366)
# What a delegation's scope may ask for.
FACTS: Mapping[str, Sort] = {
    "campaign": Sort.TEXT,  # its name
    "system": Sort.TEXT,
    "kind": Sort.TEXT,
    "privileged": Sort.FLAG,
    "subject": Sort.TEXT,
}


def runs(by: Actor) -> bool:
    """Whether somebody may delegate for others."""
    return by.has(Role.ADMIN) and (by.scope is None or "run_campaigns" in by.scope)


def why_not(
    *, from_id: int, to_id: int, able: bool, began: datetime, until: datetime, reason: str, by: Actor, at: datetime
) -> Refusal | None:
    """Why somebody may not delegate. `able`: the delegate is here in that time. Administrators do it for who is away."""
    if by.identity_id != from_id and not runs(by):
        return Refusal("not_reviewer", "Only a reviewer or an administrator delegates.", "Ask one.", status=403)
    if to_id == from_id:
        return _no("nobody delegates to themselves", "Choose somebody else.")
    if not able:
        return _no("the delegate has left, is away throughout or is no person", "Choose somebody else.")
    if until <= max(began, at) or until - began > LONGEST:
        return _no(f"it ends in the past, or after more than {LONGEST.days} days", "Choose another end.")
    if not reason.strip():
        return _no("it needs a reason", "Say why.")
    return None


def why_not_scope(of: Expression, systems: Sequence[str]) -> Refusal | None:
    """Why a scope takes nothing along: it asks for a system or a kind of item that there is not. `systems` are those that
    there are. A review by its name may still be opened."""
    known: Mapping[str, Sequence[str]] = {"system": systems, "kind": list(ItemKind)}
    for word, there in known.items():
        strange = sorted(expression.values(of, word) - set(there))
        if strange:
            told = ", ".join(f"“{each}”" for each in strange)
            reason = f"there is no {'system' if word == 'system' else 'kind of item'} called {told}"
            return _no(reason, f"There {'is' if len(there) == 1 else 'are'} {', '.join(there) or 'none'}.")
    return None


def why_not_beside(of: Sequence[DelegationRow], from_id: int, to_id: int) -> Refusal | None:
    """Why it may not be beside those of the same time: the delegate delegates too, or it is there already."""
    if any(row.from_id == to_id for row in of):
        return _no("the delegate delegates too in that time, and nothing is handed on twice", "Choose somebody else.")
    if any(row.from_id == from_id and row.to_id == to_id for row in of):
        number = next(row.id for row in of if row.from_id == from_id and row.to_id == to_id)
        told = f"there is one to the same person in that time, number {number}"
        return _no(told, "End that one first, or choose another time.")
    return None


def holding(at: datetime) -> ColumnElement[bool]:
    """Whether a delegation holds at a moment."""
    return and_(DelegationRow.ended_at.is_(None), DelegationRow.began <= at, DelegationRow.until > at)


def beside(session: Session, began: datetime, until: datetime) -> Sequence[DelegationRow]:
    """The delegations that hold for a part of some time."""
    inside = and_(DelegationRow.ended_at.is_(None), DelegationRow.began < until, DelegationRow.until > began)
    return session.scalars(select(DelegationRow).where(inside).order_by(DelegationRow.id)).all()


def take_along(
    session: Session, of: DelegationRow, campaign: CampaignRow, *, fresh: bool = False, by: Actor, at: datetime
) -> int:
    """Move what a delegation takes along of one open review; returns how many items that were. Without `fresh`, what was
    handed to the delegator on purpose stays with them."""
    kept = apart.of(campaign.configurer_id, campaign.owner_id)
    if of.to_id in kept or not moving.able(session, of.to_id, at, min(of.until, campaign.due_at)):
        return 0
    found = _candidates(session, of, campaign, fresh)
    concerned = ties.concerned(session, [item.id for item in found])
    kept_apart = {of.to_id, of.made_by_identity_id} if of.made_by_identity_id != of.from_id else {of.to_id}
    barred = leanings.barred(session, [item.id for item in found])
    before = former.people(session, [item.id for item in found]) if campaign.round > 1 else {}  # none in two rounds
    withheld = {
        item.id: concerned.get(item.id, frozenset()) & kept_apart
        or of.to_id in before.get(item.id, ())
        or of.to_id in barred.get(item.id, ())
        for item in found
    }
    items = [item for item in found if not withheld[item.id]]
    if items:
        with session.begin_nested():
            handing.move(
                session, campaign.id, moving.pairs(items), of.to_id, chosen_by=ChosenBy.DELEGATED, delegation_id=of.id
            )
            tell(session, campaign.id, items, of.to_id, "delegated", of.id, by, at)
    return len(items)


def tell(
    session: Session, campaign: int, items: Sequence[Row[Any]], to_id: int, because: str, of: int | None, by: Actor,
    at: datetime,
) -> None:  # fmt: skip
    """Write down that items went to somebody else without anybody choosing them one by one."""
    body = {**moving.told(items, to_id), "because": because, "delegation": of}
    entry = Entry(Kind.TASK_PASSED_ON, f"campaign:{campaign}", body, person=f"identity:{to_id}")
    entries.record(session, entry, by=by.id, at=at)


def _candidates(session: Session, of: DelegationRow, campaign: CampaignRow, fresh: bool) -> Sequence[Any]:
    columns = {
        "campaign": CampaignRow.name,
        "system": SystemRow.name,
        "kind": ItemRow.kind,
        "privileged": ItemRow.privileged,
        "subject": ItemRow.subject,
    }
    wanted = asking.condition(expression.read(of.scope, FACTS), columns, FACTS) if of.scope else true()
    on_purpose = ItemRow.chosen_by.in_((ChosenBy.REASSIGNED, ChosenBy.RETURNED))
    return session.execute(
        select(*moving.SEEN)
        .join(TaskRow, TaskRow.id == ItemRow.task_id)
        .join(CampaignRow, CampaignRow.id == ItemRow.campaign_id)
        .join(SystemRow, SystemRow.id == ItemRow.system_id)
        .where(
            ItemRow.campaign_id == campaign.id,
            TaskRow.reviewer_id == of.from_id,
            TaskRow.status == TaskStatus.OPEN,
            ItemRow.outcome.is_(None),
            wanted,
            true() if fresh else ~on_purpose,
        )
        .order_by(ItemRow.id)
    ).all()


def _no(reason: str, way_out: str) -> Refusal:
    return Refusal("bad_delegation", f"This cannot be delegated: {reason}.", way_out, status=422)
