"""Seats are paid for, and too many of them are free.

More than `spare_percent` of what was bought is held by nobody.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import UsageFacts

RULE = Rule(
    "seats_paid_for_nothing",
    "Free seats",
    Subject.USAGE,
    Severity.LOW,
    needs=("usage",),
    controls=("CRM-D.2.1",),
    iso=("5.9",),
    todo="Give them back at the next renewal.",
    steps={
        "salesforce": (
            "Open Setup, Company Information, User Licenses: how many are used.",
            "Give back what stays free at the next renewal, and note the date.",
        ),
        "hubspot": (
            "Open Settings, Account & Billing, and look at the seats.",
            "Give back what stays free at the next renewal, and note the date.",
        ),
    },
)


def ask(usage: UsageFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one stock of seats by how many are free."""
    if usage.period is not None:
        return Holds()
    if usage.used is None or usage.allowed is None:
        return CannotTell("the system does not say how many seats there are, or are held")
    free = usage.allowed - usage.used
    if free * 100 <= usage.allowed * limits.spare_percent:
        return Holds()
    return Fails(f"{free} of {usage.allowed} are free")
