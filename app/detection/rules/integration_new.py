"""A program got a way in of late.

Its purpose, its data, its vendor and its risk are to be written down before it is used in earnest. What was there at
the system's first reading is not new.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, Fails, Holds, Limits, Rule, Severity, Subject, within
from app.inventory.facts import IntegrationFacts

RULE = Rule(
    "integration_new",
    "New program",
    Subject.INTEGRATION,
    Severity.MEDIUM,
    needs=("integrations",),
    controls=("CRM-D.1.2", "CRM-F.3", "CRM-G.2.2"),
    iso=("5.19", "5.23"),
    alerts=True,
    todo="Assess it: owner, purpose, data, vendor, contract; somebody else than who asked for it approves.",
    steps={
        "": (
            "Open the integration's page here; its card was opened by itself.",
            "Fill in purpose, owner, vendor, contract, data and risk.",
            "Have somebody else than who asked for it approve.",
        ),
    },
)


def ask(program: IntegrationFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one program by when it appeared."""
    if program.active is False:
        return Holds()
    if not within(program.appeared, limits.new_days, at) or program.appeared is None:
        return Holds()
    return Fails(f"new since {program.appeared.date().isoformat()}")
