"""An account that is switched off, or frozen, and still holds privileges.

It opens nothing today. Whoever switches it on again gives all of it back with one click, and seldom looks.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Remedy, Rule, Severity, Subject, listed, words
from app.inventory.facts import AccountFacts

RULE = Rule(
    "residual_access",
    "Privileges of a switched-off account",
    Subject.ACCOUNT,
    Severity.LOW,
    needs=("accounts", "entitlements", "grants"),
    controls=("CRM-9.1.4",),
    iso=("5.18",),
    remedy=Remedy.PRIVILEGES,
    todo="Take the privileges away from it; they are given again with the account, if it comes back.",
    steps=steps.TAKE_AWAY,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account that nobody can sign in to by what it holds."""
    if account.active is None and not account.frozen:
        return CannotTell("the system does not say whether the account is active")
    if account.active is not False and not account.frozen:
        return Holds()
    if account.privileges:
        return Fails(f"switched off, and may still {listed([words(each) for each in account.privileges], 2)}")
    if account.unknown_privileges:
        return CannotTell("the system does not say what some of its entitlements allow")
    return Holds()
