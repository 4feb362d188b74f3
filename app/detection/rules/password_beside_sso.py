"""Somebody signs in with a password where everybody comes through the single sign-on.

The password is a way past the identity provider: past its second factor, and still open when the person leaves there.
Judged where the same account, or its system, is known to use a single sign-on.
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
    ago,
    asleep,
    came_otherwise,
    times,
)
from app.inventory.facts import AccountFacts, Way

RULE = Rule(
    "password_beside_sso",
    "Password used beside the single sign-on",
    Subject.ACCOUNT,
    Severity.HIGH,
    needs=("accounts", "logins"),
    controls=("CRM-9.2.1",),
    iso=("8.5", "5.17"),
    cause="password_beside_sso",
    about=About.SYSTEM,
    todo="Switch off passwords for whoever has the single sign-on; keep one emergency account.",
    steps={
        "salesforce": (
            "Open Setup, Single Sign-On Settings.",
            "Choose Disable login with Salesforce credentials; keep one emergency account that may pass.",
        ),
    },
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by the ways it signed in of late."""
    if (early := asleep(account)) is not None:
        return early
    around = account.around
    by_password, by_sso = around.way(Way.PASSWORD), around.way(Way.SSO)
    if account.kind == "service":
        return Holds()
    if by_password is None:
        return came_otherwise(account)
    if by_sso is None and around.posture.sso is None:
        return CannotTell("it is not told whether there is a single sign-on")
    if by_sso is None and not around.posture.sso:
        return Holds()
    return Fails(f"signed in by password {times(by_password.times)} of late, last {ago(by_password.last, at)}")
