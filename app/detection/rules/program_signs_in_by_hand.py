"""A program's account was signed in to in a browser.

Somebody used it to be nobody: what was done then is the program's, and its password is known to a person.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, Fails, Holds, Limits, Rule, Severity, Subject, ago, asleep, came_otherwise, times
from app.inventory.facts import AccountFacts, Way

RULE = Rule(
    "program_signs_in_by_hand",
    "Program's account used by hand",
    Subject.ACCOUNT,
    Severity.MEDIUM,
    needs=("accounts", "logins"),
    controls=("CRM-9.1.3",),
    iso=("8.2", "5.16"),
    todo="Find out who it was, change its password, and let it use the API alone.",
    steps={
        "salesforce": (
            "Open Setup, Login History, and see from where that account was signed in to in a browser.",
            "Change its password, and find out who knew it.",
            "Give its profile API Only User, so that no browser gets in.",
        ),
        "hubspot": (
            "Open Settings, and search it for login history; see from where the user signed in.",
            "Change its password, and let the program in by an app of its own instead.",
        ),
    },
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one program's account by the ways it signed in of late."""
    if (early := asleep(account)) is not None:
        return early
    if account.kind != "service":
        return Holds()
    by_hand = account.around.way(Way.PASSWORD) or account.around.way(Way.SSO)
    if by_hand is None:
        return came_otherwise(account)
    return Fails(f"signed in to by hand {times(by_hand.times)}, last {ago(by_hand.last, at)}")
