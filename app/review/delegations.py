"""Delegations: somebody reviews for somebody else for a time, within a scope and for a reason.

It begins and ends by itself. While it holds, what is in its scope is the delegate's to decide, as reviewer of record; what
they have not answered when it ends goes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory import queries as inventory
from app.kit import clock
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.review import delegating, expression, handing, moving
from app.review.choice import ChosenBy
from app.review.policy import Status
from app.review.submission import TaskStatus
from app.review.tables import CampaignRow, DelegationRow, ItemRow, TaskRow


def make(
    session: Session,
    *,
    from_id: int,
    to_id: int,
    reason: str,
    until: datetime,
    began: datetime | None = None,
    scope: str | None = None,
    by: Actor,
    at: datetime,
) -> DelegationRow:
    """Let `to_id` review for `from_id` until then, from `began` (now) on, what fits `scope` (everything).

    Refuses anybody but the reviewer and administrators, a delegate who is not here, who delegates too in that time or is
    the same person, no reason, no end within 366 days, and a scope that is not understood or asks for a system or kind
    of item that there is not.
    """
    at, until, began = clock.utc(at), clock.utc(until), clock.utc(began or at)
    asked = expression.read(scope, delegating.FACTS) if scope else None
    wanted = expression.written(asked) if asked is not None else None
    able = moving.able(session, to_id, max(began, at), until)
    insist(
        delegating.why_not(
            from_id=from_id, to_id=to_id, able=able, began=began, until=until, reason=reason, by=by, at=at
        )
    )
    if asked is not None:
        insist(
            delegating.why_not_scope(asked, [row.name for row in inventory.systems(session) if row.kind != "roster"])
        )
    insist(delegating.why_not_beside(delegating.beside(session, began, until), from_id, to_id))
    row = DelegationRow(
        from_id=from_id, to_id=to_id, scope=wanted, reason=reason.strip(), began=began, until=until, made_by=by.id,
        made_by_identity_id=by.identity_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    body = {
        "from": f"identity:{from_id}", "to": f"identity:{to_id}", "scope": wanted, "began": began.isoformat(),
        "until": until.isoformat(),
    }  # fmt: skip
    entry = Entry(Kind.DELEGATION_MADE, f"delegation:{row.id}", body, {"reason": row.reason}, f"identity:{from_id}")
    entries.record(session, entry, by=by.id, at=at)
    if began <= at:
        for campaign in _open(session):
            delegating.take_along(session, row, campaign, fresh=True, by=by, at=at)
    return row


def end(session: Session, delegation: int, *, by: Actor, at: datetime) -> DelegationRow:
    """End one before its time. Refuses anybody but the reviewer and administrators, and one that has ended."""
    at = clock.utc(at)
    row = session.get(DelegationRow, delegation)
    if row is None or not (by.identity_id == row.from_id or delegating.runs(by)):
        raise Refused(
            Refusal("not_found", f"There is no delegation {delegation}.", "Look at those that there are.", status=404)
        )
    _end(session, row, "ended", by, at)
    return row


def keep_time(session: Session, *, by: Actor, at: datetime) -> dict[str, int]:
    """What time alone does: those whose moment has come take along what waits, also of reviews that opened since, and those
    that are over give back what was not answered."""
    at = clock.utc(at)
    over = session.scalars(
        select(DelegationRow)
        .where(DelegationRow.ended_at.is_(None), DelegationRow.until <= at)
        .order_by(DelegationRow.id)
    ).all()
    for row in over:
        _end(session, row, "over", by, at)
    held = session.scalars(select(DelegationRow).where(delegating.holding(at)).order_by(DelegationRow.id)).all()
    reviews = _open(session) if held else []
    taken = sum(delegating.take_along(session, row, each, by=by, at=at) for row in held for each in reviews)
    return {"ended": len(over), "taken_along": taken}


def _open(session: Session) -> Sequence[CampaignRow]:
    return session.scalars(
        select(CampaignRow).where(CampaignRow.status == Status.OPEN).order_by(CampaignRow.id).with_for_update(read=True)
    ).all()


def _end(session: Session, row: DelegationRow, because: str, by: Actor, at: datetime) -> None:
    moved: Any = session.execute(
        update(DelegationRow)
        .where(DelegationRow.id == row.id, DelegationRow.ended_at.is_(None))
        .values(ended_at=at, ended_by=by.id)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:
        raise Refused(Refusal("delegation_ended", "It has ended already.", "There is nothing to do."))
    session.refresh(row)
    body = {"from": f"identity:{row.from_id}", "to": f"identity:{row.to_id}", "because": because}
    entry = Entry(Kind.DELEGATION_ENDED, f"delegation:{row.id}", body, person=f"identity:{row.from_id}")
    entries.record(session, entry, by=by.id, at=at)
    for campaign in _open(session):
        _give_back(session, row, campaign, by, at)


def _give_back(session: Session, row: DelegationRow, campaign: CampaignRow, by: Actor, at: datetime) -> None:
    """What was not answered goes back to who gave it; if they are not here, it stays, for then nobody would have it."""
    if not moving.able(session, row.from_id, at, campaign.due_at):
        return
    items: Sequence[Any] = session.execute(
        select(*moving.SEEN)
        .join(TaskRow, TaskRow.id == ItemRow.task_id)
        .where(
            ItemRow.campaign_id == campaign.id,
            ItemRow.delegation_id == row.id,
            TaskRow.reviewer_id == row.to_id,  # else it was handed on since
            ItemRow.outcome.is_(None),
            TaskRow.status == TaskStatus.OPEN,
        )
        .order_by(ItemRow.id)
    ).all()
    if items:
        handing.move(
            session, campaign.id, moving.pairs(items), row.from_id, chosen_by=ChosenBy.RETURNED, delegation_id=None
        )
        delegating.tell(session, campaign.id, items, row.from_id, "delegation ended", row.id, by, at)
