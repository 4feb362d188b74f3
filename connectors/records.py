"""What a CRM said: the frozen records that every connector translates into.

`None` in a field always means *the CRM did not say*; it never means "no", "never" or "none". Keys are the CRM's own
stable identifiers, as text, unique inside one system and one kind of record. Times are aware UTC. No field ever holds a
secret: what could be used to enter (token values, delete handles) stays out or is named by a digest. Grants and sign-ins
come by the million, so they are named tuples, which are made in a quarter of the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple


class Stream(StrEnum):
    """One kind of thing a connector can read on its own, and can be complete about on its own."""

    ACCOUNTS = "accounts"
    ENTITLEMENTS = "entitlements"  # and their nesting: EntitlementRecord, NestingRecord
    GRANTS = "grants"
    LOGINS = "logins"
    INTEGRATIONS = "integrations"  # and the credentials they enter by: IntegrationRecord, CredentialRecord
    SETTINGS = "settings"
    CHANGES = "changes"
    OBJECT_RIGHTS = "object_rights"  # what entitlements allow on sensitive kinds of record: ObjectRightRecord
    FACTORS = "factors"  # the second factors that accounts have registered: FactorRecord
    SESSIONS = "sessions"  # who is signed in at this moment: SessionRecord; read only where switched on
    PACKAGES = "packages"  # other people's code, installed in the system: PackageRecord
    ENDPOINTS = "endpoints"  # what the system itself calls, trusts or signs with: EndpointRecord
    USAGE = "usage"  # licences, seats and the API allowance: UsageRecord
    PEOPLE = "people"  # a roster's only stream


class AccountKind(StrEnum):
    """Who signs in: a person, a program, an outside visitor without a password of its own, or the CRM did not say."""

    PERSON = "person"
    SERVICE = "service"
    GUEST = "guest"
    UNKNOWN = "unknown"


class Privilege(StrEnum):
    """What makes access dangerous, in our words; each connector maps its vendor's flags to these."""

    ADMINISTER = "administer"  # may do everything, or nearly
    SEE_ALL = "see_all"  # reads every record regardless of sharing
    CHANGE_ALL = "change_all"  # changes or deletes every record
    MANAGE_PEOPLE = "manage_people"  # creates, unlocks, re-passwords accounts
    MANAGE_ACCESS = "manage_access"  # grants and removes rights
    CUSTOMIZE = "customize"  # changes the CRM's configuration
    DEVELOP = "develop"  # runs own code inside the CRM
    EXPORT = "export"  # takes data out in bulk
    MANAGE_INTEGRATIONS = "manage_integrations"  # lets programs in
    MANAGE_SECURITY = "manage_security"  # sign-in policy, keys, logs
    BYPASS_SIGN_IN = "bypass_sign_in"  # exempt from MFA or SSO
    BILLING = "billing"  # changes the subscription or its seats


class Authority(StrEnum):
    """Who decides that a grant exists; a revoke anywhere else comes back tomorrow."""

    CRM = "crm"
    IDP = "idp"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """A login in one system.

    `last_login` is the last successful sign-in the system knows of. `logins_known_since` says how far back that
    knowledge goes: with `last_login=None` it means "nobody signed in since then"; both None: the system did not say.
    """

    key: str
    username: str
    email: str | None = None
    name: str | None = None
    active: bool | None = None
    frozen: bool | None = None
    kind: AccountKind = AccountKind.UNKNOWN
    title: str | None = None
    department: str | None = None
    manager_key: str | None = None
    employee_number: str | None = None
    licence: str | None = None
    created: datetime | None = None
    last_login: datetime | None = None
    logins_known_since: datetime | None = None
    native: Mapping[str, str] = field(default_factory=dict)  # a few vendor facts, verbatim, for the auditor


@dataclass(frozen=True, slots=True)
class EntitlementRecord:
    """Something an account can hold: profile, permission set, role, team, group, queue, licence.

    `privileges=None`: the system does not say what the entitlement allows (HubSpot roles). `native` are the vendor's
    names of the flags behind `privileges`. `revocable=False`: a grant of it cannot be taken away by itself.
    """

    key: str
    kind: str
    name: str
    label: str | None = None
    description: str | None = None
    privileges: tuple[Privilege, ...] | None = None
    native: tuple[str, ...] = ()
    revocable: bool = True


# Kinds of entitlement that gather people: what they open, they open by who is in them. A connector names its own by these
# words; `derived_group` is one that the system keeps by itself. Every other kind is asked for what it allows.
GATHERS = frozenset({"group", "queue", "team", "territory", "derived_group"})


# A kind of nesting: the holder's own privileges, where it tells them, are the sum of what it includes, with what was taken
# out again left out. Adding the parts' privileges would bring back what the sum deliberately lacks.
SUMS_UP = "sums_up"


@dataclass(frozen=True, slots=True)
class NestingRecord:
    """Whoever holds `holder` also holds `held` (both entitlement keys). `kind`: SUMS_UP, or how the vendor calls it."""

    holder_key: str
    held_key: str
    kind: str


class GrantRecord(NamedTuple):
    """A direct edge: the account holds the entitlement because somebody, or some rule, said so.

    `source` tells apart several direct ways to the same entitlement; it is "direct" where there is one way only.
    """

    account_key: str
    entitlement_key: str
    source: str = "direct"
    authority: Authority = Authority.CRM
    key: str | None = None  # the vendor's id of the assignment row, where it has one
    granted: datetime | None = None
    granted_by: str | None = None
    until: datetime | None = None
    effective: bool | None = None  # False: assigned, but not active now (a session-based set, an expired date)


class LoginRecord(NamedTuple):
    """One sign-in, successful or not. `key` is stable, so that reading the same day twice stores it once."""

    key: str
    account_key: str | None
    at: datetime
    succeeded: bool | None
    way: str | None = None
    application: str | None = None


@dataclass(frozen=True, slots=True)
class IntegrationRecord:
    """A program with its own way in: connected app, private app, installed package, webhook.

    `derived=True`: concluded from traces (events, tokens), because the system has no list of integrations.
    `by_events=True`: pieced together from a log of events that nobody counts and that scrolls: only an event ends it
    (`active=False`), never that it was not told.
    """

    key: str
    kind: str
    name: str
    publisher: str | None = None
    owner_key: str | None = None  # account key
    scopes: tuple[str, ...] | None = None
    active: bool | None = None
    created: datetime | None = None
    last_used: datetime | None = None
    derived: bool = False
    permitted: tuple[str, ...] | None = None  # keys of entitlements whose holders are let in without asking
    native: Mapping[str, str] = field(default_factory=dict)  # its policies, in the vendor's words
    by_events: bool = False


@dataclass(frozen=True, slots=True)
class CredentialRecord:
    """The token or key by which an integration, or an account, enters. Never its value. `by_events` as above."""

    key: str
    kind: str
    label: str
    integration_key: str | None = None
    account_key: str | None = None
    scopes: tuple[str, ...] | None = None
    active: bool | None = None
    created: datetime | None = None
    last_used: datetime | None = None
    uses_known_since: datetime | None = None  # with last_used=None: unused since then
    expires: datetime | None = None
    by_events: bool = False


@dataclass(frozen=True, slots=True)
class SettingRecord:
    """One security setting of the system, as text."""

    key: str
    value: str | None


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """One change to access or configuration that the system itself logged.

    `named_key`: an account that the entry names without telling whether it acted; only where `actor_key` is None.
    `same_as`: the key of another entry, of another log of the system, that may tell of the same event.
    """

    key: str
    at: datetime
    action: str
    actor_key: str | None = None
    subject_key: str | None = None
    text: str | None = None
    named_key: str | None = None
    same_as: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectRightRecord:
    """What one entitlement allows on one kind of record (Contact, Opportunity …). `key` is entitlement and object."""

    key: str
    entitlement_key: str
    object: str
    read: bool | None = None
    create: bool | None = None
    edit: bool | None = None
    delete: bool | None = None
    view_all: bool | None = None
    change_all: bool | None = None


@dataclass(frozen=True, slots=True)
class FactorRecord:
    """A second factor that an account has registered. `phishing_resistant`: a key or passkey; None where it is not said."""

    key: str
    account_key: str
    kind: str
    phishing_resistant: bool | None = None
    registered: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One live session. `key` is a digest: what the CRM calls it by may be enough to take it over."""

    key: str
    account_key: str
    kind: str
    began: datetime | None = None
    expires: datetime | None = None
    application: str | None = None


@dataclass(frozen=True, slots=True)
class PackageRecord:
    """Other people's code, installed. `licences_used` of `licences_allowed` where it is licensed by seat."""

    key: str
    name: str
    namespace: str | None = None
    version: str | None = None
    publisher: str | None = None
    reviewed: bool | None = None  # passed the vendor's own security review, where that is told
    licences_used: int | None = None
    licences_allowed: int | None = None
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class EndpointRecord:
    """What the system itself calls, trusts or signs with.

    `kind`: named_credential, auth_provider, remote_site, trusted_site, certificate, web_hook. `guarded`: None where the
    system does not say; False where it switched protection off (no TLS, self-signed where a CA's was possible).
    """

    key: str
    kind: str
    name: str
    address: str | None = None
    owner_key: str | None = None
    active: bool | None = None
    guarded: bool | None = None
    created: datetime | None = None
    expires: datetime | None = None
    native: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """How much of something limited is used: a licence, a kind of seat, API calls in a period."""

    key: str
    name: str
    used: int | None = None
    allowed: int | None = None
    period: str | None = None


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """Somebody who works here, as the roster says. `away_*`: known absence, never why. Dates are the company's."""

    key: str
    name: str
    emails: tuple[str, ...] = ()
    kind: AccountKind = AccountKind.PERSON
    engagement: str | None = None  # employee, contractor, service
    manager_key: str | None = None
    department: str | None = None
    title: str | None = None
    start: date | None = None
    end: date | None = None
    away_from: date | None = None
    away_until: date | None = None


Record = (
    AccountRecord
    | EntitlementRecord
    | NestingRecord
    | GrantRecord
    | LoginRecord
    | IntegrationRecord
    | CredentialRecord
    | SettingRecord
    | ChangeRecord
    | ObjectRightRecord
    | FactorRecord
    | SessionRecord
    | PackageRecord
    | EndpointRecord
    | UsageRecord
    | PersonRecord
)
