"""Many people have each let the same program in.

Each token sees what its person sees, so that the program sees nearly everything. One account of its own, with what it
needs, would do.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import IntegrationFacts

RULE = Rule(
    "integration_in_many_hands",
    "Program in many hands",
    Subject.INTEGRATION,
    Severity.LOW,
    needs=("integrations",),
    controls=("CRM-15.1.4",),
    iso=("5.23", "5.15"),
    todo="Let it in by one account of its own, and revoke the people's tokens.",
    steps=steps.LET_IN_ANEW,
)


def ask(program: IntegrationFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one program by how many live tokens it has."""
    if program.active is False:
        return Holds()
    if program.tokens <= limits.tokens_most:
        return Holds()
    return Fails(f"{program.tokens} live tokens")
