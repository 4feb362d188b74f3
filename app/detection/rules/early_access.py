"""An account works before its person's first day.

Nobody is there yet to use it, so whoever does is somebody else.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, Fails, Holds, Limits, Rule, Severity, Subject, asleep
from app.inventory.facts import AccountFacts

RULE = Rule(
    "early_access",
    "Active before the first day",
    Subject.ACCOUNT,
    Severity.LOW,
    needs=("accounts", "people"),
    controls=("CRM-9.1.1",),
    iso=("5.16", "6.1"),
    todo="Freeze it until the first day.",
    steps=steps.DEACTIVATE,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by its person's start."""
    if (early := asleep(account)) is not None:
        return early
    person = account.person
    if person is None or person.start is None or person.start <= at.date():
        return Holds()
    used = account.last_login is not None
    told = f"{person.name} starts on {person.start.isoformat()}" + (
        "; it has been signed in to already" if used else ""
    )
    return Fails(told, Severity.HIGH if used else None)
