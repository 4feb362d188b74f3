"""A package's licence has ended, and its code is still there.

It gets no repairs any more, and goes on running.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, Fails, Holds, Limits, Rule, Severity, Subject
from app.inventory.facts import PackageFacts

RULE = Rule(
    "package_expired",
    "Package past its licence",
    Subject.PACKAGE,
    Severity.LOW,
    needs=("packages",),
    controls=("CRM-14.2.1",),
    iso=("8.8", "8.19"),
    todo="Renew it, or uninstall it.",
    steps={
        "salesforce": (
            "Open Setup, Installed Packages, and the package; see until when its licences were good.",
            "Renew them with the publisher, or press Uninstall.",
        ),
    },
)


def ask(package: PackageFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one package by its licence's end."""
    if package.expires is None or package.expires > at:
        return Holds()
    return Fails(f"its licence ended on {package.expires.date().isoformat()}")
