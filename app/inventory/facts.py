"""What a rule or a reviewer may know about one subject, as plain values in our own words.

Queries fill these; rules and advice read them. `None` means the system did not say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """The identity behind an account, as the roster has it."""

    identity_id: int
    name: str
    kind: str
    engagement: str | None
    department: str | None
    title: str | None
    manager_id: int | None
    start: date | None
    end: date | None
    away_from: date | None
    away_until: date | None
    in_roster: bool  # False: it was there once and is gone from the latest complete roster


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """One account with what it holds. `person` None: it is nobody's, as far as the roster can tell.

    `last_use` is the latest of its sign-ins and of its credentials' uses; `last_login` is sign-ins alone.
    `privileges` is derived from its grants through nesting; `unknown_privileges` counts grants of entitlements whose
    contents the system does not tell.
    """

    account_id: int
    system_id: int
    key: str
    username: str
    active: bool | None
    frozen: bool | None
    kind: str
    created: datetime | None
    last_login: datetime | None
    logins_known_since: datetime | None
    last_use: datetime | None
    privileges: tuple[str, ...]
    unknown_privileges: int
    justified_until: datetime | None
    person: PersonFacts | None

    @property
    def privileged(self) -> bool:
        """Whether it is known to hold any privilege."""
        return bool(self.privileges)


@dataclass(frozen=True, slots=True)
class CredentialFacts:
    """One token or key with the account and the integration it belongs to."""

    credential_id: int
    system_id: int
    key: str
    kind: str
    label: str
    integration: str | None
    active: bool | None
    created: datetime | None
    last_used: datetime | None
    uses_known_since: datetime | None
    expires: datetime | None
    account: AccountFacts | None
