"""Somebody signed in as somebody else.

An administrator may have to, to see what a person sees. What was done then stands under the other's name, so each
time should be known to both.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, Fails, Limits, Rule, Severity, Subject, did_nothing, times
from app.inventory.facts import AccountFacts, Act

RULE = Rule(
    "acted_as_another",
    "Acted under another's name",
    Subject.ACCOUNT,
    Severity.MEDIUM,
    needs=("changes",),
    controls=("CRM-9.1.3",),
    iso=("8.2", "8.15"),
    todo="Ask what for, and tell the person whose account it was.",
    steps=steps.WHO_DID_IT,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by whether the log says that it acted as another."""
    seen = account.around.deed(Act.ACTED_AS_ANOTHER)
    if seen is None:
        return did_nothing(account, Act.ACTED_AS_ANOTHER)
    return Fails(f"acted as another account {times(seen.times)} of late, last on {seen.last.date().isoformat()}")
