"""An account took data out of the CRM more often than work asks for.

Counted are the exports that the CRM's log tells, in the last `recent_days`. Reports that are looked at on the screen
are not exports, and neither is what a program reads by the API.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, Fails, Limits, Rule, Severity, Subject, did_nothing
from app.inventory.facts import AccountFacts, Act

RULE = Rule(
    "mass_export",
    "Many exports",
    Subject.ACCOUNT,
    Severity.HIGH,
    needs=("accounts", "changes"),
    controls=("CRM-13.1.3",),
    iso=("8.12", "8.16"),
    alerts=True,
    todo="Ask the person what they were for, today; if nobody knows, freeze the account.",
    steps=steps.WHO_DID_IT,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by its exports of late."""
    exported = account.around.deed(Act.EXPORTED)
    if exported is None or exported.times <= limits.exports_most:
        return did_nothing(account, Act.EXPORTED, most=limits.exports_most)
    return Fails(
        f"{exported.times} exports in {limits.recent_days} days, the last on {exported.last.date().isoformat()}"
    )
