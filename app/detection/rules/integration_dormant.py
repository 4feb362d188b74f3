"""A program that may enter and has not done so for too long.

Judged by the latest use of the program itself and of its live tokens. Where uses are not told, or not far enough
back, we cannot tell.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, ago, days_ago, within
from app.inventory.facts import IntegrationFacts

RULE = Rule(
    "integration_dormant",
    "Dormant program",
    Subject.INTEGRATION,
    Severity.MEDIUM,
    needs=("integrations",),
    controls=("CRM-15.1.4", "CRM-G.1.2"),
    iso=("5.18", "5.23"),
    todo="Ask its owner; if nobody needs it, shut it out and revoke its tokens.",
    steps={
        "salesforce": (
            "Open Setup, Connected Apps OAuth Usage, and the app.",
            "Find the account, and choose Revoke.",
        ),
        "hubspot": (
            "Open Settings, Integrations, Connected Apps, or Development, Keys for a key.",
            "Disconnect the app, or rotate and then delete the key.",
        ),
    },
)


def ask(program: IntegrationFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one program against `dormant_credential_days`."""
    if program.active is False:
        return Holds()
    if program.used is not None:
        if within(program.used, limits.dormant_credential_days, at):
            return Holds()
        return Fails(f"last used {ago(program.used, at)}")
    since = program.uses_known_since
    if since is None:
        return CannotTell("the system does not say when its programs were used")
    made = program.created
    unused = since if made is None else max(since, made)  # before it was let in, it could not be used
    if within(unused, limits.dormant_credential_days, at):
        begun = made is not None and since <= made
        return Holds() if begun else CannotTell("uses are not known far enough back")
    return Fails(f"not used in the {days_ago(unused, at)} days that its tokens are there")
