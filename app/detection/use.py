"""Whether an account is used, as far as the system remembers: four outcomes, of which not knowing is one.

Old sign-ins are forgotten: Salesforce keeps half a year, HubSpot's API 90 days. "No sign-in seen" is therefore no date, and
an account that may have been used before memory began is not called inactive.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from app.inventory.facts import AccountFacts


class Use(StrEnum):
    """What is known of an account's use."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    NEVER_USED = "never_used"
    UNKNOWN_BEYOND_RETENTION = "unknown_beyond_retention"


def last_used(account: AccountFacts) -> datetime | None:
    """A person's latest sign-in; a program's latest sign-in or use of one of its tokens."""
    return account.last_use if account.kind == "service" else account.last_login


def use_of(account: AccountFacts, at: datetime, days: int) -> Use:
    """Which of the four, for an account that has to have been used within so many days."""
    cutoff, used, since = at - timedelta(days=days), last_used(account), account.logins_known_since
    if used is not None and used > cutoff:
        return Use.ACTIVE
    if used is not None and since is not None:
        return Use.INACTIVE
    if since is None or since > cutoff:  # also when an old sign-in is known and newer ones are no longer told
        return Use.UNKNOWN_BEYOND_RETENTION
    if account.created is not None and since <= account.created:
        return Use.NEVER_USED
    return Use.INACTIVE
