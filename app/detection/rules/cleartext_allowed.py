"""The system can be reached without TLS.

A first request that goes out unguarded can be answered by somebody else.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import SystemFacts

RULE = Rule(
    "cleartext_allowed",
    "Reachable without TLS",
    Subject.SYSTEM,
    Severity.HIGH,
    needs=("settings",),
    controls=("CRM-10.1.1",),
    iso=("8.24", "8.21"),
    todo="Require https for every connection.",
    steps={
        "salesforce": (
            "Open Setup, and search it for Session Settings.",
            "Require secure connections (HTTPS) for all third-party domains, and save.",
        ),
    },
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by whether it insists on https."""
    only = system.posture.https_only
    if only is None:
        return CannotTell("the system does not say whether it insists on https")
    return Holds() if only else Fails("https is not required")
