"""A token or key that is about to end.

What enters by it stops on that day, mostly at night. Renewed in time, it is also a chance to ask whether it is still
needed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from app.detection import steps
from app.detection.rule import Answer, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import CredentialFacts

RULE = Rule(
    "key_expires_soon",
    "Key about to end",
    Subject.CREDENTIAL,
    Severity.LOW,
    needs=("integrations",),
    controls=("CRM-10.1.3",),
    iso=("8.24",),
    todo="Renew it, or write down that it may end.",
    steps=steps.RENEW,
)


def ask(credential: CredentialFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one credential against `expiry_days`."""
    if credential.active is False or (credential.expires is not None and credential.expires <= at):
        return Holds()
    if credential.expires is None or credential.expires > at + timedelta(days=limits.expiry_days):
        return Holds()
    return Fails(f"ends on {credential.expires.date().isoformat()}")
