"""A program signs in by sending somebody's password.

Neither a second factor nor a limited scope can be asked of that way, and vendors are ending it. Whoever still uses it
will find it broken one day, and its password is in a file somewhere until then.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, Fails, Limits, Rule, Severity, Subject, asleep, came_otherwise
from app.inventory.facts import AccountFacts, Way

RULE = Rule(
    "legacy_sign_in",
    "Program signs in by password",
    Subject.ACCOUNT,
    Severity.MEDIUM,
    needs=("accounts", "logins"),
    controls=("CRM-13.1.4",),
    iso=("8.21", "8.5"),
    todo="Move the program to OAuth with a key of its own, then change the password.",
    steps={
        "salesforce": (
            "Open Setup, Login History, and see which program it is by its application and address.",
            "Make a connected app, or an external client app, for it, with a key of its own.",
            "Change the account's password once the program uses the new way.",
        ),
    },
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by whether a program entered by its password of late."""
    if (early := asleep(account)) is not None:
        return early
    seen = account.around.way(Way.PROGRAM_PASSWORD)
    if seen is None:
        return came_otherwise(account)
    return Fails(f"a program sent its password {seen.times} times in {limits.recent_days} days")
