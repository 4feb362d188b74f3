"""A token or key that still works and belongs to somebody who does not work here any more.

It outlives the sign-in: deactivating or freezing an account does not, everywhere, end the programs that enter in its name.
Critical when it was used after its person had left, or when the account holds a privilege.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import About, Answer, Fails, Holds, Limits, Rule, Severity, Subject, left
from app.inventory.facts import CredentialFacts

RULE = Rule(
    "leaver_credential",
    "Leaver's token still live",
    Subject.CREDENTIAL,
    Severity.HIGH,
    needs=("integrations", "accounts", "people"),
    controls=("CRM-9.1.4",),
    iso=("5.18", "6.5"),
    alerts=True,
    cause="leaver",
    about=About.PERSON,
    todo="Revoke it now, and look at what it did since its person left.",
    steps=steps.REVOKE,
)


def ask(credential: CredentialFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one credential by the person behind its account."""
    if credential.active is False or (credential.expires is not None and credential.expires <= at):
        return Holds()
    account = credential.account
    why = left(account, at, limits) if account is not None else None
    if account is None or why is None:
        return Holds()
    end = account.person.end if account.person is not None else None
    used = credential.last_used
    after = end is not None and used is not None and used.date() > end
    told = f"{why}; the token was used since" if after else why
    return Fails(told, Severity.CRITICAL if after or account.privileged else None)
