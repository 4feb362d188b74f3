"""Other people's code came into the system of late.

It is to be assessed as any vendor is. What was there at the system's first reading is not new.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, Fails, Holds, Limits, Rule, Severity, Subject, within
from app.inventory.facts import PackageFacts

RULE = Rule(
    "package_new",
    "New package",
    Subject.PACKAGE,
    Severity.MEDIUM,
    needs=("packages",),
    controls=("CRM-D.1.2", "CRM-14.1.3"),
    iso=("8.30", "8.32"),
    todo="Find the change that brought it, and assess its vendor.",
    steps={
        "salesforce": (
            "Open Setup, Installed Packages, and the package; see who installed it, and when.",
            "Find the change that it belongs to, and assess its publisher.",
            "Uninstall it if there is none.",
        ),
    },
)


def ask(package: PackageFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one package by when it appeared."""
    if package.appeared is None or not within(package.appeared, limits.new_days, at):
        return Holds()
    return Fails(f"new since {package.appeared.date().isoformat()}")
