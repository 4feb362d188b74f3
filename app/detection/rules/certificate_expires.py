"""A certificate that the system signs with has ended, or is about to.

Single sign-ons and programs that trust it stop on that day.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import EndpointFacts

RULE = Rule(
    "certificate_expires",
    "Certificate about to end",
    Subject.ENDPOINT,
    Severity.MEDIUM,
    needs=("endpoints",),
    controls=("CRM-10.1.3",),
    iso=("8.24",),
    alerts=True,
    todo="Make a new one, and give it to whoever trusts the old one, before that day.",
    steps={
        "salesforce": (
            "Open Setup, Certificate and Key Management, and create a new certificate.",
            "Choose it wherever the old one is used, then delete the old one.",
        ),
    },
)


def ask(endpoint: EndpointFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one certificate against `expiry_days`."""
    if endpoint.active is False:
        return Holds()
    if endpoint.kind != "certificate":
        return Holds()
    if endpoint.expires is None:
        return CannotTell("the system does not say when its certificates end")
    if endpoint.expires > at + timedelta(days=limits.expiry_days):
        return Holds()
    if endpoint.expires <= at:
        return Fails(f"ended on {endpoint.expires.date().isoformat()}", Severity.HIGH)
    return Fails(f"ends on {endpoint.expires.date().isoformat()}")
