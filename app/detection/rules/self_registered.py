"""An account that nobody made: somebody with an address at the right domain let itself in.

Such an account was never asked for and never approved. It is told by the CRM's log, for as long as that goes back.
"""

from __future__ import annotations

from datetime import datetime

from app.detection.rule import Answer, Fails, Limits, Rule, Severity, Subject, asleep, did_nothing
from app.inventory.facts import AccountFacts, Act

RULE = Rule(
    "self_registered",
    "Account that registered itself",
    Subject.ACCOUNT,
    Severity.MEDIUM,
    needs=("accounts", "changes"),
    controls=("CRM-9.1.1",),
    iso=("5.16", "5.18"),
    todo="Ask its manager whether it is wanted, and switch off joining by domain.",
    steps={
        "hubspot": (
            "Ask the person's manager whether the account is wanted.",
            "If not, open Settings, Users & Teams, the user, and remove it.",
            "Switch joining by domain off there.",
        ),
    },
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by whether the log says that it joined by itself."""
    if (early := asleep(account)) is not None:
        return early
    joined = account.around.deed(Act.SELF_JOINED)
    if joined is None:
        return did_nothing(account, Act.SELF_JOINED)
    return Fails(f"joined by itself on {joined.last.date().isoformat()}")
