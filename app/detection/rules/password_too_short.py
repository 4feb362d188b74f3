"""Passwords may be shorter than is safe.

Judged by the system's own policy, and by whether kinds of account have a weaker one. Where everybody comes through a
single sign-on and passwords are shut, it is the identity provider's policy that counts, and this holds.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import SystemFacts

RULE = Rule(
    "password_too_short",
    "Short passwords",
    Subject.SYSTEM,
    Severity.MEDIUM,
    needs=("settings",),
    controls=("CRM-9.2.4",),
    iso=("5.17",),
    todo="Ask for longer ones.",
    steps={
        "salesforce": ("Open Setup, Password Policies, and choose a longer minimum.",),
    },
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by its password policy."""
    posture = system.posture
    if posture.passwords_work is False:
        return Holds()
    if posture.shortest_password is None:
        return CannotTell("the system does not say how long passwords must be")
    if posture.shortest_password < limits.password_length:
        return Fails(f"{posture.shortest_password} characters are enough")
    return Holds()
