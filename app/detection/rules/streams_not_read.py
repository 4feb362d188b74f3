"""Something that rules and reviews rest on could not be read.

A right, a plan or a feature is missing, or the reading stopped. Everything that rests on it is unknown: nothing is
called good for not having been seen. What a kind of system never tells is no gap, and is not told here.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, listed
from app.inventory.facts import SystemFacts

RULE = Rule(
    "streams_not_read",
    "Not everything could be read",
    Subject.SYSTEM,
    Severity.MEDIUM,
    needs=(),
    controls=("CRM-9.3.3", "CRM-P.2.4"),
    iso=("8.15", "5.36"),
    todo="Give the reading account the right that is named, then read again.",
    steps=steps.READ_AGAIN,
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by what its latest reading did not bring."""
    if system.read_at is None:
        return CannotTell("never read")
    if not system.unread:
        return Holds()
    return Fails(f"not known: {listed(sorted(system.unread), 6)}")
