"""A session that nobody uses stays open for too long.

Whoever sits down at the desk goes on where somebody else stopped.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import SystemFacts

RULE = Rule(
    "session_too_long",
    "Sessions stay open",
    Subject.SYSTEM,
    Severity.MEDIUM,
    needs=("settings",),
    controls=("CRM-9.3.2",),
    iso=("8.1", "8.5"),
    todo="End sessions sooner, and end them for good rather than with a warning.",
    steps={
        "salesforce": (
            "Open Setup, Session Settings.",
            "Choose a shorter Timeout Value, and Force logout on session timeout.",
        ),
    },
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by how long a session may idle."""
    posture = system.posture
    if posture.session_minutes is None:
        return CannotTell("the system does not say how long a session may idle")
    if posture.session_minutes > limits.session_minutes_most:
        return Fails(f"an idle session stays open for {posture.session_minutes} minutes")
    if posture.session_ends is False:
        return Fails("an idle session is warned about and goes on", Severity.LOW)
    return Holds() if posture.session_ends else CannotTell("the system does not say whether an idle session ends")
