"""Somebody keeps failing to sign in to an account.

Most are forgotten passwords. Many in a month are a program with an old one, or somebody who guesses.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, Fails, Holds, Limits, Rule, Severity, Subject, asleep
from app.inventory.facts import AccountFacts

RULE = Rule(
    "failed_sign_ins",
    "Many failed sign-ins",
    Subject.ACCOUNT,
    Severity.MEDIUM,
    needs=("accounts", "logins"),
    controls=("CRM-9.3.3", "CRM-13.1.3"),
    iso=("8.16", "8.15"),
    todo="Ask the person; if it was not them, change the password and look at where the tries came from.",
    steps={
        "salesforce": (
            "Open Setup, Login History, and look at where the tries of that user came from.",
            "Ask the person. If it was not them, open Setup, Users, the account, and press Reset Password.",
            "Limit where the profile may sign in from, if the tries go on.",
        ),
        "hubspot": (
            "Open Settings, and search it for login history; look at where the tries came from.",
            "Ask the person. If it was not them, reset the password and sign them out of every session.",
        ),
    },
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by its failed sign-ins of late."""
    if (early := asleep(account)) is not None:
        return early
    failures = account.around.failures
    if failures <= limits.failures_most:
        return Holds()
    return Fails(
        f"{failures} failed sign-ins in {limits.recent_days} days", Severity.HIGH if account.privileged else None
    )
