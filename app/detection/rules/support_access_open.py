"""The vendor's support can still enter the system.

It was let in for one case. Told by the log: opened, and not seen to be shut since.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import SystemFacts

RULE = Rule(
    "support_access_open",
    "Vendor's support access left open",
    Subject.SYSTEM,
    Severity.MEDIUM,
    needs=("changes",),
    controls=("CRM-15.1.4", "CRM-9.2.3"),
    iso=("5.19", "5.22"),
    alerts=True,
    todo="Shut it, unless a case is open.",
    steps={
        "hubspot": ("Open Settings, Account Management, HubSpot employee access, and switch it off.",),
    },
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by whether support access was shut again."""
    is_open = system.posture.support_open
    if is_open is None:
        return CannotTell("the log shows neither that support was let in nor that it was shut out")
    return Fails("support was let in and not seen to be shut out since") if is_open else Holds()
