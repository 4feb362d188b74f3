"""What a rule or a reviewer may know about one subject, as plain values in our own words.

Queries fill these; rules and advice read them. `None` means the system did not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from connectors.meaning import Act, Posture, Way

__all__ = ["Act", "Posture", "Way"]


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
class Seen:
    """Something that was seen several times of late, and when last. `what` is an `Act` or a `Way`."""

    what: str
    times: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Around:
    """What lies around an account, as one pass over its system gathers it. Empty unless it was asked for.

    `home`: whether its address is at a domain of the roster's employees. `ways` and `deeds` are how it signed in and
    what the system's log says it did, of late. `lapsed` are entitlements that it still holds past their own end. `rare`
    are those that hardly any of its `peers` (same department and title) holds. `detours` are privileges that reach it
    through nesting alone. `moved`: when its department, title or manager last changed; `kept`: grants it has from
    before that. `siblings`: other active accounts of the same person in the same system. `strange_deeds` and
    `strange_ways`: the words of its system of which nobody knows the meaning, the commonest first, where some of them are
    this account's; the same for each such account, so that these are counted together ("": a way that is not told).
    `doubtful_deeds` are those of late of which the log names it and does not say that it did them ("": a word unknown).
    """

    home: bool | None = None
    factors: tuple[str, ...] = ()
    strong_factor: bool | None = None
    failures: int = 0
    ways: tuple[Seen, ...] = ()
    deeds: tuple[Seen, ...] = ()
    strange_ways: tuple[str, ...] = ()
    strange_deeds: tuple[str, ...] = ()
    doubtful_deeds: tuple[Seen, ...] = ()
    grants: int = 0
    lapsed: tuple[str, ...] = ()
    rare: tuple[str, ...] = ()
    peers: int = 0
    detours: tuple[str, ...] = ()
    admin_since: datetime | None = None
    moved: datetime | None = None
    kept: int = 0
    siblings: int = 0
    password_changed: datetime | None = None
    outside: bool | None = None  # a partner's or a customer's, by its licence
    posture: Posture = field(default_factory=Posture)

    def deed(self, act: str) -> Seen | None:
        """What the log says of one kind of act."""
        return next((each for each in self.deeds if each.what == act), None)

    def way(self, way: str) -> Seen | None:
        """How often it signed in this way."""
        return next((each for each in self.ways if each.what == way), None)


_NOTHING_AROUND = Around()


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
    email: str | None = None
    department: str | None = None
    licence: str | None = None
    native: Mapping[str, str] = field(default_factory=dict)  # the vendor's words, for whoever knows what they mean
    around: Around = _NOTHING_AROUND

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


@dataclass(frozen=True, slots=True)
class IntegrationFacts:
    """One program with a way in. `owner` None: nobody that was read owns it.

    `used` is the latest of its own and its live credentials' uses, known back to `uses_known_since`; `tokens` counts these
    credentials. `appeared`: when a reading first showed it, unless the system's first reading did. `anybody`: people let it
    in for themselves. `broad`: its scopes that open more than single records.
    """

    integration_id: int
    system_id: int
    key: str
    kind: str
    name: str
    publisher: str | None
    active: bool | None
    created: datetime | None
    used: datetime | None
    uses_known_since: datetime | None
    tokens: int
    derived: bool
    appeared: datetime | None
    anybody: bool | None
    scopes: tuple[str, ...] | None
    broad: tuple[str, ...] | None
    owner: AccountFacts | None


@dataclass(frozen=True, slots=True)
class EntitlementFacts:
    """Something that can be held, with how many active accounts hold it directly, of how many that there are.

    `opens` are the kinds of record that it opens whole, past any sharing; `reaches` those that it allows anything on, None
    where the system did not say of one. `guests`: how many of its holders are used without signing in.
    """

    entitlement_id: int
    system_id: int
    key: str
    kind: str
    name: str
    described: bool
    privileges: tuple[str, ...] | None
    holders: int
    accounts: int
    opens: tuple[str, ...]
    nested: bool = False  # something else holds it
    guests: int = 0
    reaches: tuple[str, ...] | None = ()


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """What the system calls, trusts or signs with. `appeared` as for integrations."""

    endpoint_id: int
    system_id: int
    kind: str
    name: str
    address: str | None
    active: bool | None
    guarded: bool | None
    expires: datetime | None
    appeared: datetime | None
    key_bits: int | None
    exportable: bool | None


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """Other people's code in the system. `appeared` as for integrations."""

    package_id: int
    system_id: int
    name: str
    publisher: str | None
    version: str | None
    reviewed: bool | None
    seats_used: int | None
    seats: int | None
    expires: datetime | None
    appeared: datetime | None


@dataclass(frozen=True, slots=True)
class UsageFacts:
    """How much of something limited is used. `period`: it is an allowance that comes back; else a stock of seats."""

    usage_id: int
    system_id: int
    name: str
    used: int | None
    allowed: int | None
    period: str | None


@dataclass(frozen=True, slots=True)
class SystemFacts:
    """A whole system. `owner` None: nobody is entered as its owner, or whoever is cannot be found.

    `administrators` can sign in and administer, of `accounts` that can sign in. `unread` are the streams that the latest
    reading did not bring completely, each with why. `logs_read`: when each log was last read completely.
    """

    system_id: int
    name: str
    kind: str
    read_at: datetime | None
    owner: PersonFacts | None
    administrators: int
    accounts: int
    posture: Posture
    last: Mapping[str, datetime]
    unread: Mapping[str, str]
    logs_read: Mapping[str, datetime | None]
