"""A program holds everything.

It needs the records that it works with. Whoever gets hold of its key gets all the rest as well: the people, their
rights and the log.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Remedy, Rule, Severity, Subject, asleep
from app.inventory.facts import AccountFacts

RULE = Rule(
    "program_administers",
    "Program with everything",
    Subject.ACCOUNT,
    Severity.HIGH,
    needs=("accounts", "entitlements", "grants"),
    controls=("CRM-9.1.3", "CRM-15.1.4"),
    iso=("8.2", "5.15"),
    remedy=Remedy.PRIVILEGES,
    todo="Give it a permission set with the records it needs, and take the rest away.",
    steps=steps.TAKE_AWAY,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one program's account by whether it administers."""
    if (early := asleep(account)) is not None:
        return early
    if account.kind != "service":
        return Holds()
    if "administer" in account.privileges:
        return Fails("a program that may administer everything")
    if account.unknown_privileges:
        return CannotTell("the system does not say what some of its entitlements allow")
    return Holds()
