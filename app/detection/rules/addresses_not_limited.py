"""The system can be entered from anywhere.

No address is held against a list. Where people work from everywhere, a second factor and a managed device have to do
instead, and a waiver should say so.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import SystemFacts

RULE = Rule(
    "addresses_not_limited",
    "Entered from anywhere",
    Subject.SYSTEM,
    Severity.LOW,
    needs=("settings",),
    controls=("CRM-13.1.1", "CRM-11.2.3"),
    iso=("8.20", "8.22"),
    todo="Limit sign-ins to the company's addresses, at least for administrators and programs.",
    steps={
        "salesforce": (
            "Open Setup, Profiles, the profile of administrators or programs, Login IP Ranges.",
            "Enter the company's ranges, after a look at Login History for where they come from.",
            "Open Setup, Session Settings, and enforce login IP ranges on every request.",
        ),
        "hubspot": (
            "Open Settings, Security, and search it for IP restrictions.",
            "Enter the company's ranges, yours first, and switch them on.",
        ),
    },
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by whether addresses are limited."""
    limited = system.posture.addresses_limited
    if limited is None:
        return CannotTell("the system does not say whether addresses are limited")
    return Holds() if limited else Fails("sign-ins are taken from any address")
