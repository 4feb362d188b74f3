"""Anybody may let this program in for themselves.

One person's consent is enough, and nobody is asked. It is how data were taken from hundreds of companies at once: by
a consent that somebody talked a person into.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import IntegrationFacts

RULE = Rule(
    "integration_self_authorised",
    "Program that anybody may let in",
    Subject.INTEGRATION,
    Severity.HIGH,
    needs=("integrations",),
    controls=("CRM-15.1.4", "CRM-13.2.1"),
    iso=("5.23", "8.3"),
    todo="Let only approved people use it, and give the approval by a permission set.",
    steps={
        "salesforce": (
            "Open Setup, Manage Connected Apps, the app, and Edit Policies.",
            "Under Permitted Users choose Admin approved users are pre-authorized.",
            "Under the app's permission sets add those whose holders may use it.",
        ),
    },
)


def ask(program: IntegrationFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one program by who may let it in."""
    if program.active is False:
        return Holds()
    if program.anybody is None:
        return CannotTell("the system does not say who may let its programs in")
    return Fails("people may let it in for themselves") if program.anybody else Holds()
