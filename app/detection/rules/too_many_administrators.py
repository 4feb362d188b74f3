"""More accounts may administer the system than anybody can watch.

Counted are those that can sign in. Each of them can undo every other rule here.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import SystemFacts

RULE = Rule(
    "too_many_administrators",
    "Too many administrators",
    Subject.SYSTEM,
    Severity.MEDIUM,
    needs=("accounts", "entitlements", "grants"),
    controls=("CRM-9.1.3", "CRM-G.1.1"),
    iso=("8.2",),
    todo="Keep those who administer every week; the others get what they need of it.",
    steps=steps.TAKE_AWAY,
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by how many administer it."""
    if system.administrators <= limits.administrators_most:
        return Holds()
    return Fails(f"{system.administrators} of {system.accounts} accounts may administer it")
