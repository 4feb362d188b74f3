"""How attentively a review was answered: the whole review, never a person, and only where its scope switched it on."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.kit.refusal import insist
from app.review import attention, former, turns, watching
from app.review.aside import SAYS_NOTHING
from app.review.attention import Figures, Sign
from app.review.policy import STAYS
from app.review.tables import CampaignRow, DecisionRow, ItemRow, RoundAnswerRow


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What came of the sample that somebody else looked at: how many items, answered by now, answered otherwise."""

    asked: int
    answered: int
    otherwise: int


@dataclass(frozen=True, slots=True)
class Attentive:
    """The figures, or why there are none. `second_look` None: it has not begun, or there are no figures either."""

    figures: Figures | None
    because: str | None
    second_look: SecondLook | None = None

    def told(self) -> str:
        """All of it in a sentence or two, for a page and a terminal alike."""
        if self.figures is None:
            return str(self.because)
        figures, counts = self.figures, self.figures.counts
        pace = (
            f"{figures.seconds:g} seconds an item in the middle" if figures.seconds is not None else "no pace to tell"
        )
        said = (
            f"{figures.decisions:,} decisions, {pace}; of those that stand {counts[Sign.FAST]:,} fast, "
            f"{counts[Sign.BULK]:,} one of many in a call, {counts[Sign.AGAINST]:,} kept against the advice."
        )
        again = self.second_look
        if again is None:
            return f"{said} The second look has not begun."
        return (
            f"{said} Somebody else was asked about {again.asked:,} of them again: {again.answered:,} answered, "
            f"{again.otherwise:,} otherwise than the first."
        )


def attentive(session: Session, campaign: CampaignRow, *, by: Actor) -> Attentive:
    """The figures of a review, for those who may see reviews. None while so few decided that they would be of a person."""
    insist(policy.why_not(by, May.SEE_CAMPAIGNS))
    rule = attention.read(campaign.scope.get("attention"))
    told = attention.figures(rule, watching.said(session, campaign.id)) if rule is not None else None
    no = attention.why_not_told(rule, told)
    if no is not None:
        return Attentive(None, no.reason)
    return Attentive(told, None, _second_look(session, campaign))


def _second_look(session: Session, campaign: CampaignRow) -> SecondLook | None:
    """Its round is a review's last."""
    number = len(turns.course(campaign.scope)) + 1
    row = next((each for each in former.rounds(session, campaign.id) if each.number == number), None)
    if row is None or row.asked is None:
        return None
    before: dict[int, str | None] = {}
    earlier = (
        select(RoundAnswerRow.item_id, RoundAnswerRow.answer)
        .join(ItemRow, ItemRow.id == RoundAnswerRow.item_id)
        .where(ItemRow.campaign_id == campaign.id, ItemRow.round == number, RoundAnswerRow.answer.is_not(None))
        .order_by(RoundAnswerRow.round)
    )
    for item_id, answer in session.execute(earlier):
        before[item_id] = answer
    now: dict[int, str] = {}
    said = (
        select(DecisionRow.item_id, DecisionRow.answer)
        .join(ItemRow, ItemRow.id == DecisionRow.item_id)
        .where(ItemRow.campaign_id == campaign.id, ItemRow.round == number, DecisionRow.round == number)
        .order_by(DecisionRow.at, DecisionRow.id)
    )
    for item_id, answer in session.execute(said):
        if item_id in before:
            now[item_id] = answer
    answered = {item_id: answer for item_id, answer in now.items() if answer not in SAYS_NOTHING}
    otherwise = sum((answer in STAYS) is not (before[item_id] in STAYS) for item_id, answer in answered.items())
    return SecondLook(row.asked, len(answered), otherwise)
