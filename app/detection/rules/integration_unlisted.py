"""A program enters, and the system's own list of programs does not have it.

It is known by its tokens alone: used, and never installed. No policy can be set for what is not installed.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import IntegrationFacts

RULE = Rule(
    "integration_unlisted",
    "Program that is not installed",
    Subject.INTEGRATION,
    Severity.HIGH,
    needs=("integrations",),
    controls=("CRM-15.1.4", "CRM-D.2.2"),
    iso=("5.9", "5.23"),
    alerts=True,
    todo="Install it, with a policy, or revoke its tokens and block it.",
    steps={
        "salesforce": (
            "Open Setup, Connected Apps OAuth Usage.",
            "Choose Install beside the app, then set its policy; or choose Block.",
        ),
    },
)


def ask(program: IntegrationFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one program by whether the system lists it."""
    if program.active is False:
        return Holds()
    if program.kind != "uninstalled_app":
        return Holds()
    return (
        Fails(f"{program.tokens} {'token' if program.tokens == 1 else 'tokens'}, and nobody installed it")
        if program.tokens
        else Holds()
    )
