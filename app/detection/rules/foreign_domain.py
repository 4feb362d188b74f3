"""An active account whose address is at no domain of the people employed here.

The domains are those of the roster's employees. It may be a partner, an agency or a slip of the pen; whoever it is
should be entered in the roster with an end. Addresses at public mail hosts are another rule's.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import names, steps
from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, asleep
from app.inventory.facts import AccountFacts

RULE = Rule(
    "foreign_domain",
    "Address at a foreign domain",
    Subject.ACCOUNT,
    Severity.LOW,
    needs=("accounts", "people"),
    controls=("CRM-9.2.3", "CRM-15.1.4"),
    iso=("5.19", "5.16"),
    todo="Find out whose it is; enter them in the roster with an end, or deactivate it.",
    steps=steps.ENTER,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by the domain of its address."""
    if (early := asleep(account)) is not None:
        return early
    if account.kind in ("guest", "service") or names.anybodys(account.email):
        return Holds()
    if account.around.home is None:
        return CannotTell("its address, or the domains of the people employed here, are not told")
    if account.around.home or (account.person is not None and account.person.end is not None):
        return Holds()
    host = (account.email or "").rpartition("@")[2]
    return Fails(
        f"its address is at {host}, where nobody here has one", Severity.MEDIUM if account.privileged else None
    )
