"""An active account that belongs to nobody the roster knows.

Neither its employee number, nor its e-mail, nor its sign-in name leads to a person or to a registered program. Guests are
left out: they are made by the system, one per site.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import About, Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import AccountFacts

RULE = Rule(
    "nobodys_account",
    "Account of nobody",
    Subject.ACCOUNT,
    Severity.HIGH,
    needs=("accounts", "people"),
    controls=("CRM-9.1.1",),
    iso=("5.16", "5.18"),
    alerts=True,
    cause="nobodys",
    about=About.ACCOUNT,
    todo="Find out whose it is and enter it in the roster, or deactivate it.",
    steps=steps.ENTER,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by whether an identity was matched to it."""
    if account.person is not None or account.active is False or account.kind == "guest":
        return Holds()
    if account.active is None:
        return CannotTell("the system does not say whether the account is active")
    return Fails("nobody in the roster matches it", Severity.CRITICAL if account.privileged else None)
