"""What stops, and what is left behind, when a person's account goes: from the facts of a look, in words. Pure.

What an integration runs as is told apart: such an account is not for a machine to take away.
"""

from __future__ import annotations

from collections.abc import Mapping

BREAKS, RUNS = (
    "breaks:",
    "runs:",
)  # what begins so among a look's facts: what stops or stays, and what runs as the account

# Fact, object, condition on the account's quoted Id.
STOPS = (
    ("scheduled jobs", "CronTrigger", "OwnerId = {} AND NextFireTime != null"),
    ("dashboards that run as this person", "Dashboard", "RunningUserId = {}"),
)
STAYS = (
    ("open opportunities", "Opportunity", "OwnerId = {} AND IsClosed = false"),
    ("open cases", "Case", "OwnerId = {} AND IsClosed = false"),
    ("open leads", "Lead", "OwnerId = {} AND IsConverted = false"),
    ("open tasks", "Task", "OwnerId = {} AND IsClosed = false"),
    ("customer accounts", "Account", "OwnerId = {}"),
)
RUN_AS = (
    ("auth providers", "AuthProvider", "ExecutionUserId = {0}"),
    ("SAML sign-ons", "SamlSsoConfig", "ExecutionUserId = {0}"),
    # Documentation does not say whether this text holds the user's Id or name.
    ("client credentials apps", "ExtlClntAppOauthPlcyCnfg", "ClientCredentialsFlowUser IN ({0}, {1})"),
)
APPS, DEFAULTS = "apps that hold a token", "defaults of the org"


def told(facts: Mapping[str, str | None], who: str) -> str:
    """One sentence for people about what a deactivation breaks and leaves behind; empty where nothing was seen."""
    stops = [f"{name}: {facts[BREAKS + name]}" for name in (*(n for n, *_ in STOPS), APPS) if facts.get(BREAKS + name)]
    stays = [f"{name}: {facts[BREAKS + name]}" for name, *_ in STAYS if facts.get(BREAKS + name)]
    defaults = facts.get(BREAKS + DEFAULTS)
    said = []
    if stops:
        said.append(f"stops {'; '.join(stops)}")
    if stays:
        heir = facts.get("manager")
        said.append(f"leaves with {who}, at least, {', '.join(stays)}; new owner: {heir or 'to be named'}")
    if defaults:
        said.append(f"may be refused, because the org uses this account as {defaults}")
    return "; ".join(said)


def runs_as(facts: Mapping[str, str | None]) -> str:
    """The integrations that run as the account, in words; empty where there is none."""
    found = ((name.removeprefix(RUNS), said) for name, said in facts.items() if name.startswith(RUNS))
    return ", ".join(f"{name}: {said}" for name, said in sorted(found) if said)
