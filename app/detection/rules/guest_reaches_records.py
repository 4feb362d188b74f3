"""A guest, whom nobody signs in as, reaches a sensitive kind of record.

Whatever a guest may read, anybody on the internet may, who finds the site's address. Sharing may still keep single records
back; what is granted here is all that sharing can give. It is told for the kinds of record that were named as sensitive.
Links to single files that anybody can open are shown by no CRM to a reader as a whole, so a person looks through them.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, listed
from app.inventory.facts import EntitlementFacts

RULE = Rule(
    "guest_reaches_records",
    "Records open to guests",
    Subject.ENTITLEMENT,
    Severity.HIGH,
    needs=("accounts", "entitlements", "grants", "object_rights"),
    controls=("CRM-13.2.3", "CRM-9.2.3"),
    iso=("5.14", "8.3", "8.12"),
    todo="Take the kind of record out of what the guest holds, or show a copy without what is sensitive.",
    steps={
        "salesforce": (
            "Open Setup, Sites, the site, and its Public Access Settings.",
            "Under Object Settings, take every right on the kinds of record that the finding names.",
            "Search Setup for Guest User Sharing Rules, and delete those that share such records.",
        ),
    },
)


def ask(held: EntitlementFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one entitlement by what it lets guests reach."""
    if not held.guests:
        return Holds()
    if held.reaches is None:
        return CannotTell("the system does not say what it allows on some kinds of record")
    return (
        Fails(f"anybody on the internet reaches every {listed(held.reaches)} that is shared")
        if held.reaches
        else Holds()
    )
