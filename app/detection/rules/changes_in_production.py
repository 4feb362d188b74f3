"""Code was changed by hand in the running system.

What was not tried anywhere else is tried on customers, and no release has it. Deployments are no changes by hand. A
test system is for that, and holds; where it is not told whether the system is one, we cannot tell.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, CannotTell, Fails, Holds, Limits, Rule, Severity, Subject, did_nothing
from app.inventory.facts import AccountFacts, Act

RULE = Rule(
    "changes_in_production",
    "Changed by hand in production",
    Subject.ACCOUNT,
    Severity.HIGH,
    needs=("changes", "settings"),
    controls=("CRM-14.1.1", "CRM-14.1.3"),
    iso=("8.32", "8.31"),
    todo="Bring the change into the release, and let only the account that deploys change production.",
    steps={
        "salesforce": (
            "Open Setup, View Setup Audit Trail, and find what was changed.",
            "Bring the same change into the source that releases are made from.",
            "Take Author Apex and Customize Application from whoever does not deploy.",
        ),
    },
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by the changes that the log has of it."""
    changed, production = account.around.deed(Act.CODE_CHANGED), account.around.posture.production
    if production is False:
        return Holds()
    if changed is None or changed.times <= limits.direct_changes_most:
        return did_nothing(account, Act.CODE_CHANGED, most=limits.direct_changes_most)
    if production is None:
        return CannotTell("it is not told whether this is a test system")
    return Fails(f"{changed.times} changes of code by hand in {limits.recent_days} days")
