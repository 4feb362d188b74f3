"""Somebody with privileges signs in with a second factor that can be asked for on a false page.

A code from an app or a message is typed wherever it is asked for. A security key or a passkey answers to the true
page alone.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import (
    About,
    Answer,
    CannotTell,
    Fails,
    Holds,
    Limits,
    Rule,
    Severity,
    Subject,
    asleep,
    listed,
    words,
)
from app.inventory.facts import AccountFacts

RULE = Rule(
    "weak_second_factor",
    "Privileged, with a weak second factor",
    Subject.ACCOUNT,
    Severity.HIGH,
    needs=("accounts", "factors", "entitlements", "grants"),
    controls=("CRM-9.2.1",),
    iso=("8.5", "8.2"),
    cause="factors",
    about=About.ACCOUNT,
    todo="Have the person register a security key or a passkey, then take the weaker factors away.",
    steps={
        "salesforce": (
            "Have the person open their own settings, Advanced User Details, and register a security key.",
            "Open Setup, Users, and the account; disconnect the weaker method there.",
            "To ask for it of everybody who is privileged, search Setup for Identity Verification.",
        ),
        "hubspot": (
            "Have the person open their profile's Security page and set up a passkey.",
            "Take the weaker method away on the same page.",
        ),
    },
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one privileged person's account by whether any factor resists phishing."""
    if (early := asleep(account)) is not None:
        return early
    around = account.around
    if account.kind in ("service", "guest") or not account.privileged or not around.factors:
        if account.kind != "service" and not account.privileged and account.unknown_privileges and around.factors:
            return CannotTell("the system does not say what some of its entitlements allow")
        return Holds()
    if around.strong_factor is None:
        return CannotTell("the system does not say whether its factors resist phishing")
    if around.strong_factor:
        return Holds()
    return Fails(f"privileged, and only {listed([words(each) for each in around.factors])}")
