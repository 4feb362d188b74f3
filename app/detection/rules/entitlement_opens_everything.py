"""Something opens a kind of record whole, past any sharing.

Whoever holds it sees or changes every record of that kind. It is told for the kinds of record that were named as
sensitive. What is known to administer, or to see everything, is judged as a privilege, and not here.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, Fails, Holds, Limits, Rule, Severity, Subject, listed
from app.inventory.facts import EntitlementFacts

RULE = Rule(
    "entitlement_opens_everything",
    "Opens a kind of record whole",
    Subject.ENTITLEMENT,
    Severity.LOW,
    needs=("entitlements", "grants", "object_rights"),
    controls=("CRM-9.2.2", "CRM-P.2.3"),
    iso=("8.3", "5.15"),
    todo="Share the records with those who need them, and take this right out.",
    steps={
        "salesforce": (
            "Open Setup, and the profile or permission set; under Object Settings, the kind of record.",
            "Take View All and Modify All out.",
            "Share the records by role and rule with those who need them.",
        ),
    },
)


def ask(held: EntitlementFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one entitlement by the kinds of record that it opens whole."""
    if not held.holders or not held.opens:
        return Holds()
    if held.privileges is not None and {"see_all", "change_all", "administer"}.intersection(held.privileges):
        return Holds()
    return Fails(f"{held.holders} accounts see every {listed(held.opens)} by it")
