"""When evidence may be sealed."""

from __future__ import annotations

from app.kit.refusal import Refusal
from app.ways import Way


def why_not_seal(name: str | None, status: str | None, *, draft: bool) -> Refusal | None:
    """Why a campaign's packet may not be built. A draft may be built at any time, and says on every page that it is one."""
    if name is None or status is None:
        return Refusal("no_such_campaign", "There is no such campaign.", status=404, way=Way.REVIEWS)
    if draft or status == "closed":
        return None
    return Refusal(
        "campaign_not_closed",
        f"{name} is {status}: what it says may still change.",
        "Close it first, or ask for a draft.",
    )


def why_not_still(missing: int, tries_left: int) -> Refusal | None:
    """Why a packet cannot be built while its campaign is being added to: its checkpoint would not cover what it holds."""
    if tries_left:
        return None
    return Refusal(
        "campaign_moving",
        f"{missing} entries about this campaign were written while its packet was being built.",
        "Wait until its removals have come to rest, then build it again.",
    )
