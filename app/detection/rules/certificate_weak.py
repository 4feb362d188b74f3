"""A certificate's key is short, or may be carried out of the system.

Below 2048 bits a key can be computed. A key that may be exported is as safe as the last file that it was put in.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import EndpointFacts

RULE = Rule(
    "certificate_weak",
    "Weak certificate",
    Subject.ENDPOINT,
    Severity.LOW,
    needs=("endpoints",),
    controls=("CRM-10.1.3", "CRM-10.1.4"),
    iso=("8.24",),
    todo="Make a new one with 4096 bits whose key cannot be exported.",
    steps={
        "salesforce": (
            "Open Setup, Certificate and Key Management, and create one of 4096 bits, its key not exportable.",
            "Give it to whoever trusts the old one, and choose it where the old one is used.",
            "Delete the old one when nothing uses it any more.",
        ),
    },
)


def ask(endpoint: EndpointFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one certificate by its key."""
    if endpoint.active is False:
        return Holds()
    if endpoint.kind != "certificate":
        return Holds()
    if endpoint.key_bits is not None and endpoint.key_bits < 2048:
        return Fails(f"its key has {endpoint.key_bits} bits", Severity.MEDIUM)
    if endpoint.exportable:
        return Fails("its key may be exported")
    if endpoint.key_bits is None or endpoint.exportable is None:
        return CannotTell("the system does not say what its keys are made of")
    return Holds()
