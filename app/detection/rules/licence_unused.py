"""A paid licence on an account that nobody uses.

Judged as inactivity is, but sooner: it is about money, not about risk. Where the system does not keep sign-ins long
enough, we cannot tell.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
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
    away,
    within,
)
from app.detection.use import Use, use_of
from app.inventory.facts import AccountFacts

RULE = Rule(
    "licence_unused",
    "Paid licence without use",
    Subject.ACCOUNT,
    Severity.LOW,
    needs=("accounts",),
    needs_of_programs=("integrations",),
    controls=("CRM-G.1.2",),
    iso=("5.18",),
    cause="unused",
    about=About.ACCOUNT,
    todo="Ask whether it is still needed; deactivating the account frees the licence.",
    steps=steps.DEACTIVATE,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one licensed account against `unused_licence_days`."""
    if (early := asleep(account)) is not None:
        return early
    new = within(account.created, limits.unused_licence_days, at)
    if not account.licence or new or account.kind == "guest" or away(account, at):
        return Holds()
    use = use_of(account, at, limits.unused_licence_days)
    if use == Use.UNKNOWN_BEYOND_RETENTION:
        return CannotTell("sign-ins are not known far enough back")
    if use == Use.ACTIVE:
        return Holds()
    return Fails(f"the licence {account.licence} is paid for and was not used in {limits.unused_licence_days} days")
