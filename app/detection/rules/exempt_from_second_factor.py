"""An account is let off what everybody else is asked for when signing in.

A second factor is not asked of it, its password never ends, or security policies pass it over. Programs may need
that; people do not.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Remedy, Rule, Severity, Subject, asleep
from app.inventory.facts import AccountFacts

RULE = Rule(
    "exempt_from_second_factor",
    "Exempt from sign-in rules",
    Subject.ACCOUNT,
    Severity.HIGH,
    needs=("accounts", "entitlements", "grants"),
    controls=("CRM-9.2.1", "CRM-9.2.4"),
    iso=("8.5", "8.2"),
    remedy=Remedy.PRIVILEGES,
    todo="Take the exemption away; a program gets an account of its own instead.",
    steps=steps.TAKE_AWAY,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by whether it may pass over sign-in rules."""
    if (early := asleep(account)) is not None:
        return early
    if "bypass_sign_in" in account.privileges:
        return Holds() if account.kind == "service" else Fails("sign-in rules do not hold for it")
    if account.unknown_privileges:
        return CannotTell("the system does not say what some of its entitlements allow")
    return Holds()
