"""The roster and the CRM name different departments for the same person.

One of the two was not told of a change of job. What the CRM gives by department, and who reviews it, rests on the
wrong one. Where either does not say, there is nothing to compare.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import About, Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, asleep
from app.inventory.facts import AccountFacts

RULE = Rule(
    "department_differs",
    "Department differs from the roster",
    Subject.ACCOUNT,
    Severity.LOW,
    needs=("accounts", "people"),
    controls=("CRM-9.1.4",),
    iso=("5.16", "5.18"),
    cause="mover",
    about=About.PERSON,
    todo="Correct the one that is wrong, then look at what the account holds.",
    steps=steps.ENTER,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by its own department and its person's."""
    if (early := asleep(account)) is not None:
        return early
    ours = account.person.department if account.person is not None else None
    theirs = account.department
    if ours is None or theirs is None:
        return CannotTell("the department is not told on both sides") if account.person is not None else Holds()
    if ours.strip().lower() == theirs.strip().lower():
        return Holds()
    return Fails(f"{theirs} in the CRM, {ours} in the roster")
