"""One person has several active accounts in one system.

One of them is usually forgotten, and a leaver loses only the one that everybody knows. An administrator's second
account is a good custom, if somebody wrote down why.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import About, Answer, Fails, Holds, Limits, Rule, Severity, Subject, asleep
from app.inventory.facts import AccountFacts

RULE = Rule(
    "several_accounts",
    "Several accounts of one person",
    Subject.ACCOUNT,
    Severity.LOW,
    needs=("accounts", "people"),
    controls=("CRM-9.1.1",),
    iso=("5.16",),
    cause="several",
    about=About.PERSON,
    todo="Keep the one that is used, and deactivate the others.",
    steps=steps.DEACTIVATE,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by how many others its person has here."""
    if (early := asleep(account)) is not None:
        return early
    others = account.around.siblings
    explained = account.justified_until is not None and account.justified_until > at
    if not others or account.kind in ("service", "guest") or explained:
        return Holds()
    return Fails(f"its person has {others} more active {'account' if others == 1 else 'accounts'} here")
