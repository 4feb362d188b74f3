"""What becomes of one call that changes something in a CRM. It is `begun` before it is made; whatever has no end after a
crash is resolved by looking, and ends then.

call   begun ──▶ done · declined · skipped · ambiguous
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from app.kit.refusal import Refusal


class CallStatus(StrEnum):
    """How far a call is."""

    BEGUN = "begun"  # written down, and perhaps made
    DONE = "done"  # the CRM said yes, or a look found it done
    DECLINED = "declined"  # the CRM said no
    SKIPPED = "skipped"  # it was never made
    AMBIGUOUS = "ambiguous"  # nobody can say whether this call did it


MOVES: Mapping[CallStatus, frozenset[CallStatus]] = {
    CallStatus.BEGUN: frozenset({CallStatus.DONE, CallStatus.DECLINED, CallStatus.SKIPPED, CallStatus.AMBIGUOUS}),
    CallStatus.DONE: frozenset(),
    CallStatus.DECLINED: frozenset(),
    CallStatus.SKIPPED: frozenset(),
    CallStatus.AMBIGUOUS: frozenset(),
}


def why_not_end(now: str, to: str) -> Refusal | None:
    """Why a call cannot end this way: it has ended, and a call ends once."""
    if to in MOVES[CallStatus(now)]:
        return None
    return Refusal("call_ended", f"A call that is {now} does not become {to}.", "Look at the removal again.")
