"""A guest account, which the world can use without signing in, holds a privilege.

Whatever a guest may do, anybody on the internet may. Nothing justifies one that sees, changes or exports everything.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Remedy, Rule, Severity, Subject, listed, words
from app.inventory.facts import AccountFacts

RULE = Rule(
    "guest_with_privileges",
    "Guest with privileges",
    Subject.ACCOUNT,
    Severity.CRITICAL,
    needs=("accounts", "entitlements", "grants"),
    controls=("CRM-9.2.3",),
    iso=("8.2", "5.15"),
    alerts=True,
    remedy=Remedy.PRIVILEGES,
    todo="Take the privilege out of the guest's profile now.",
    steps={
        "salesforce": (
            "Open Setup, Sites, the site, and its Public Access Settings.",
            "Take the permission out of the guest profile, and delete permission sets assigned to the guest user.",
        ),
    },
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one guest by its privileges."""
    if account.kind != "guest" or account.active is False:
        return Holds()
    if account.privileges:
        return Fails(f"anybody may {listed([words(each) for each in account.privileges])}")
    if account.unknown_privileges:
        return CannotTell("the system does not say what some of its entitlements allow")
    return Holds()
