"""A person's account has its address where anybody can have a mailbox.

A new password is sent there, past everything that the company's own mail is guarded by, and the mailbox stays when
the person leaves.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import names
from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, asleep
from app.inventory.facts import AccountFacts

RULE = Rule(
    "private_address",
    "Private mail address",
    Subject.ACCOUNT,
    Severity.MEDIUM,
    needs=("accounts",),
    controls=("CRM-9.2.3",),
    iso=("5.16", "5.14"),
    todo="Change it to the person's address at the company.",
    steps={
        "salesforce": (
            "Open Setup, Users, and the account; press Edit.",
            "Enter the person's address at the company; they confirm it by a link.",
        ),
        "hubspot": (
            "Invite the person under their address at the company, with what they need.",
            "Hand the old user's records over, and remove it: a user's address cannot be changed for them.",
        ),
    },
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by the host of its address."""
    if (early := asleep(account)) is not None:
        return early
    if account.kind == "guest" or account.around.outside:
        return Holds()
    if account.email is None:
        return CannotTell("the system does not say its address")
    host = names.anybodys(account.email)
    return Fails(f"its address is at {host}", Severity.HIGH if account.privileged else None) if host else Holds()
