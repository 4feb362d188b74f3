"""A token or key still works although its account was switched off or frozen.

Whoever switched the account off meant to end its access. Where its person has left, the rule about leavers' tokens
tells it.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import About, Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, left
from app.inventory.facts import CredentialFacts

RULE = Rule(
    "credential_of_switched_off_account",
    "Token of a switched-off account",
    Subject.CREDENTIAL,
    Severity.HIGH,
    needs=("integrations", "accounts"),
    controls=("CRM-9.1.4", "CRM-15.1.4"),
    iso=("5.18",),
    alerts=True,
    cause="switched_off",
    about=About.ACCOUNT,
    todo="Revoke it; if a program needs it, give the program an account of its own.",
    steps={
        "salesforce": (
            "Open Setup, Connected Apps OAuth Usage, and the app.",
            "Find the account, and choose Revoke.",
        ),
        "hubspot": (
            "Open Settings, Integrations, Connected Apps, or Development, Keys for a key.",
            "Disconnect the app, or rotate and then delete the key.",
        ),
    },
)


def ask(credential: CredentialFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one credential by whether its account can be signed in to."""
    if credential.active is False or (credential.expires is not None and credential.expires <= at):
        return Holds()
    account = credential.account
    if account is None or left(account, at, limits) is not None:
        return Holds()
    if account.active is None and not account.frozen:
        return CannotTell("the system does not say whether the account is active")
    if account.active is not False and not account.frozen:
        return Holds()
    return Fails(f"{account.username} is {'frozen' if account.active else 'switched off'}, and its token is not")
