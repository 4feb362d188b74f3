"""Nobody answers for the system.

Its owner is not entered, cannot be found in the roster, or has left. Findings, and reviews of what has no manager, go
to the owner.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import SystemFacts

RULE = Rule(
    "system_without_owner",
    "System without an owner",
    Subject.SYSTEM,
    Severity.MEDIUM,
    needs=("people",),
    controls=("CRM-7.1.3",),
    iso=("5.2", "5.9"),
    todo="Enter an owner who works here.",
    steps={
        "": (
            "Ask who answers for this CRM: whoever would be called when it stands still.",
            "Open Systems, this one, and enter them as owner.",
        ),
    },
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by its owner."""
    owner = system.owner
    if owner is None:
        return Fails("nobody who is in the roster is entered as its owner")
    if not owner.in_roster or (owner.end is not None and owner.end < at.date()):
        return Fails(f"its owner {owner.name} does not work here any more")
    return Holds()
