"""The system calls, trusts or loads from an address that was not there before.

Data may go there from now on. What was there at the system's first reading is not new.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, Fails, Holds, Limits, Rule, Severity, Subject, within
from app.inventory.facts import EndpointFacts

RULE = Rule(
    "endpoint_new",
    "New address",
    Subject.ENDPOINT,
    Severity.LOW,
    needs=("endpoints",),
    controls=("CRM-13.1.2", "CRM-13.2.1"),
    iso=("8.20", "5.14"),
    todo="Ask who added it and what for; write it down with the program it belongs to.",
    steps={
        "salesforce": (
            "Open Setup, View Setup Audit Trail, and see who added the address.",
            "Ask what for, and write it down on the card of the program that it belongs to.",
            "Open Setup, Remote Site Settings, or Named Credentials, and delete what nobody can explain.",
        ),
    },
)


def ask(endpoint: EndpointFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one address by when it appeared."""
    if endpoint.active is False:
        return Holds()
    if (
        endpoint.kind == "certificate"
        or endpoint.appeared is None
        or not within(endpoint.appeared, limits.new_days, at)
    ):
        return Holds()
    return Fails(f"new since {endpoint.appeared.date().isoformat()}")
