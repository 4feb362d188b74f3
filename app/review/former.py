"""What earlier rounds of a review asked and said about its items. Reviews of one round have no rows here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.review.tables import DecisionRow, ItemRow, RoundAnswerRow, RoundRow

_CHUNK = 5_000


def rounds(session: Session, campaign_id: int, status: str | None = None) -> Sequence[RoundRow]:
    """The rounds of a review in their order, or those with a status; none for a review of one round."""
    found = select(RoundRow).where(RoundRow.campaign_id == campaign_id).order_by(RoundRow.number)
    return session.scalars(found if status is None else found.where(RoundRow.status == status)).all()


def answers(session: Session, item_ids: Sequence[int]) -> Mapping[int, Sequence[RoundAnswerRow]]:
    """What each item's earlier rounds came to, in their order."""
    found: dict[int, list[RoundAnswerRow]] = {item_id: [] for item_id in item_ids}
    for start in range(0, len(item_ids), _CHUNK):
        some = RoundAnswerRow.item_id.in_(item_ids[start : start + _CHUNK])
        for row in session.scalars(select(RoundAnswerRow).where(some).order_by(RoundAnswerRow.round)):
            found[row.item_id].append(row)
    return found


def people(session: Session, item_ids: Sequence[int], *, present: bool = False) -> Mapping[int, frozenset[int]]:
    """Who was asked about each item in an earlier round, or answered it there; with `present`, in this round as well."""
    found: dict[int, set[int]] = {item_id: set() for item_id in item_ids}
    for start in range(0, len(item_ids), _CHUNK):
        some = item_ids[start : start + _CHUNK]
        asked = select(RoundAnswerRow.item_id, RoundAnswerRow.reviewer_id).where(RoundAnswerRow.item_id.in_(some))
        said = (
            select(DecisionRow.item_id, DecisionRow.by_identity_id)
            .join(ItemRow, ItemRow.id == DecisionRow.item_id)
            .where(DecisionRow.item_id.in_(some), DecisionRow.by_identity_id.is_not(None))
        )
        if not present:
            said = said.where(DecisionRow.round < ItemRow.round)
        for item_id, who in [*session.execute(asked), *session.execute(said)]:
            found[item_id].add(who)
    return {item_id: frozenset(whom) for item_id, whom in found.items()}
