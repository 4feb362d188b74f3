"""What came of a review is signed by its control owner, once, after it was closed; until then another can be named.

The signature is bound to the entry that closed the review and to what had become of its removals by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.kit import clock
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from app.review import moving, owning, policy
from app.review.policy import Status
from app.review.tables import CampaignRow, DecisionRow, DriftRow, ItemRow, TaskRow


@dataclass(frozen=True, slots=True)
class Closure:
    """The entry that closed a review: its id, its leaf, and what it counted."""

    entry: str
    leaf: str
    counts: Mapping[str, Any]


def closure(session: Session, campaign: int) -> Closure | None:
    """How a review was closed; None: it is not."""
    asked = select(EntryRow).where(EntryRow.kind == Kind.CAMPAIGN_CLOSED, EntryRow.subject == f"campaign:{campaign}")
    row = session.scalar(asked.order_by(EntryRow.at.desc(), EntryRow.id.desc()).limit(1))
    return Closure(str(row.id), row.leaf.hex(), row.body["counts"]) if row is not None else None


def why_not(session: Session, row: CampaignRow, *, by: Actor) -> Refusal | None:
    """Why this actor may not sign what came of this review."""
    return owning.why_not_sign(
        status=row.status,
        owner_id=row.owner_id,
        signed=row.signature is not None,
        decided=_decided(session, row.id, by.identity_id, by.id),
        closed_by=row.closed_by,
        by=by,
    )


def give(
    session: Session,
    campaign: int,
    *,
    remark: str,
    removals: Mapping[str, int],
    seen: str | None = None,
    by: Actor,
    at: datetime,
) -> CampaignRow:
    """Sign what came of a closed review. `removals` counts them by what became of each by now, which a later stage knows;
    `seen` is the leaf of the closing that was shown, and 412 if it was another.

    Refuses anybody but its control owner, and them too where they decided on some of it or closed it themselves.
    """
    at, row = clock.utc(at), _found(session, campaign)
    insist(why_not(session, row, by=by))
    insist(owning.why_not_remark(remark))
    closed = closure(session, campaign)
    if closed is None or (seen is not None and seen != closed.leaf):
        raise Refused(policy.why_not_unseen(seen or "", "") or _gone())
    told = {"closure": closed.entry, "leaf": closed.leaf, "counts": dict(closed.counts), "removals": dict(removals)}
    kept = {**told, "signed_by": by.id, "at": at.isoformat(), "remark": remark.strip()}
    with session.begin_nested():
        moved: Any = session.execute(
            update(CampaignRow)
            .where(CampaignRow.id == campaign, CampaignRow.signature.is_(None), CampaignRow.status == Status.CLOSED)
            .values(signature=kept, version=CampaignRow.version + 1)
            .execution_options(synchronize_session=False)
        )
        insist(None if moved.rowcount == 1 else _gone())
        entry = Entry(Kind.OUTCOME_SIGNED, f"campaign:{campaign}", told, {"remark": remark.strip()})
        entries.record(session, entry, by=by.id, at=at)
    return session.get_one(CampaignRow, campaign, populate_existing=True)


def name(session: Session, campaign: int, *, to_id: int, reason: str, by: Actor, at: datetime) -> CampaignRow:
    """Name another control owner, who signs what came of a review instead: the former has left, or decided in it. What was
    accepted before it opened stays the former's word."""
    at, row = clock.utc(at), _found(session, campaign)
    share = select(func.count()).join(TaskRow, TaskRow.id == ItemRow.task_id)
    mine = share.where(TaskRow.campaign_id == campaign, TaskRow.reviewer_id == to_id)
    insist(
        owning.why_not_named(
            status=row.status,
            signed=row.signature is not None,
            able=moving.able(session, to_id, at, max(at, row.due_at)),
            share=session.scalar(mine.select_from(ItemRow)) or 0,
            decided=_decided(session, campaign, to_id),
            set_up=to_id == row.configurer_id,
            reason=reason,
            who=to_id,
            by=by,
        )
    )
    with session.begin_nested():
        moved: Any = session.execute(
            update(CampaignRow)
            .where(CampaignRow.id == campaign, CampaignRow.version == row.version, CampaignRow.signature.is_(None))
            .values(owner_id=to_id, version=CampaignRow.version + 1)
            .execution_options(synchronize_session=False)
        )
        insist(None if moved.rowcount == 1 else _gone())
        told = {"from": f"identity:{row.owner_id}" if row.owner_id is not None else None, "to": f"identity:{to_id}"}
        entry = Entry(Kind.CONTROL_OWNER_NAMED, f"campaign:{campaign}", told, {"reason": reason.strip()})
        entries.record(session, entry, by=by.id, at=at)
    return session.get_one(CampaignRow, campaign, populate_existing=True)


def _decided(session: Session, campaign: int, person: int | None, actor: str | None = None) -> int:
    """On how many items of a review, and on how much of its drift, somebody decided."""
    if person is None:
        return 0
    drift = select(func.count()).where(DriftRow.campaign_id == campaign, DriftRow.by == actor)
    items = (
        select(func.count(DecisionRow.item_id.distinct()))
        .join(ItemRow, ItemRow.id == DecisionRow.item_id)
        .where(ItemRow.campaign_id == campaign, DecisionRow.by_identity_id == person)
    )
    return (session.scalar(items) or 0) + (session.scalar(drift) or 0 if actor is not None else 0)


def _found(session: Session, campaign: int) -> CampaignRow:
    row = session.get(CampaignRow, campaign, populate_existing=True)
    if row is None:
        raise Refused(Refusal("not_found", f"There is no campaign {campaign}.", "Look at the list.", status=404))
    return row


def _gone() -> Refusal:
    return Refusal("too_late", "Somebody changed this review meanwhile.", "Look at it again.", status=412)
