"""Other people's code in the system, which its vendor has not had reviewed.

It runs beside everything that the system keeps. A review by the CRM's vendor is no proof, but its absence is a reason
to ask.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import PackageFacts

RULE = Rule(
    "package_unreviewed",
    "Package without a security review",
    Subject.PACKAGE,
    Severity.MEDIUM,
    needs=("packages",),
    controls=("CRM-14.2.4", "CRM-15.1.2"),
    iso=("5.22", "8.30"),
    todo="Ask its publisher for a test report, or have the code read; if there is neither, uninstall it.",
    steps={
        "salesforce": (
            "Open Setup, Installed Packages, and the package.",
            "Ask its publisher for the report of a security review or a test.",
            "If there is none, have the code read, or press Uninstall.",
        ),
    },
)


def ask(package: PackageFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one package by its review."""
    if package.reviewed is None:
        return CannotTell("the system does not say which packages were reviewed")
    return Holds() if package.reviewed else Fails(f"by {package.publisher or 'nobody named'}, and not reviewed")
