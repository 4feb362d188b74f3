"""What an item may come to, and from where: nobody's answer at first, then any, changed or taken back while its share is
a draft. Silence at the closing is an outcome too, and no decision.

item   (none) ──▶ keep · remove · change · … ──▶ another of them, or none again
"""

from __future__ import annotations

from collections.abc import Mapping

from app.review.policy import Answer

# From each outcome, what may follow; none is None, as a row has it. The same answer may be given again, with another
# reason: each is a decision of its own.
MOVES: Mapping[Answer | None, frozenset[Answer | None]] = {
    None: frozenset(Answer),
    **{answer: frozenset({*Answer, None}) for answer in Answer},
}


def may_follow(now: str | None, then: str | None) -> bool:
    """Whether an item with one outcome may come to another."""
    return then in MOVES[None if now is None else Answer(now)]
