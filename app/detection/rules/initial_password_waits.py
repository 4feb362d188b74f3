"""An account was made, its first password was sent, and nobody has used it.

Until then the mail that holds it is a key. Judged by when the password was last changed, where the system tells it,
and against sign-ins that are known back to that day.
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
    asleep,
    days_ago,
    within,
)
from app.inventory.facts import AccountFacts

RULE = Rule(
    "initial_password_waits",
    "First password still waiting",
    Subject.ACCOUNT,
    Severity.MEDIUM,
    needs=("accounts",),
    controls=("CRM-9.2.4",),
    iso=("5.17",),
    cause="unused",
    about=About.ACCOUNT,
    todo="Let the password run out, and send a new one when the person is there.",
    steps={
        "salesforce": (
            "Open Setup, Users, and the account; press Freeze.",
            "When the person is there, unfreeze it and press Reset Password: the old mail is worth nothing then.",
        ),
        "hubspot": (
            "Open Settings, Users & Teams, and the user.",
            "Remove the invitation, and send a new one when the person is there.",
        ),
    },
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account that was never signed in to by the age of its password."""
    if (early := asleep(account)) is not None:
        return early
    if account.kind in ("guest", "service") or account.last_login is not None:
        return Holds()
    changed = account.around.password_changed or account.created
    if changed is None:
        return CannotTell("the system does not say when the password was set")
    if within(changed, limits.initial_password_days, at):
        return Holds()
    since = account.logins_known_since
    if since is None or (account.created is not None and since > account.created):
        return CannotTell("sign-ins are not known back to when the account was made")
    return Fails(f"its first password has waited for {days_ago(changed, at)} days")
