"""A program may do far more than work on records.

Its scopes open everything at once, the people and their rights, exports or sensitive data. Few programs need that,
and a stolen token has all of it.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, listed
from app.inventory.facts import IntegrationFacts

RULE = Rule(
    "integration_over_scoped",
    "Program with broad scopes",
    Subject.INTEGRATION,
    Severity.HIGH,
    needs=("integrations",),
    controls=("CRM-15.1.2", "CRM-15.1.4"),
    iso=("5.15", "5.23"),
    todo="Ask its vendor which scopes it needs, and let it in anew with those.",
    steps=steps.LET_IN_ANEW,
)


def ask(program: IntegrationFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one program by its scopes."""
    if program.active is False:
        return Holds()
    if program.broad is None:
        return CannotTell("the system does not say what its programs may do")
    return Fails(f"its scopes include {listed(program.broad)}") if program.broad else Holds()
