"""An active account that holds a privilege without a reason on file.

A reason is written down by an admin for one account, with an end. Where a system does not tell what an entitlement allows,
and nothing else shows a privilege, we cannot tell.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Remedy, Rule, Severity, Subject
from app.inventory.facts import AccountFacts

RULE = Rule(
    "privileged_without_reason",
    "Privileged access without a reason on file",
    Subject.ACCOUNT,
    Severity.HIGH,
    needs=("accounts", "entitlements", "grants"),
    controls=("CRM-9.1.3",),
    iso=("8.2", "8.18"),
    remedy=Remedy.PRIVILEGES,
    todo="Write down why it is needed and until when, or take the privilege away.",
    steps={
        "": (
            "Ask the person what they need it for, and until when.",
            "Write it down: `rolecall justify`.",
            "If there is no reason, start the removal of what brings the privilege from this finding.",
        ),
    },
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by its privileges and the reason on file."""
    if account.active is False:
        return Holds()
    if not account.privileged:
        if account.unknown_privileges:
            return CannotTell("the system does not say what some of its entitlements allow")
        return Holds()
    if account.justified_until is not None and account.justified_until > at:
        return Holds()
    everything = "administer" in account.privileges
    what = "administer everything" if everything else ", ".join(p.replace("_", " ") for p in account.privileges)
    lapsed = "its reason ran out" if account.justified_until is not None else "no reason on file"
    return Fails(f"may {what}; {lapsed}")
