"""A program has a way in, and nobody answers for it.

Nobody owns it, or its owner was switched off or has left. Somebody will have to say what it is for, what data it
sees, and when it may go.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, left
from app.inventory.facts import IntegrationFacts

RULE = Rule(
    "integration_without_owner",
    "Program without an owner",
    Subject.INTEGRATION,
    Severity.HIGH,
    needs=("integrations", "accounts", "people"),
    controls=("CRM-15.1.4", "CRM-F.3", "CRM-D.2.2"),
    iso=("5.9", "5.19"),
    todo="Find somebody who needs it and make them its owner; if there is nobody, shut it out.",
    steps={
        "salesforce": (
            "Open Setup, Connected Apps OAuth Usage, the app, and see who lets it in, and when it was last used.",
            "Ask these people; enter whoever needs it as owner on the integration's card here.",
            "If nobody does, press Block there.",
        ),
        "hubspot": (
            "Open Settings, Integrations, Connected Apps, and the app; see who connected it.",
            "Enter whoever needs it as owner on the integration's card here.",
            "If nobody does, uninstall the app.",
        ),
    },
)


def ask(program: IntegrationFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one program by its owner."""
    if program.active is False:
        return Holds()
    owner = program.owner
    if owner is None:
        return Fails("nobody owns it")
    why = left(owner, at, limits)
    if why is not None:
        return Fails(f"its owner is gone: {why}")
    if owner.active is False:
        return Fails(f"its owner {owner.username} is switched off")
    return CannotTell("the system does not say whether its owner is active") if owner.active is None else Holds()
