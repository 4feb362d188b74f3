"""An allowance is nearly used up.

When calls run out, readings stop, and nobody is told of a leaver's account until tomorrow. When seats run out, people
share accounts.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import UsageFacts

RULE = Rule(
    "allowance_nearly_gone",
    "Allowance nearly used up",
    Subject.USAGE,
    Severity.LOW,
    needs=("usage",),
    controls=("CRM-9.3.3",),
    iso=("8.6",),
    todo="Find out what uses it; buy more, or move the work to another hour.",
    steps={
        "salesforce": (
            "Open Setup, Company Information, and System Overview: which limit, how much is left.",
            "Find the program that uses most, under Connected Apps OAuth Usage.",
            "Move its work to another hour, or buy more.",
        ),
        "hubspot": (
            "Open Settings, Integrations, and search it for API usage: which app uses most.",
            "Move its work to another hour, or buy more.",
        ),
    },
)


def ask(usage: UsageFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one allowance by how much of it is used."""
    if usage.used is None or usage.allowed is None:
        return CannotTell("the system does not say how many seats there are, or are held")
    if not usage.allowed or usage.used * 100 < usage.allowed * limits.allowance_percent:
        return Holds()
    return Fails(f"{usage.used} of {usage.allowed} are used")
