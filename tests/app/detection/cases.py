"""Facts for rule tables: an ordinary account of an ordinary person; each case says only what differs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.detection.rule import Limits
from app.inventory.facts import AccountFacts, CredentialFacts, PersonFacts

AT = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
LIMITS = Limits()
LONG_AGO = AT - timedelta(days=400)

BO = PersonFacts(7, "Bo", "person", "employee", "Sales", "Seller", 3, None, None, None, None, in_roster=True)
ORDINARY = AccountFacts(
    account_id=1, system_id=1, key="a-1", username="bo@example.com", active=True, frozen=False, kind="person",
    created=LONG_AGO, last_login=AT - timedelta(days=3), logins_known_since=LONG_AGO, last_use=AT - timedelta(days=3),
    privileges=(), unknown_privileges=0, justified_until=None, person=BO,
)  # fmt: skip
TOKEN = CredentialFacts(
    credential_id=5, system_id=1, key="t-1", kind="oauth_token", label="Data Loader", integration="Data Loader",
    active=True, created=LONG_AGO, last_used=AT - timedelta(days=3), uses_known_since=LONG_AGO, expires=None,
    account=ORDINARY,
)  # fmt: skip


def days(n: float) -> datetime:
    """The moment n days before AT."""
    return AT - timedelta(days=n)


def account(**different: Any) -> AccountFacts:
    """An ordinary account, but for what is said. `last_use` follows `last_login` unless said."""
    if "last_login" in different and "last_use" not in different:
        different["last_use"] = different["last_login"]
    return replace(ORDINARY, **different)


def person(**different: Any) -> PersonFacts:
    """Bo, but for what is said."""
    return replace(BO, **different)


def credential(**different: Any) -> CredentialFacts:
    """An ordinary token, but for what is said."""
    return replace(TOKEN, **different)
