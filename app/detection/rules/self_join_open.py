"""Whoever has an address at the right domain lets themselves in.

Nobody asks for the account and nobody approves it. Told by the log, once somebody has come in that way.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import SystemFacts

RULE = Rule(
    "self_join_open",
    "Joining by domain is on",
    Subject.SYSTEM,
    Severity.MEDIUM,
    needs=("changes",),
    controls=("CRM-9.1.1",),
    iso=("5.16",),
    todo="Switch joining by domain off.",
    steps={
        "hubspot": (
            "Open Settings, Users & Teams, and search it for joining by domain.",
            "Switch it off; people are invited from then on.",
        ),
    },
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by whether anybody joined by themselves."""
    joins = system.posture.self_join
    if joins is None:
        return CannotTell("nobody was seen to join by themselves; whether they could is not told")
    return Fails("somebody let themselves in by their address alone") if joins else Holds()
