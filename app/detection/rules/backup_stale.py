"""The last backup that the system's log shows is too old.

Where no backup is logged at all, it may be made by another program, and we cannot tell.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, ago, within
from app.inventory.facts import SystemFacts

RULE = Rule(
    "backup_stale",
    "No backup of late",
    Subject.SYSTEM,
    Severity.HIGH,
    needs=("changes",),
    controls=("CRM-17.1.2", "CRM-G.3.3"),
    iso=("8.13",),
    todo="Look at why the backup was not made, and make one.",
    steps={
        "hubspot": (
            "Open Settings, Data Management, Backup & Restore, and see when the last one was made.",
            "Make one now, and see that one is planned for every week.",
        ),
    },
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by its last logged backup."""
    last = system.posture.backed_up
    if last is None:
        return CannotTell("the log shows no backup")
    return Holds() if within(last, limits.backup_days, at) else Fails(f"last backed up {ago(last, at)}")
