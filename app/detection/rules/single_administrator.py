"""One account alone may administer the system.

When its person is ill, nobody can let a leaver's access be taken away.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import SystemFacts

RULE = Rule(
    "single_administrator",
    "Only one administrator",
    Subject.SYSTEM,
    Severity.LOW,
    needs=("accounts", "entitlements", "grants"),
    controls=("CRM-17.1.1",),
    iso=("8.2", "5.29"),
    todo="Make somebody the second one, with an account that is not used for anything else.",
    steps={
        "salesforce": (
            "Make a second account for somebody who answers for the CRM too, and use it for nothing else.",
            "Give it the administrators' profile, and a security key.",
            "Open Setup, Login History after a week: it can sign in.",
        ),
        "hubspot": (
            "Open Settings, Users & Teams, and the user who is to be the second one.",
            "Make them super admin, and have them set up a second factor.",
        ),
    },
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by how many administer it."""
    return Fails("one account alone may administer it") if system.administrators == 1 else Holds()
