"""A log of the system was not read for so long that it may have forgotten something.

Sign-ins and changes scroll out of the CRM's own log. What was not read before that is lost, and the gap is where it
would be.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, ago, within
from app.inventory.facts import SystemFacts

RULE = Rule(
    "log_gap",
    "Gap in a log",
    Subject.SYSTEM,
    Severity.HIGH,
    needs=(),
    controls=("CRM-9.3.3", "CRM-G.3.2"),
    iso=("8.15",),
    alerts=True,
    todo="Find out why that stream was not read, and read it today.",
    steps=steps.READ_AGAIN,
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by when each log that it has was last read."""
    read = {name: when for name, when in system.logs_read.items() if when is not None}
    if not read:
        return CannotTell("no log of it was ever read completely")
    stale = {name: when for name, when in read.items() if not within(when, limits.log_days, at)}
    if stale:
        oldest = min(stale, key=lambda name: stale[name])
        return Fails(f"{oldest} were last read {ago(stale[oldest], at)}")
    return Holds()
