"""A campaign's items some at a time, in order of their ids."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.review.tables import ItemRow

_ROWS = 10_000  # fetched at once


def numbers(session: Session, campaign_id: int, size: int) -> Iterator[Sequence[int]]:
    """The ids of a campaign's items, `size` at a time; memory holds eight bytes for each.

    To be read by those ids. Going on behind the last one instead makes SQLite sort all of the campaign for each part: a
    million items would be sorted a thousand times.
    """
    every = select(ItemRow.id).where(ItemRow.campaign_id == campaign_id).order_by(ItemRow.id)
    ids = array("q", session.scalars(every.execution_options(yield_per=_ROWS)))
    for start in range(0, len(ids), size):
        yield ids[start : start + size].tolist()
