"""Every rule there is, in the order they are asked. A new rule is one file in `rules/` and one line here."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime

from app.detection.rule import Answer, Limits, Rule
from app.detection.rules import (
    dormant_credential,
    inactive_account,
    leaver_active,
    leaver_credential,
    never_used,
    nobodys_account,
    privileged_without_reason,
)
from app.inventory.facts import AccountFacts, CredentialFacts

OF_ACCOUNTS: tuple[tuple[Rule, Callable[[AccountFacts, datetime, Limits], Answer]], ...] = (
    (leaver_active.RULE, leaver_active.ask),
    (nobodys_account.RULE, nobodys_account.ask),
    (inactive_account.RULE, inactive_account.ask),
    (never_used.RULE, never_used.ask),
    (privileged_without_reason.RULE, privileged_without_reason.ask),
)
OF_CREDENTIALS: tuple[tuple[Rule, Callable[[CredentialFacts, datetime, Limits], Answer]], ...] = (
    (leaver_credential.RULE, leaver_credential.ask),
    (dormant_credential.RULE, dormant_credential.ask),
)
RULES: dict[str, Rule] = {rule.name: rule for rule, _ in (*OF_ACCOUNTS, *OF_CREDENTIALS)}


def manual(name: str) -> str | None:
    """A rule's manual page: the docstring of its file. None for a rule that is not in this book."""
    for rule, ask in (*OF_ACCOUNTS, *OF_CREDENTIALS):
        if rule.name == name:
            return inspect.getdoc(inspect.getmodule(ask))
    return None
