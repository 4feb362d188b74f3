"""Everybody may change every record of a kind, whoever's it is.

Sharing then protects nothing: neither a customer's data from who has no business with them, nor a deal from a
mistake.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, listed
from app.inventory.facts import SystemFacts

RULE = Rule(
    "records_open_to_all",
    "Records open to everybody",
    Subject.SYSTEM,
    Severity.MEDIUM,
    needs=("settings",),
    controls=("CRM-P.2.3", "CRM-9.2.2"),
    iso=("8.3", "5.34"),
    todo="Make the default private, and share by role and rule.",
    steps={
        "salesforce": (
            "Open Setup, Sharing Settings, and press Edit.",
            "Set the default of the kinds that the finding names to Private.",
            "Share by role and rule with those who need more; the change is calculated in the background.",
        ),
    },
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by its sharing defaults."""
    kinds = system.posture.open_records
    if kinds is None:
        return CannotTell("the system does not say how records are shared")
    return Fails(f"everybody may change every {listed(kinds)}") if kinds else Holds()
