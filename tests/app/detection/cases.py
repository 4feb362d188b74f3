"""Facts for rule tables: an ordinary account of an ordinary person; each case says only what differs."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.detection.rule import Limits
from app.inventory.facts import (
    AccountFacts,
    Around,
    CredentialFacts,
    EndpointFacts,
    EntitlementFacts,
    IntegrationFacts,
    PackageFacts,
    PersonFacts,
    Posture,
    Seen,
    SystemFacts,
    UsageFacts,
)

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
    """An ordinary account, but for what is said, of itself, of what is around it, or of its system's posture.

    `last_use` follows `last_login` unless said.
    """
    if "last_login" in different and "last_use" not in different:
        different["last_use"] = different["last_login"]
    set_up = Posture(**_taken(different, Posture))
    about = Around(**{"grants": 1, "home": True, "posture": set_up} | _taken(different, Around))
    return replace(ORDINARY, around=about, **different)


def _taken(different: dict[str, Any], kind: Any) -> dict[str, Any]:
    """Take what belongs to another kind of facts out of what is said."""
    return {each.name: different.pop(each.name) for each in fields(kind) if each.name in different}


def seen(what: str, times: int = 1, ago: float = 2) -> Seen:
    """Something seen of late."""
    return Seen(what, times, days(ago))


def person(**different: Any) -> PersonFacts:
    """Bo, but for what is said."""
    return replace(BO, **different)


def credential(**different: Any) -> CredentialFacts:
    """An ordinary token, but for what is said."""
    return replace(TOKEN, **different)


def program(**different: Any) -> IntegrationFacts:
    """An ordinary program of Bo's, used of late."""
    said = IntegrationFacts(
        integration_id=3, system_id=1, key="i-1", kind="connected_app", name="Mailer", publisher="Mailer Inc.", active=True,
        created=LONG_AGO, used=days(3), uses_known_since=LONG_AGO, tokens=1, derived=False, appeared=None, anybody=False,
        scopes=("api",), broad=(), owner=ORDINARY,
    )  # fmt: skip
    return replace(said, **different)


def held(**different: Any) -> EntitlementFacts:
    """An ordinary permission set that a few hold."""
    said = EntitlementFacts(2, 1, "e-1", "permission_set", "Exporters", True, ("export",), 4, 100, ())
    return replace(said, **different)


def endpoint(**different: Any) -> EndpointFacts:
    """An address that is called by https."""
    said = EndpointFacts(4, 1, "remote_site", "Ledger", "https://ledger.example", True, True, None, None, None, None)
    return replace(said, **different)


def package(**different: Any) -> PackageFacts:
    """A package that was reviewed."""
    return replace(PackageFacts(6, 1, "Signer", "Signer Inc.", "3.1", True, 4, 5, None, None), **different)


def usage(**different: Any) -> UsageFacts:
    """A stock of seats, most of them held."""
    return replace(UsageFacts(8, 1, "Sales seats", 85, 100, None), **different)


def system(**different: Any) -> SystemFacts:
    """A system that is read every night, but for what is said of it or of its posture."""
    set_up = Posture(**_taken(different, Posture))
    said = SystemFacts(
        system_id=1, name="Sales", kind="salesforce", read_at=days(0.5), owner=BO, administrators=3, accounts=100,
        posture=set_up, last={}, unread={}, logs_read={"logins": days(0.5), "changes": days(0.5)},
    )  # fmt: skip
    return replace(said, **different)
