"""An account that still works although its person does not work here any more.

Judged from the roster: the end date has passed by more than the grace, or the person is gone from a complete roster. A
frozen account cannot be signed in to and does not fail. Critical when the account holds a privilege.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import About, Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, left
from app.inventory.facts import AccountFacts

RULE = Rule(
    "leaver_active",
    "Leaver's account still active",
    Subject.ACCOUNT,
    Severity.HIGH,
    needs=("accounts", "people"),
    controls=("CRM-9.1.4",),
    iso=("5.18", "6.5"),
    alerts=True,
    cause="leaver",
    about=About.PERSON,
    todo="Freeze it now, end its sessions and tokens, then deactivate it.",
    steps=steps.DEACTIVATE,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account whose person is known."""
    why = left(account, at, limits)
    if why is None or account.active is False or account.frozen:
        return Holds()
    if account.active is None:
        return CannotTell("the system does not say whether the account is active")
    return Fails(why, Severity.CRITICAL if account.privileged else None)
