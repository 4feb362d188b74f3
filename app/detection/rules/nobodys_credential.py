"""A token or key that is no account's and no known program's.

Nobody can be asked what it is for, and nobody leaving takes it along.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import CredentialFacts

RULE = Rule(
    "nobodys_credential",
    "Key of nobody",
    Subject.CREDENTIAL,
    Severity.HIGH,
    needs=("integrations", "accounts"),
    controls=("CRM-15.1.4",),
    iso=("5.16", "5.9"),
    todo="Find out what enters by it; if nobody knows, revoke it and wait for a call.",
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
    """Judge one credential by whether anything is behind it."""
    if credential.active is False or (credential.expires is not None and credential.expires <= at):
        return Holds()
    if credential.account is not None or credential.integration is not None:
        return Holds()
    return Fails("it belongs to no account and to no program that is known")
