"""Somebody signed in over a version of TLS older than 1.2.

It has been broken for years; what still uses it is an old browser or an old program.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, listed
from app.inventory.facts import SystemFacts

RULE = Rule(
    "old_tls_used",
    "Old TLS in use",
    Subject.SYSTEM,
    Severity.HIGH,
    needs=("settings",),
    controls=("CRM-10.1.1", "CRM-13.1.4"),
    iso=("8.24", "8.21"),
    todo="Find out who it is in the sign-in log, and have it updated.",
    steps={
        "salesforce": (
            "Open Setup, Login History, download it, and filter it by TLS Protocol.",
            "Have the program or browser that is named there updated.",
            "Look again after a month: the finding closes when no sign-in uses it.",
        ),
    },
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by the TLS versions of its sign-ins."""
    old = system.posture.old_tls
    if old is None:
        return CannotTell("the system does not say which TLS its sign-ins used")
    return Fails(f"sign-ins used {listed(old)} of late") if old else Holds()
