"""Something that gives privileges, and nobody has written down what for.

A reviewer who has to decide on it sees its name and nothing else.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, words
from app.inventory.facts import EntitlementFacts

RULE = Rule(
    "entitlement_undescribed",
    "Privileges without a description",
    Subject.ENTITLEMENT,
    Severity.LOW,
    needs=("entitlements", "grants"),
    controls=("CRM-9.2.2", "CRM-D.2.4"),
    iso=("5.15", "5.18"),
    todo="Write into its description who should hold it, and why.",
    steps={
        "salesforce": (
            "Open Setup, Permission Sets or Profiles, and the one that the finding names.",
            "Write into its description who should hold it, and why.",
        ),
        "hubspot": (
            "Open Settings, Users & Teams, Permission sets, and the one that the finding names.",
            "Write into its description who should hold it, and why.",
        ),
    },
)


def ask(held: EntitlementFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one entitlement that is held by its description."""
    if held.privileges is None:
        return CannotTell("the system does not say what the entitlement allows")
    if not held.privileges or not held.holders or held.described:
        return Holds()
    whose = "1 account" if held.holders == 1 else f"{held.holders} accounts"
    return Fails(f"{whose} may {words(held.privileges[0])} by it, and no description says why")
