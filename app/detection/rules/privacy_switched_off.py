"""The switches that keep the law on personal data were turned off.

Consent and legal bases are no longer asked for. Told by the log's last word.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import SystemFacts

RULE = Rule(
    "privacy_switched_off",
    "Privacy switches off",
    Subject.SYSTEM,
    Severity.HIGH,
    needs=("changes",),
    controls=("CRM-P.1.2", "CRM-P.2.1"),
    iso=("5.34",),
    todo="Turn them on again, and ask the data protection officer what was missed meanwhile.",
    steps={
        "hubspot": (
            "Open Settings, Privacy & Consent, and switch data privacy on.",
            "Ask the data protection officer what was missed meanwhile: consents, and what people were told.",
        ),
    },
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by the log's last word on privacy."""
    on = system.posture.privacy
    if on is None:
        return CannotTell("the log says nothing about the privacy switches")
    return Holds() if on else Fails("the privacy switches were turned off and not on again")
