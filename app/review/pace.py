"""How a review goes on: at the pace of the last days, when everything has an answer.

The pace is that of the last week, or of the time since opening if that is shorter; who answered nothing in it has no
pace, and then nobody can tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LATELY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the last answer is to be expected; None if nobody can tell. `late`: after it is due, or due already."""

    ends_at: datetime | None
    late: bool


def since(opened_at: datetime, at: datetime) -> datetime:
    """From when on answers count for the pace."""
    return max(opened_at, at - LATELY)


def forecast(*, opened_at: datetime, due_at: datetime, open_items: int, answered_lately: int, at: datetime) -> Forecast:
    """When `open_items` have an answer, if it goes on as lately: `answered_lately` were answered since `since`."""
    if not open_items:
        return Forecast(at, at > due_at)
    days = (at - since(opened_at, at)) / timedelta(days=1)
    if not answered_lately or days <= 0:
        return Forecast(None, at > due_at)
    ends_at = at + timedelta(days=min(open_items * days / answered_lately, 3650))
    return Forecast(ends_at, ends_at > due_at)
