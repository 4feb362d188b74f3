"""Any program may use the API that anybody lets in.

Where only approved programs may, a consent that somebody was talked into opens nothing.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import SystemFacts

RULE = Rule(
    "programs_not_approved",
    "Programs need no approval",
    Subject.SYSTEM,
    Severity.HIGH,
    needs=("settings",),
    controls=("CRM-15.1.4",),
    iso=("5.23", "8.3"),
    todo="Allow the API to approved programs alone.",
    steps={
        "salesforce": (
            "Ask Salesforce Support for API Access Control, if Setup does not show it.",
            "Open Setup, API Access Control, and limit access to admin-approved apps.",
        ),
    },
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by whether programs need approval."""
    only = system.posture.only_approved_programs
    if only is None:
        return CannotTell("the system does not say whether its programs need approval")
    return Holds() if only else Fails("programs that nobody approved may use the API")
