"""Some kinds of account have a weaker password policy than the system.

The policy that is shown to an auditor is not the one that holds for them.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, listed
from app.inventory.facts import SystemFacts

RULE = Rule(
    "password_policy_overridden",
    "Weaker password policy for some",
    Subject.SYSTEM,
    Severity.MEDIUM,
    needs=("settings",),
    controls=("CRM-9.2.4",),
    iso=("5.17",),
    todo="Give those kinds of account the system's own policy.",
    steps={
        "salesforce": ("Open Setup, Profiles, the profile, Password Policies, and set it as the org's.",),
    },
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by the policies of its kinds of account."""
    weaker = system.posture.weaker_profiles
    if weaker is None:
        return CannotTell("the system does not say which password policies its kinds of account have")
    return Fails(f"shorter passwords are enough for {listed(weaker)}") if weaker else Holds()
