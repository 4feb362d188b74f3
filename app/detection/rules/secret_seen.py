"""Somebody had the secret of a key shown to them.

From then on it is known to a person, and wherever they put it. It is needed once, when a program is set up.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, Fails, Limits, Rule, Severity, Subject, did_nothing, times
from app.inventory.facts import AccountFacts, Act

RULE = Rule(
    "secret_seen",
    "Secret of a key was shown",
    Subject.ACCOUNT,
    Severity.MEDIUM,
    needs=("changes",),
    controls=("CRM-10.1.3",),
    iso=("8.24", "5.17"),
    todo="Ask what for; if nobody was setting a program up, rotate the key.",
    steps=steps.WHO_DID_IT,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by whether it was shown a secret of late."""
    seen = account.around.deed(Act.SECRET_SEEN)
    if seen is None:
        return did_nothing(account, Act.SECRET_SEEN)
    return Fails(f"was shown a secret {times(seen.times)} of late, last on {seen.last.date().isoformat()}")
