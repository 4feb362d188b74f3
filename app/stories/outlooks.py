"""How a review goes on: when it will be done at this pace, whom it waits for, and how it compares with the last one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.kit.refusal import insist
from app.review import pace, queries
from app.review.pace import Forecast
from app.review.queries import Share
from app.review.tables import CampaignRow, CampaignSnapshotRow, DecisionRow, ItemRow

NARROWEST = 5  # reviewers that are named as what a review waits for


@dataclass(frozen=True, slots=True)
class Comparison:
    """This review beside the last whole one of the same systems; counts of items by outcome, undecided under None."""

    before: CampaignRow
    then: Mapping[str | None, int]
    now: Mapping[str | None, int]
    new: int  # in this one and not in that
    gone: int  # in that one and not in this
    otherwise: int  # in both, and answered otherwise than then

    def removed_percent(self, counts: Mapping[str | None, int]) -> int:
        """How many of a hundred were to be removed."""
        every = sum(counts.values())
        return round(100 * counts.get("remove", 0) / every) if every else 0


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
    comparison = _comparison(session, campaign)
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


def _comparison(session: Session, campaign: CampaignRow) -> Comparison | None:
    systems = session.scalars(
        select(CampaignSnapshotRow.system_id).where(CampaignSnapshotRow.campaign_id == campaign.id)
    ).all()
    former = [
        row
        for row in queries.closed_before(session, systems, campaign.opened_at)
        if row.id != campaign.id and queries.whole(row)
    ]
    if not former:
        return None
    before = former[-1]
    here, there = aliased(ItemRow), aliased(ItemRow)
    both = and_(there.campaign_id == before.id, there.subject == here.subject)
    met = (
        select(
            func.count(),
            func.count(there.id),
            func.count(there.id).filter(
                and_(here.outcome.is_not(None), there.outcome.is_not(None), _otherwise(here.outcome, there.outcome))
            ),
        )
        .select_from(here)
        .outerjoin(there, both)
        .where(here.campaign_id == campaign.id)
    )
    every, again, otherwise = session.execute(met).one()
    then, now = queries.outcomes(session, before.id), queries.outcomes(session, campaign.id)
    of_ours = session.scalars(
        select(func.count()).where(ItemRow.campaign_id == before.id, ItemRow.system_id.in_(systems))
    ).one()
    return Comparison(before, then, now, new=every - again, gone=of_ours - again, otherwise=otherwise)


def _elsewhere(session: Session, campaign: CampaignRow) -> Elsewhere | None:
    mine = select(CampaignSnapshotRow.system_id).where(CampaignSnapshotRow.campaign_id == campaign.id)
    told = queries.imported(session, session.scalars(mine).all())
    if not told:
        return None
    reviews = sorted(told.values(), key=lambda row: row.name)
    then = queries.imported_answers(session, [row.id for row in reviews])
    return Elsewhere([row.name for row in reviews], max(row.decided_on for row in reviews), then)


def _otherwise(one: Any, other: Any) -> ColumnElement[bool]:
    """Whether an answer has another consequence: keeping and acknowledging leave it as it is, alike."""
    stays = ("keep", "acknowledge")
    return or_(and_(one.in_(stays), other.not_in(stays)), and_(other.in_(stays), one.not_in(stays)))
