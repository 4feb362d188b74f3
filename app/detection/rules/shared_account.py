"""An account that is named for a function, so that nobody knows who used it.

Judged by its username ("sales", "info2"), for accounts that a person signs in to. What is done by it is nobody's
deed, its password is known to whoever ever worked there, and no leaver's checklist has it.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import names
from app.detection.rule import Answer, Fails, Holds, Limits, Rule, Severity, Subject, asleep
from app.inventory.facts import AccountFacts

RULE = Rule(
    "shared_account",
    "Account named for a function",
    Subject.ACCOUNT,
    Severity.MEDIUM,
    needs=("accounts",),
    controls=("CRM-9.1.1", "CRM-9.1.3"),
    iso=("5.16", "5.17"),
    todo="Give each of its users an account of their own, or make it a program's and enter it in the roster as one.",
    steps={
        "salesforce": (
            "Ask who signs in with it, and make an account for each of them.",
            "If a program does, enter it in the roster as a program, and let it use the API alone.",
            "Open Setup, Users, and the account; change its password, and deactivate it when nobody needs it.",
        ),
        "hubspot": (
            "Ask who signs in with it, and invite each of them.",
            "If a program does, let it in by an app of its own.",
            "Open Settings, Users & Teams, and remove the shared user.",
        ),
    },
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by its username."""
    if (early := asleep(account)) is not None:
        return early
    if account.kind in ("service", "guest") or (account.person is not None and account.person.kind == "service"):
        return Holds()
    word = names.generic(account.username)
    if word is None:
        return Holds()
    return Fails(f"named for a function ({word}), not for a person", Severity.HIGH if account.privileged else None)
