"""A key that has been the same for too long.

Judged by when it was made or last rotated. Tokens that a person's consent made renew themselves and are left out;
they are judged by their use.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, days_ago, within
from app.inventory.facts import CredentialFacts

RULE = Rule(
    "key_not_rotated",
    "Key not rotated",
    Subject.CREDENTIAL,
    Severity.MEDIUM,
    needs=("integrations",),
    controls=("CRM-10.1.3",),
    iso=("8.24", "5.17"),
    todo="Make a new one, give it to the program, and delete this one.",
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
    """Judge one key against `rotation_days`."""
    if credential.active is False or (credential.expires is not None and credential.expires <= at):
        return Holds()
    if credential.kind == "oauth_token":
        return Holds()
    if credential.created is None:
        return CannotTell("the system does not say when its keys were made")
    if within(credential.created, limits.rotation_days, at):
        return Holds()
    return Fails(f"the same for {days_ago(credential.created, at)} days")
