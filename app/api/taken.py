"""What would be taken away, as answers tell it before it is."""

from __future__ import annotations

from pydantic import Field

from app.api.shapes import Told
from app.stories.consequences import Consequence


class Removed(Told):
    """What would be taken away in one CRM, by kind of item: by Rolecall itself, and by hand with the reasons."""

    system: str
    carried_out: dict[str, int]
    by_hand: dict[str, int]
    because: list[str]
    held: list[str] = Field(description="What the removals will wait for, a sentence each.")


def taken(told: Consequence) -> Removed:
    """One CRM's part."""
    return Removed(
        system=told.system,
        carried_out=dict(told.carried_out),
        by_hand=dict(told.by_hand),
        because=[f"{why} ({count})" for why, count in told.because],
        held=list(told.held),
    )
