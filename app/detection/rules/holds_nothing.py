"""An active account that holds nothing at all.

Either it is left over from something that was taken away, or the CRM gives it a default that no list shows. It costs
a seat either way.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, Fails, Holds, Limits, Rule, Severity, Subject, asleep
from app.inventory.facts import AccountFacts

RULE = Rule(
    "holds_nothing",
    "Account without any entitlement",
    Subject.ACCOUNT,
    Severity.LOW,
    needs=("accounts", "grants"),
    controls=("CRM-9.2.2",),
    iso=("5.18",),
    todo="Give it what its job is meant to have, or deactivate it.",
    steps=steps.DEACTIVATE,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by how many grants it has."""
    if (early := asleep(account)) is not None:
        return early
    if account.kind == "guest" or account.around.grants:
        return Holds()
    return Fails("active, and nothing is granted to it")
