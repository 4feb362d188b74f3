"""The system calls an address without TLS, or with its protection switched off.

Whoever stands between reads what is sent, and can answer in its place. Certificates are other rules' matter.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import EndpointFacts

RULE = Rule(
    "endpoint_unguarded",
    "Address without protection",
    Subject.ENDPOINT,
    Severity.HIGH,
    needs=("endpoints",),
    controls=("CRM-10.1.1", "CRM-13.1.4"),
    iso=("8.24", "8.21"),
    todo="Change the address to https, or remove it.",
    steps={
        "salesforce": (
            "Open Setup, Remote Site Settings, or Named Credentials.",
            "Write the address with https, and uncheck Disable Protocol Security.",
        ),
    },
)


def ask(endpoint: EndpointFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one address by how it is guarded."""
    if endpoint.active is False:
        return Holds()
    if endpoint.kind == "certificate" or endpoint.guarded:
        return Holds()
    if endpoint.guarded is None:
        return Holds() if endpoint.address is None else CannotTell("the system does not say how the address is guarded")
    return Fails(f"{endpoint.address or endpoint.name} is called without protection")
