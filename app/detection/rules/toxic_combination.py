"""Two powers in one hand that together let somebody do harm and hide it.

The pairs are a list to read, in `app/detection/pairs.py`. Whoever may administer everything holds every pair; that is
judged by the rules about administrators, and not here. Where a system does not tell what an entitlement allows, a
pair may be hidden in it.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import pairs, steps
from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Remedy, Rule, Severity, Subject, asleep, listed
from app.inventory.facts import AccountFacts

RULE = Rule(
    "toxic_combination",
    "Powers that should not be together",
    Subject.ACCOUNT,
    Severity.HIGH,
    needs=("accounts", "entitlements", "grants"),
    controls=("CRM-9.1.3", "CRM-9.2.2"),
    iso=("5.3", "8.2"),
    remedy=Remedy.PRIVILEGES,
    todo="Give one of the two to somebody else.",
    steps=steps.TAKE_AWAY,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by the pairs that it holds."""
    if (early := asleep(account)) is not None:
        return early
    found = pairs.held(account.privileges)
    if found:
        return Fails(f"may {listed([pair.allows for pair in found], 1)}")
    if account.unknown_privileges:
        return CannotTell("the system does not say what some of its entitlements allow")
    return Holds()
