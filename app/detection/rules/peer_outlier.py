"""An account holds what hardly anybody with the same job holds.

The peers are the active accounts in the same system of people of the same department and title. A group smaller than
`peers_at_least` has no custom to depart from, and what fewer than `rare_percent` of a larger one hold is rare. Rare
is not wrong; it is worth one question.
"""

from __future__ import annotations

from datetime import datetime

from app.detection import steps
from app.detection.rule import Answer, Fails, Holds, Limits, Rule, Severity, Subject, asleep, listed
from app.inventory.facts import AccountFacts

RULE = Rule(
    "peer_outlier",
    "Holds what no peer holds",
    Subject.ACCOUNT,
    Severity.LOW,
    needs=("accounts", "grants", "people"),
    controls=("CRM-9.2.2", "CRM-G.1.1"),
    iso=("5.15", "5.18"),
    todo="Ask what it is for; keep it with a reason, or take it away.",
    steps=steps.TAKE_AWAY,
)


def ask(account: AccountFacts, at: datetime, limits: Limits) -> Answer:
    """Judge one account by what is rare among its peers."""
    if (early := asleep(account)) is not None:
        return early
    around = account.around
    if not around.rare:
        return Holds()
    told = f"holds {listed(around.rare)}; hardly any of {around.peers} with the same job does"
    return Fails(told, Severity.MEDIUM if account.privileged else None)
