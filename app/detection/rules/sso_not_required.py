"""People can come in past the single sign-on.

A password works beside it, so that the second factor, the leaver's end and the watch that the identity provider keeps
can all be gone around.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import SystemFacts

RULE = Rule(
    "sso_not_required",
    "Single sign-on not required",
    Subject.SYSTEM,
    Severity.MEDIUM,
    needs=("settings",),
    controls=("CRM-9.2.1",),
    iso=("8.5",),
    todo="Require the single sign-on for everybody but one emergency account.",
    steps={
        "salesforce": (
            "Open Setup, Single Sign-On Settings; see that everybody can come in through it.",
            "Disable login with Salesforce credentials there, or by the permission Is Single Sign-On Enabled.",
            "Keep one emergency account that can still sign in, and watch it.",
        ),
        "hubspot": (
            "Open Settings, Security, Login, and see that the single sign-on works for everybody.",
            "Require it, and leave out one emergency user.",
        ),
    },
)


def ask(system: SystemFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one system by whether passwords work beside its single sign-on."""
    work = system.posture.passwords_work
    if work is None:
        return CannotTell("the system does not say whether its single sign-on is required")
    return Fails("passwords work beside the single sign-on, or there is none") if work else Holds()
