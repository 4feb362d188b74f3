"""A token or key that can still be used and has not been used for too long.

Judged by its latest use; one that was never used, by when it was made. If the system does not say when credentials were
used, or remembers too little, we cannot tell.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from app.detection import steps
from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, ago, days_ago
from app.inventory.facts import CredentialFacts

RULE = Rule(
    "dormant_credential",
    "Dormant integration credential",
    Subject.CREDENTIAL,
    Severity.MEDIUM,
    needs=("integrations",),
    controls=("CRM-G.1.2",),
    iso=("5.18", "5.23"),
    todo="Revoke it; whoever still needs it will ask, and then there is an owner.",
    steps=steps.REVOKE,
)


def ask(credential: CredentialFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one credential against `dormant_credential_days`."""
    if credential.active is False or (credential.expires is not None and credential.expires <= at):
        return Holds()
    cutoff = at - timedelta(days=limits.dormant_credential_days)
    if credential.last_used is not None:
        used = credential.last_used
        return Holds() if used > cutoff else Fails(f"last used {ago(used, at)}")
    since = credential.uses_known_since
    if since is None:
        return CannotTell("the system does not say when its credentials were used")
    made = credential.created
    unused = since if made is None else max(since, made)  # before it was made, nobody could use it
    if unused > cutoff:
        return Holds() if made is not None and since <= made else CannotTell("uses are not known far enough back")
    return Fails(f"not used in {days_ago(unused, at)} days")
