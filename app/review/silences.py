"""Silences: what a reviewer did not answer in time goes to somebody else, once by the clock and once before closing.

Nobody's answer is made up: items move, their outcome does not. Where nobody else may decide, an item stays where it is, and
the entry says how many did.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.kit import clock
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.review import handing, passing, policy, silence
from app.review.choice import ChosenBy
from app.review.passing import Passed
from app.review.policy import Status
from app.review.silence import To
from app.review.tables import CampaignRow


@dataclass(frozen=True, slots=True)
class Escalated:
    """What came of it, in items: how many somebody else has now, how many stayed, and how many of these are with whom they
    would have gone to already; for the others there was nobody."""

    moved: int
    stayed: int
    theirs: int = 0

    def said(self) -> str:
        """All of it in a sentence."""
        others = self.stayed - self.theirs
        left = [f"for {others:,} nobody else may decide"] if others else []
        if self.theirs:
            left += [
                f"{self.theirs:,} {'was' if self.theirs == 1 else 'were'} with whom {self._they(self.theirs)} already"
            ]
        moved = f"{self.moved:,} item{' is' if self.moved == 1 else 's are'} somebody else's now"
        return "; ".join([moved, *left]) + "."

    def _they(self, count: int) -> str:
        return "it would have gone to" if count == 1 else "they would have gone to"


def due(session: Session, at: datetime) -> Sequence[int]:
    """The open campaigns whose rule says that by `at` what has no answer goes on, and that have not escalated yet."""
    rows = session.scalars(
        select(CampaignRow).where(CampaignRow.status == Status.OPEN, CampaignRow.escalated_at.is_(None))
    )
    return [row.id for row in rows if _come(row, at)]


def escalate(session: Session, campaign: int, *, by: Actor, at: datetime) -> Escalated | None:
    """Hand on what has no answer after the days that the review's rule says, once. None: it is not its time."""
    at = clock.utc(at)
    row = _held(session, campaign)
    rule = silence.of(row.scope)
    if row.status != Status.OPEN or row.escalated_at is not None or rule is None or not _come(row, at):
        return None
    with session.begin_nested():
        session.execute(_mark(row.id, escalated_at=at))
        found = passing.plan(session, row, rule.escalate_to, at)
        reason = f"no answer after {rule.escalate_after_days} days"
        return _hand_on(session, row, found, rule.escalate_to, reason, by, at)


def pass_on(session: Session, campaign: int, *, to: str, reason: str, by: Actor, at: datetime) -> Escalated:
    """Hand what has no answer to the reviewers' managers or to the systems' owners now. Owners are asked once, and have the
    days that the review's rule gives them. Refuses a review that has ended, and one in which nothing is silent."""
    at = clock.utc(at)
    row = _held(session, campaign)
    insist(policy.why_not_move(row.status))
    rule = silence.of(row.scope)
    days = rule.owner_days if rule is not None else silence.OWNER_DAYS
    found = passing.plan(session, row, To(to), at) if to in set(To) else []
    asked = row.owners_asked_at is not None
    insist(silence.why_not_pass_on(len(found), owners_asked=asked, to=to, reason=reason))
    with session.begin_nested():
        if to == To.OWNER:
            session.execute(_mark(row.id, owners_asked_at=at, due_at=max(row.due_at, at + timedelta(days=days))))
        return _hand_on(session, row, found, To(to), reason, by, at)


def _come(row: CampaignRow, at: datetime) -> bool:
    rule = silence.of(row.scope)
    days = rule.escalate_after_days if rule is not None else None
    return days is not None and at >= row.opened_at + timedelta(days=days)


def _held(session: Session, campaign: int) -> CampaignRow:
    """The campaign, whose row is held until this transaction ends, so that no decision slips in between."""
    row = session.scalar(select(CampaignRow).where(CampaignRow.id == campaign).with_for_update())
    if row is None:
        raise Refused(Refusal("not_found", f"There is no campaign {campaign}.", "Look at the list.", status=404))
    session.refresh(row)
    return row


def _mark(campaign: int, **values: Any) -> Any:
    return (
        update(CampaignRow)
        .where(CampaignRow.id == campaign)
        .values(**values, version=CampaignRow.version + 1)
        .execution_options(synchronize_session="fetch")
    )


def _hand_on(
    session: Session, row: CampaignRow, found: Sequence[Passed], to: To, reason: str, by: Actor, at: datetime
) -> Escalated:
    shares: dict[int, list[Passed]] = defaultdict(list)
    for each in found:
        if each.to_id is not None:
            shares[each.to_id].append(each)
    for whom, mine in sorted(shares.items()):
        pairs = [(each.item_id, each.version) for each in mine]
        handing.move(session, row.id, pairs, whom, chosen_by=ChosenBy.ESCALATED, delegation_id=None)
    told = [
        {
            "to": f"identity:{whom}",
            "from": sorted({f"identity:{each.reviewer_id}" for each in mine}),
            "for": sorted({f"identity:{each.for_id}" for each in mine if each.for_id is not None}),
            "items": len(mine),
            "digest": passing.digest([each.item_id for each in mine]),
        }
        for whom, mine in sorted(shares.items())
    ]
    stayed = sum(each.to_id is None for each in found)
    theirs = sum(each.theirs for each in found)
    body = {"to": str(to), "shares": told, "moved": len(found) - stayed, "stayed": stayed, "theirs": theirs}
    entry = Entry(Kind.CAMPAIGN_ESCALATED, f"campaign:{row.id}", body, {"reason": reason.strip()})
    entries.record(session, entry, by=by.id, at=at)
    return Escalated(len(found) - stayed, stayed, theirs)
