"""A finding's life as a table, and what may be said about privileges."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from app.kit.refusal import Refusal


class Status(StrEnum):
    """Where a finding stands."""

    OPEN = "open"
    CLOSED = "closed"
    WAIVED = "waived"


# From where to where; every status is listed, also where it leads nowhere new.
MOVES: dict[Status, frozenset[Status]] = {
    Status.OPEN: frozenset({Status.CLOSED, Status.WAIVED}),
    Status.CLOSED: frozenset({Status.OPEN}),
    Status.WAIVED: frozenset({Status.OPEN, Status.CLOSED}),
}


def why_not_justify(reason: str, until: datetime, at: datetime, most_days: int) -> Refusal | None:
    """A reason on file is a sentence with an end not further away than `most_days`."""
    if len(reason.split()) < 2:
        return Refusal("reason_missing", "A reason is a sentence.", "Say what the privilege is needed for.", status=422)
    if until <= at:
        return Refusal("end_in_the_past", "The end lies in the past.", "Give a later one.", status=422)
    if until > at + timedelta(days=most_days):
        return Refusal(
            "end_too_far",
            f"A reason is good for {most_days} days at most.",
            f"Give an end before {(at + timedelta(days=most_days)).date().isoformat()}.",
            status=422,
        )
    return None
