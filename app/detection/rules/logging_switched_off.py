"""Something that the system logged is logged no more.

Told by the log itself, whose last word on it is that it was switched off.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import SystemFacts

RULE = Rule(
    "logging_switched_off",
    "Logging switched off",
    Subject.SYSTEM,
    Severity.HIGH,
    needs=("changes",),
    controls=("CRM-9.3.3",),
    iso=("8.15",),
    alerts=True,
    todo="Switch it on again, and ask who switched it off.",
    steps={
        "hubspot": (
            "Open Settings, Account Management, Audit Logs, and see who switched it off, and when.",
            "Switch it on where the log says that it was: search Settings for the kind of logging.",
            "Ask who did it.",
        ),
    },
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by the log's last word on logging."""
    on = system.posture.logging
    if on is None:
        return CannotTell("the log says nothing about logging")
    return Holds() if on else Fails("logging was switched off and not on again")
