"""Somebody changed jobs and still holds what the old job needed.

The change is seen in the account's own department, title or manager, from one reading to the next. After
`mover_grace_days` every grant from before the change is asked about, until `mover_days` have gone by: by then a
review has. A change that nobody entered in the CRM is not seen here; the rule about departments that differ may see
it.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import About, Answer, Fails, Holds, Limits, Rule, Severity, Subject, ago, asleep, within
from app.inventory.facts import AccountFacts

RULE = Rule(
    "mover_keeps_access",
    "Access kept after a change of job",
    Subject.ACCOUNT,
    Severity.MEDIUM,
    needs=("accounts", "grants"),
    controls=("CRM-9.1.4",),
    iso=("5.18", "6.5"),
    cause="mover",
    about=About.PERSON,
    todo="Go through what it holds with the new manager, and take away what the old job needed.",
    steps=steps.TAKE_AWAY,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by when it last changed department, title or manager."""
    if (early := asleep(account)) is not None:
        return early
    around = account.around
    if around.moved is None or not within(around.moved, limits.mover_days, at):
        return Holds()
    if within(around.moved, limits.mover_grace_days, at) or not around.kept:
        return Holds()
    kept = "an entitlement" if around.kept == 1 else f"{around.kept} entitlements"
    return Fails(f"changed jobs {ago(around.moved, at)} and still holds {kept} from before")
