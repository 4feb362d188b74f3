"""A contractor's account, and nobody has written down when the work ends.

Without an end in the roster nothing will ever say that the account should go.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, asleep
from app.inventory.facts import AccountFacts

RULE = Rule(
    "contractor_without_end",
    "Contractor without an end",
    Subject.ACCOUNT,
    Severity.MEDIUM,
    needs=("accounts", "people"),
    controls=("CRM-9.2.3",),
    iso=("5.18", "5.19"),
    todo="Ask whoever engaged them for an end, and enter it in the roster.",
    steps=steps.ENTER,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by its person's engagement and end."""
    if (early := asleep(account)) is not None:
        return early
    person = account.person
    if person is None or person.kind != "person" or person.engagement == "employee" or person.end is not None:
        return Holds()
    if person.engagement is None:
        return CannotTell("the roster does not say how the person is engaged")
    if person.engagement != "contractor":
        return Holds()
    return Fails(f"{person.name} is a contractor without an end", Severity.HIGH if account.privileged else None)
