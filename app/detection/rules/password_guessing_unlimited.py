"""A password may be tried too many times.

Guessing costs nothing then but patience.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import SystemFacts

RULE = Rule(
    "password_guessing_unlimited",
    "Passwords may be guessed",
    Subject.SYSTEM,
    Severity.MEDIUM,
    needs=("settings",),
    controls=("CRM-9.2.4",),
    iso=("8.5", "5.17"),
    todo="Lock an account after a few wrong passwords.",
    steps={
        "salesforce": ("Open Setup, Password Policies, Maximum invalid login attempts.",),
    },
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by how many wrong passwords it allows."""
    attempts = system.posture.password_attempts
    if attempts is None:
        return CannotTell("the system does not say how many wrong passwords it allows")
    if attempts == 0:
        return Fails("wrong passwords are never too many")
    return Holds() if attempts <= limits.password_attempts_most else Fails(f"{attempts} wrong passwords are allowed")
