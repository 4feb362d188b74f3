"""The vendor's own check of the system's settings finds much to mend.

Its score, and what it calls a high risk, are the vendor's word on settings that no other rule here reads.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, listed
from app.inventory.facts import SystemFacts

RULE = Rule(
    "health_check_low",
    "Low score in the vendor's own check",
    Subject.SYSTEM,
    Severity.MEDIUM,
    needs=("settings",),
    controls=("CRM-14.2.1", "CRM-10.1.4"),
    iso=("8.8", "8.9"),
    todo="Mend what it calls a high risk first.",
    steps={
        "salesforce": (
            "Open Setup, Health Check.",
            "Mend each High-Risk setting, or Fix Risks for all of them at once.",
        ),
    },
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by its vendor's check."""
    posture = system.posture
    if posture.health_risks:
        return Fails(f"high risks: {listed(posture.health_risks)}", Severity.HIGH)
    if posture.health is None or posture.health_risks is None:
        return CannotTell("the system has no health check that we may read")
    return Holds() if posture.health >= limits.health_percent else Fails(f"its score is {posture.health} %")
