"""What a reviewer is told beside an item: how it was used, in bands, and how much it deserves a second look.

Times of use never reach a manager, only bands (within 30 days, within 90 days, longer, never, unknown). The set-wise
twins are in `shown`; a property test proves that both agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum


class Use(StrEnum):
    """How long ago something was last used, as seen at freezing."""

    RECENT = "within 30 days"
    QUARTER = "within 90 days"
    LONGER = "longer"
    NEVER = "never"
    UNKNOWN = "unknown"


RECENT_DAYS = 30
QUARTER_DAYS = 90

# What makes an item come first in a reviewer's list. The worst finding counts once; the rest adds up.
PRIVILEGED = 40
CONTENTS_UNKNOWN = 10
NOBODYS = 15
USE_RISK: Mapping[Use, int] = {Use.RECENT: 0, Use.QUARTER: 5, Use.UNKNOWN: 5, Use.LONGER: 15, Use.NEVER: 20}
FINDING_RISK: Mapping[str, int] = {"critical": 40, "high": 30, "medium": 15, "low": 5}


def use(last: datetime | None, known_since: datetime | None, created: datetime | None, at: datetime) -> Use:
    """The band of a last use, seen at `at`.

    Without any use, `known_since` says how far back that silence is known: from the beginning means never; for longer than
    the last band, longer; less than that tells nothing.
    """
    if last is not None:
        if last > at - timedelta(days=RECENT_DAYS):
            return Use.RECENT
        return Use.QUARTER if last > at - timedelta(days=QUARTER_DAYS) else Use.LONGER
    if known_since is None:
        return Use.UNKNOWN
    if created is not None and known_since <= created:
        return Use.NEVER
    return Use.LONGER if known_since <= at - timedelta(days=QUARTER_DAYS) else Use.UNKNOWN


def risk(*, privileged: bool, contents_known: bool, nobodys: bool, used: Use, worst: str | None) -> int:
    """How much an item deserves a second look. `worst` is the severity of its worst open finding."""
    return (
        (PRIVILEGED if privileged else 0)
        + (0 if contents_known else CONTENTS_UNKNOWN)
        + (NOBODYS if nobodys else 0)
        + USE_RISK[used]
        + (FINDING_RISK[worst] if worst else 0)
    )
