"""A privilege reaches an account only through something that something else holds.

Nobody who looks at the account's own list sees it, and whoever edits the inner one gives it to everybody who holds
the outer one.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, Fails, Holds, Limits, Remedy, Rule, Severity, Subject, asleep, listed, words
from app.inventory.facts import AccountFacts

RULE = Rule(
    "hidden_privilege",
    "Privilege by a detour",
    Subject.ACCOUNT,
    Severity.LOW,
    needs=("accounts", "entitlements", "grants"),
    controls=("CRM-9.1.3", "CRM-G.1.1"),
    iso=("8.2", "5.18"),
    remedy=Remedy.PRIVILEGES,
    todo="Grant it directly, or take the inner one out of the outer one.",
    steps={
        "salesforce": (
            "Open Setup, Permission Set Groups, and the group on the way that the finding names.",
            "Take the permission set out of it, or mute the permission.",
            "Assign it directly to those who need it.",
        ),
    },
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by privileges that nesting alone gives it."""
    if (early := asleep(account)) is not None:
        return early
    detours = account.around.detours
    return Fails(f"may {listed([words(each) for each in detours])} by nesting alone") if detours else Holds()
