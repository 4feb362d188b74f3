"""The decisions of a review as `attention` looks at them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.review.aside import SAYS_NOTHING
from app.review.attention import Said
from app.review.tables import DecisionRow, ItemRow


def said(session: Session, campaign_id: int) -> list[Said]:
    """Every decision of a review in its order; what was taken back, or set aside, stands for nothing."""
    rows = session.execute(
        select(DecisionRow.item_id, DecisionRow.by_identity_id, DecisionRow.at, DecisionRow.answer, ItemRow.shown)
        .join(ItemRow, ItemRow.id == DecisionRow.item_id)
        .where(ItemRow.campaign_id == campaign_id)
        .order_by(DecisionRow.at, DecisionRow.id)
    ).all()
    last = {row.item_id: number for number, row in enumerate(rows)}
    return [
        Said(
            row.item_id,
            row.by_identity_id,
            row.at,
            row.answer,
            (row.shown.get("advice") or {}).get("says"),
            last[row.item_id] == number and row.answer not in SAYS_NOTHING,
        )
        for number, row in enumerate(rows)
    ]
