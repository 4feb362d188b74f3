"""An active account that nobody has signed in to for too long.

People are judged by their latest sign-in, programs also by the latest use of their tokens. A known absence stops the
clock; a frozen account cannot be signed in to and is left out, and so are guests, who never sign in. An account that
was never used at all is another rule's. What the system has forgotten is unknown and not unused: if it does not tell
sign-ins, or has not kept them for long enough, we cannot tell. Where grants or entitlements were not read, nobody is
known to be privileged, and every account is judged as an ordinary one, by the longer of the two times.
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
    away,
    days_ago,
)
from app.detection.use import Use, last_used, use_of
from app.inventory.facts import AccountFacts

RULE = Rule(
    "inactive_account",
    "Inactive account",
    Subject.ACCOUNT,
    Severity.HIGH,
    needs=("accounts",),
    needs_of_programs=("integrations",),
    controls=("CRM-G.1.2",),
    iso=("5.18", "8.2"),
    alerts=True,
    cause="unused",
    about=About.ACCOUNT,
    todo="Ask the manager whether it is still needed; if not, deactivate it.",
    steps={
        "salesforce": (
            "Open Setup, Users, and the account.",
            "Choose Freeze; it takes effect at the next sign-in.",
            "Under OAuth Connected Apps on the same page, revoke its tokens.",
            "Uncheck Active once nothing rests on the account any more.",
        ),
        "hubspot": (
            "Open Settings, Users & Teams.",
            "Choose the user, then Deactivate; there is no API for it.",
            "Give what it owns to somebody else before you remove it.",
        ),
    },
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account against `inactive_days`, or `inactive_days_privileged` if it holds a privilege."""
    if (early := asleep(account)) is not None:
        return early
    if account.kind == "guest" or away(account, at):
        return Holds()
    days = limits.inactive_days_privileged if account.privileged else limits.inactive_days
    use = use_of(account, at, days)
    if use == Use.UNKNOWN_BEYOND_RETENTION:
        return CannotTell("sign-ins are not known far enough back")
    if use != Use.INACTIVE:
        return Holds()
    used, since = last_used(account), account.logins_known_since
    if used is not None:
        return Fails(f"last used {ago(used, at)}")
    return Fails(f"no sign-in in the {days_ago(since or at, at)} days that the system remembers")
