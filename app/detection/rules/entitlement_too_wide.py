"""Privileges that nearly everybody holds.

What everybody may do is no privilege but a default, and was hardly meant for all of them.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, listed, words
from app.inventory.facts import EntitlementFacts

RULE = Rule(
    "entitlement_too_wide",
    "Privileges for nearly everybody",
    Subject.ENTITLEMENT,
    Severity.MEDIUM,
    needs=("accounts", "entitlements", "grants"),
    controls=("CRM-9.2.2", "CRM-G.1.1"),
    iso=("5.15", "8.2"),
    todo="Take the privilege out of it, and give it by another to those who need it.",
    steps={
        "salesforce": (
            "Make a permission set with the privilege alone, and assign it to those who need it.",
            "Open Setup, and the profile or permission set that the finding names; take the privilege out.",
        ),
        "hubspot": (
            "Open Settings, Users & Teams, Permission sets, and make one with the privilege for those who need it.",
            "Take it out of the one that the finding names.",
        ),
    },
)


def ask(held: EntitlementFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one entitlement by its share of the accounts."""
    if held.privileges is None:
        return CannotTell("the system does not say what the entitlement allows")
    few = held.holders < limits.peers_at_least or held.holders * 100 <= held.accounts * limits.broad_percent
    if not held.privileges or few:
        return Holds()
    what = listed([words(each) for each in held.privileges], 2)
    return Fails(f"{held.holders} of {held.accounts} accounts may {what} by it")
