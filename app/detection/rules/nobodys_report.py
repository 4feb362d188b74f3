"""An account whose person has no manager in the roster.

Nobody is asked about it in a review but whoever stands in for everybody, and nobody is told when it should change.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import About, Answer, Fails, Holds, Limits, Rule, Severity, Subject, asleep
from app.inventory.facts import AccountFacts

RULE = Rule(
    "nobodys_report",
    "Nobody's report",
    Subject.ACCOUNT,
    Severity.LOW,
    needs=("accounts", "people"),
    controls=("CRM-7.1.3", "CRM-7.2.3"),
    iso=("5.2", "5.4"),
    cause="nobodys_report",
    about=About.PERSON,
    todo="Enter the manager in the roster; for the head of the company, say so in a waiver.",
    steps=steps.ENTER,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one person's account by whether a manager is known."""
    if (early := asleep(account)) is not None:
        return early
    person = account.person
    if person is None or person.kind != "person" or not person.in_roster or person.manager_id is not None:
        return Holds()
    return Fails(f"{person.name} has no manager in the roster")
