"""A person can sign in with a password alone.

No second factor is registered. Critical when the account holds a privilege. Programs have none and need none; where
people sign in through a single sign-on that the CRM insists on, the second factor is asked for there, and the CRM
knows nothing of it.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import About, Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, asleep
from app.inventory.facts import AccountFacts

RULE = Rule(
    "second_factor_missing",
    "No second factor",
    Subject.ACCOUNT,
    Severity.HIGH,
    needs=("accounts", "factors"),
    controls=("CRM-9.2.1",),
    iso=("8.5", "5.17"),
    cause="factors",
    about=About.ACCOUNT,
    todo="Have the person register a second factor, or ask for one at every sign-in.",
    steps={
        "salesforce": (
            "Open Setup, Identity Verification, and require multi-factor authentication for all direct UI logins.",
            "Ask the person to register a security key or an authenticator under Advanced User Details.",
        ),
        "hubspot": ("Open Settings, Security, Login, and require two-factor authentication for all users.",),
    },
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one person's account by its registered factors."""
    if (early := asleep(account)) is not None:
        return early
    around = account.around
    if account.kind in ("service", "guest") or around.factors or around.posture.passwords_work is False:
        return Holds()
    if account.kind == "unknown":
        return CannotTell("the system does not say whether a person or a program signs in")
    return Fails("no second factor is registered", Severity.CRITICAL if account.privileged else None)
