"""The system has not been read for too long.

What is told here is how it was then. A reading that fails night after night is the first thing that somebody hiding
would wish for.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, ago, within
from app.inventory.facts import SystemFacts

RULE = Rule(
    "reading_stale",
    "Not read of late",
    Subject.SYSTEM,
    Severity.HIGH,
    needs=(),
    controls=("CRM-P.2.4", "CRM-9.3.3"),
    iso=("8.15", "8.16"),
    alerts=True,
    todo="Look at why the last readings failed, and read it.",
    steps=steps.READ_AGAIN,
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by when it was last read."""
    if system.read_at is None:
        return CannotTell("never read")
    if within(system.read_at, limits.log_days, at):
        return Holds()
    return Fails(f"last read {ago(system.read_at, at)}")
