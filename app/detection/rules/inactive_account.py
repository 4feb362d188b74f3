"""An active account that nobody has signed in to for too long.

People and programs are judged by their latest sign-in, programs also by the latest use of their tokens. A known absence
stops the clock; a frozen account cannot be signed in to and is left out, and so are guests, who never sign in. An account
that was never used at all is another rule's. The latest sign-in is read with the account: if the system does not tell
it, or has not kept sign-ins for long enough, we cannot tell.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from app.detection.rule import About, Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, away, days_ago
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
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account against `inactive_days`, or `inactive_days_privileged` if it holds a privilege."""
    if account.active is None:
        return CannotTell("the system does not say whether the account is active")
    if not account.active or account.frozen or account.kind == "guest" or away(account, at):
        return Holds()
    cutoff = at - timedelta(days=limits.inactive_days_privileged if account.privileged else limits.inactive_days)
    used = account.last_use if account.kind == "service" else account.last_login
    since = account.logins_known_since
    if used is not None and used > cutoff:
        return Holds()
    if used is not None and since is not None:
        return Fails(f"last used {days_ago(used, at)} days ago")
    if since is None or since > cutoff:  # also when an old sign-in is known and newer ones are no longer told
        return CannotTell("sign-ins are not known far enough back")
    if account.created is not None and since <= account.created:
        return Holds()
    return Fails(f"no sign-in in the {days_ago(since, at)} days that the system remembers")
