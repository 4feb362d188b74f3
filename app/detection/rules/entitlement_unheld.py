"""Something that gives privileges, and nobody holds it.

It waits to be given by mistake. What nobody holds, nobody misses.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, listed, words
from app.inventory.facts import EntitlementFacts

RULE = Rule(
    "entitlement_unheld",
    "Privileges that nobody holds",
    Subject.ENTITLEMENT,
    Severity.LOW,
    needs=("entitlements", "grants"),
    controls=("CRM-9.2.2",),
    iso=("5.18",),
    todo="Delete it.",
    steps={
        "salesforce": (
            "Open Setup, Permission Sets, and the one that the finding names; Manage Assignments shows that nobody has it.",
            "Press Delete. One that came in a package goes with the package.",
        ),
        "hubspot": ("Open Settings, Users & Teams, Permission sets, and delete the one that the finding names.",),
    },
)


def ask(held: EntitlementFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one entitlement by how many hold it."""
    if held.holders or held.privileges == () or held.nested:
        return Holds()
    if held.privileges is None:
        return CannotTell("the system does not say what the entitlement allows")
    return Fails(f"allows to {listed([words(each) for each in held.privileges], 2)}, and nobody holds it")
