"""How a review goes on: when it will be done at this pace, whom it waits for, and how it compares with the last one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.kit.refusal import insist
from app.review import pace, queries
from app.review.pace import Forecast
from app.review.queries import Share
from app.review.tables import CampaignRow, CampaignSnapshotRow, DecisionRow, ItemRow
from app.stories import compared
from app.stories.compared import Comparison

NARROWEST = 5  # reviewers that are named as what a review waits for


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What was imported from reviews of the same systems that were made elsewhere: no evidence, told for comparison."""

    names: Sequence[str]
    decided_on: date
    then: Mapping[str, int]

    @property
    def removed_percent(self) -> int:
        """How many of a hundred were to be removed."""
        return round(100 * self.then.get("remove", 0) / sum(self.then.values()))


@dataclass(frozen=True, slots=True)
class Outlook:
    """What those who run a review want to know of its course. `waits_for`: whose open items are the most."""

    forecast: Forecast
    answered_lately: int
    waits_for: Sequence[Share]
    comparison: Comparison | None
    elsewhere: Elsewhere | None = None  # only where none of ours came before


def outlook(session: Session, campaign: CampaignRow, shares: Sequence[Share], *, by: Actor, at: datetime) -> Outlook:
    """A review's outlook at a moment, for those who may see campaigns."""
    insist(policy.why_not(by, May.SEE_CAMPAIGNS))
    from_ = pace.since(campaign.opened_at, at)
    lately = session.scalars(
        select(func.count(DecisionRow.item_id.distinct()))
        .join(ItemRow, ItemRow.id == DecisionRow.item_id)
        .where(ItemRow.campaign_id == campaign.id, ItemRow.outcome.is_not(None), DecisionRow.at >= from_)
    ).one()
    undecided = sum(share.undecided for share in shares)
    comparison = compared.comparison(session, campaign)
    waiting = sorted(
        (share for share in shares if share.undecided), key=lambda share: (-share.undecided, share.reviewer)
    )
    return Outlook(
        pace.forecast(
            opened_at=campaign.opened_at, due_at=campaign.due_at, open_items=undecided, answered_lately=lately, at=at
        ),
        lately,
        waiting[:NARROWEST],
        comparison,
        None if comparison else _elsewhere(session, campaign),
    )


def _elsewhere(session: Session, campaign: CampaignRow) -> Elsewhere | None:
    mine = select(CampaignSnapshotRow.system_id).where(CampaignSnapshotRow.campaign_id == campaign.id)
    told = queries.imported(session, session.scalars(mine).all())
    if not told:
        return None
    reviews = sorted(told.values(), key=lambda row: row.name)
    then = queries.imported_answers(session, [row.id for row in reviews])
    return Elsewhere([row.name for row in reviews], max(row.decided_on for row in reviews), then)
