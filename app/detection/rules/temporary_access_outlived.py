"""Access that was given until a day, is past that day, and still works.

The CRM keeps the end beside the assignment. Where it ends such access by itself, the assignment says that it has no
effect any more, and holds.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, Fails, Holds, Limits, Rule, Severity, Subject, asleep, listed
from app.inventory.facts import AccountFacts

RULE = Rule(
    "temporary_access_outlived",
    "Temporary access past its end",
    Subject.ACCOUNT,
    Severity.HIGH,
    needs=("accounts", "grants"),
    controls=("CRM-9.2.3",),
    iso=("5.18", "8.2"),
    alerts=True,
    todo="Take it away, or give it again with a new end and a reason.",
    steps=steps.TAKE_AWAY,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by what it holds past its own end."""
    if (early := asleep(account)) is not None:
        return early
    lapsed = account.around.lapsed
    return Fails(f"still holds {listed(lapsed)} past the end it was given with") if lapsed else Holds()
