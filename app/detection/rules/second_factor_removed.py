"""Somebody took a second factor away.

It is the first thing that whoever takes over an account does, and the second thing that a helpful colleague does.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, Fails, Limits, Rule, Severity, Subject, did_nothing
from app.inventory.facts import AccountFacts, Act

RULE = Rule(
    "second_factor_removed",
    "Second factor was removed",
    Subject.ACCOUNT,
    Severity.MEDIUM,
    needs=("changes",),
    controls=("CRM-9.2.1",),
    iso=("8.5", "8.16"),
    alerts=True,
    todo="Ask the person whose factor it was whether they asked for it, by another way than mail.",
    steps=steps.WHO_DID_IT,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by whether the log has it removing a factor."""
    seen = account.around.deed(Act.FACTOR_REMOVED)
    if seen is None:
        return did_nothing(account, Act.FACTOR_REMOVED)
    return Fails(f"removed a second factor on {seen.last.date().isoformat()}")
