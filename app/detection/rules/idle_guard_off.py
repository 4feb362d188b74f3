"""The system would switch unused accounts off by itself, and was told not to.

Told by the log. It is a second net below the rule about inactive accounts.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import SystemFacts

RULE = Rule(
    "idle_guard_off",
    "Automatic switching-off is off",
    Subject.SYSTEM,
    Severity.LOW,
    needs=("changes",),
    controls=("CRM-G.1.2",),
    iso=("5.18",),
    todo="Switch it on again, with a list of those it must leave alone.",
    steps={
        "hubspot": (
            "Open Settings, Users & Teams, and search Settings for inactive users.",
            "Make the list of those that it must leave alone, then switch it on.",
        ),
    },
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by the log's last word on its own guard."""
    on = system.posture.idle_guard
    if on is None:
        return CannotTell("the log says nothing about switching unused accounts off")
    return Holds() if on else Fails("unused accounts are not switched off by the system any more")
