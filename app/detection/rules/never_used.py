"""An active account that was given out and never used.

A new account gets `never_used_days` to be used once. If the system remembers sign-ins only from after the account was
made, an early one may have been forgotten, and we cannot tell.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from app.detection import steps
from app.detection.rule import About, Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, away, days_ago
from app.inventory.facts import AccountFacts

RULE = Rule(
    "never_used",
    "Account never used",
    Subject.ACCOUNT,
    Severity.MEDIUM,
    needs=("accounts",),
    needs_of_programs=("integrations",),
    controls=("CRM-G.1.2",),
    iso=("5.18", "5.16"),
    cause="unused",
    about=About.ACCOUNT,
    todo="Ask who asked for it; an account nobody needs is a way in that nobody watches.",
    steps=steps.DEACTIVATE,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account that has no known sign-in."""
    if account.active is None:
        return CannotTell("the system does not say whether the account is active")
    unused = account.last_login is None and account.last_use is None
    if not account.active or account.frozen or account.kind == "guest" or not unused or away(account, at):
        return Holds()
    if account.created is None:
        return CannotTell("the system does not say when the account was made")
    if account.created > at - timedelta(days=limits.never_used_days):
        return Holds()
    since = account.logins_known_since
    if since is None or since > account.created:
        return CannotTell("sign-ins are not known back to when the account was made")
    return Fails(f"never used in the {days_ago(account.created, at)} days since it was made")
