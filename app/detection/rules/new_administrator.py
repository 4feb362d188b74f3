"""Somebody became an administrator of late, and nobody has written down why.

Told by the day the CRM gives for the assignment, or by the first reading that showed it. A reason on file settles it,
and so does a review that keeps it, by the time it is no longer new. Who administered at the system's first reading is
not new.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import About, Answer, Fails, Holds, Limits, Remedy, Rule, Severity, Subject, asleep, within
from app.inventory.facts import AccountFacts

RULE = Rule(
    "new_administrator",
    "New administrator",
    Subject.ACCOUNT,
    Severity.HIGH,
    needs=("accounts", "entitlements", "grants"),
    controls=("CRM-9.1.3",),
    iso=("8.2", "8.18"),
    alerts=True,
    cause="new_administrator",
    about=About.ACCOUNT,
    remedy=Remedy.PRIVILEGES,
    todo="Ask who approved it; write the reason down with an end, or take it away.",
    steps=steps.TAKE_AWAY,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by since when it administers."""
    if (early := asleep(account)) is not None:
        return early
    since = account.around.admin_since
    if since is None or not within(since, limits.new_days, at):
        return Holds()
    if account.justified_until is not None and account.justified_until > at:
        return Holds()
    return Fails(f"administers since {since.date().isoformat()}, and nobody has said why")
