"""What a reviewer says who does not decide: the item is not theirs, or they cannot say. Pure.

Neither is an answer. It stands beside the item, and can be taken back, until its share is submitted; then the item goes on
to the next who may decide, and has no outcome until they give one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum

from app.kit.refusal import Refusal


class Aside(StrEnum):
    """Why a reviewer sets an item aside."""

    NOT_MINE = "not_mine"
    CANNOT_SAY = "cannot_say"


# What a decision can say that gives an item no outcome.
SAYS_NOTHING = frozenset({"withdraw", *Aside})


def heir(asked: Iterable[int | None], able: Collection[int], barred: Collection[int]) -> int | None:
    """The first of those to be asked who is able to and not barred: concerned, asked before, or who set the review up."""
    return next((who for who in asked if who is not None and who in able and who not in barred), None)


def why_not_aside(heir: int | None, change_to: str | None) -> Refusal | None:
    """Why an item cannot be set aside: nobody else may decide on it, or something is named to change it to."""
    if change_to is not None:
        told = "This answer cannot be taken: only a change names what to change to."
        return Refusal("bad_answer", told, "Leave it out.", status=422)
    if heir is not None:
        return None
    return Refusal(
        "nobody_else",
        "Nobody else is left who may decide on this.",
        "Decide on it, or ask an administrator to hand it to somebody who can.",
    )


def why_not_go_on(stranded: int) -> Refusal | None:
    """Why a share is not submitted: what was set aside has nobody to go to any more."""
    if not stranded:
        return None
    return Refusal(
        "nobody_else",
        f"For {stranded} of the items that you set aside nobody else may decide any more.",
        "Decide on them, or ask an administrator to hand them on.",
        facts={"items": stranded},
    )
