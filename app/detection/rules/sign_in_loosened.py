"""Somebody made signing in to the system easier.

Ways in were allowed that had been shut. Told by the CRM's log, in the last `recent_days`.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, Fails, Limits, Rule, Severity, Subject, did_nothing, words
from app.inventory.facts import AccountFacts, Act

RULE = Rule(
    "sign_in_loosened",
    "Sign-in was loosened",
    Subject.ACCOUNT,
    Severity.MEDIUM,
    needs=("changes",),
    controls=("CRM-9.2.1", "CRM-13.1.1"),
    iso=("8.5", "8.9"),
    todo="Ask who approved it; if nobody did, undo it.",
    steps=steps.WHO_DID_IT,
)

ACTS = (Act.SIGN_IN_LOOSENED, Act.SSO_NOT_REQUIRED, Act.ADDRESSES_FREE)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by whether the log has it loosening sign-in."""
    for act in ACTS:
        if (seen := account.around.deed(act)) is not None:
            return Fails(f"{words(act)} on {seen.last.date().isoformat()}")
    return did_nothing(account, *ACTS)
