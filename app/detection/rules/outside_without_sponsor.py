"""A partner's or a customer's account that nobody in the roster answers for.

Its licence says that it belongs to somebody outside. Entered in the roster, with a manager and an end, it has a
sponsor; without, nobody here would know when it should go.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, asleep
from app.inventory.facts import AccountFacts

RULE = Rule(
    "outside_without_sponsor",
    "Outside account without a sponsor",
    Subject.ACCOUNT,
    Severity.MEDIUM,
    needs=("accounts", "people"),
    controls=("CRM-9.2.3", "CRM-15.1.4"),
    iso=("5.19", "5.18"),
    todo="Name a sponsor and an end in the roster, or deactivate it.",
    steps=steps.ENTER,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account of a partner or customer by who answers for it."""
    if (early := asleep(account)) is not None:
        return early
    if account.around.outside is None:
        return CannotTell("the system does not say whose licence it is")
    if not account.around.outside:
        return Holds()
    person = account.person
    if person is None or person.manager_id is None:
        return Fails("an outside account that nobody here answers for")
    return Holds() if person.end is not None else Fails(f"{person.name} is from outside, and has no end")
