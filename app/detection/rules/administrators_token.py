"""A program enters with everything that an administrator may do.

Its token was made by somebody who may do everything, and it may do the same, whatever the program needs.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import CredentialFacts

RULE = Rule(
    "administrators_token",
    "Program with an administrator's token",
    Subject.CREDENTIAL,
    Severity.MEDIUM,
    needs=("integrations", "accounts", "entitlements", "grants"),
    controls=("CRM-15.1.4", "CRM-9.1.3"),
    iso=("8.2", "5.15"),
    todo="Let the program in anew, by an account that has what it needs and no more.",
    steps=steps.LET_IN_ANEW,
)


def ask(credential: CredentialFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one credential by the privileges of its account."""
    if credential.active is False or (credential.expires is not None and credential.expires <= at):
        return Holds()
    account = credential.account
    if account is None or account.kind == "service" or account.active is False or credential.integration is None:
        return Holds()
    if "administer" in account.privileges:
        return Fails(f"{credential.integration} enters as {account.username}, who may administer everything")
    if account.unknown_privileges:
        return CannotTell("the system does not say what some of its entitlements allow")
    return Holds()
