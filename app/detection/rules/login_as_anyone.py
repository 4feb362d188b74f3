"""Administrators may sign in as anybody, without asking.

What they do then stands under the other's name. Asked first, the person knows.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import SystemFacts

RULE = Rule(
    "login_as_anyone",
    "Administrators may be anybody",
    Subject.SYSTEM,
    Severity.MEDIUM,
    needs=("settings",),
    controls=("CRM-9.1.3",),
    iso=("8.2", "5.3"),
    todo="Switch it off; people grant access to an administrator when they need help.",
    steps={
        "salesforce": (
            "Open Setup, Login Access Policies.",
            "Uncheck Administrators Can Log in as Any User.",
        ),
    },
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by whether administrators may sign in as anybody."""
    may = system.posture.login_as_anyone
    if may is None:
        return CannotTell("the system does not say whether administrators may sign in as anybody")
    return Fails("administrators may sign in as anybody without asking") if may else Holds()
