"""What a vendor's own words mean: its settings, logged changes, ways in and policies, told in ours.

Streams keep what a CRM said verbatim, for the auditor. Whoever judges needs to know what it means, and a vendor's
word never leaves its package: each has a module `meanings` with the functions of `Meanings`, and what it does not
know is None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Act(StrEnum):
    """Something that somebody did in a CRM, as its log tells."""

    ACCOUNT_MADE = "account_made"
    SELF_JOINED = "self_joined"  # let itself in, by its address alone
    ADMIN_GIVEN = "admin_given"
    ACCESS_CHANGED = "access_changed"
    ACTED_AS_ANOTHER = "acted_as_another"
    EXPORTED = "exported"
    PROGRAM_ADDED = "program_added"
    SECRET_SEEN = "secret_seen"  # noqa: S105
    CODE_CHANGED = "code_changed"  # by hand, in the running system
    DEPLOYED = "deployed"
    FACTOR_REMOVED = "factor_removed"
    SIGN_IN_LOOSENED = "sign_in_loosened"
    SSO_REQUIRED = "sso_required"
    SSO_NOT_REQUIRED = "sso_not_required"
    SUPPORT_LET_IN = "support_let_in"
    SUPPORT_SHUT_OUT = "support_shut_out"
    LOGGING_OFF = "logging_off"
    LOGGING_ON = "logging_on"
    ADDRESSES_LIMITED = "addresses_limited"
    ADDRESSES_FREE = "addresses_free"
    IDLE_GUARD_ON = "idle_guard_on"
    IDLE_GUARD_OFF = "idle_guard_off"
    PRIVACY_ON = "privacy_on"
    PRIVACY_OFF = "privacy_off"
    BACKED_UP = "backed_up"
    OTHER = "other"  # understood, and nothing of the above


class Way(StrEnum):
    """How somebody signed in."""

    PASSWORD = "password"  # noqa: S105
    SSO = "sso"
    PROGRAM = "program"
    # A program that sends a person's password: no second factor can be asked for.
    PROGRAM_PASSWORD = "program_password"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Posture:
    """How a whole system is set up to be entered and watched. None: the system did not say."""

    production: bool | None = None
    shortest_password: int | None = None  # characters
    password_mixed: bool | None = None  # more than one kind of character is asked for
    password_attempts: int | None = None  # 0: without limit
    weaker_profiles: tuple[str, ...] | None = None  # kinds of account with a shorter password than the system's
    session_minutes: int | None = None
    session_ends: bool | None = None  # an idle session is ended, not only warned about
    https_only: bool | None = None
    addresses_limited: bool | None = None
    login_as_anyone: bool | None = None
    sso: bool | None = None  # there is a single sign-on
    passwords_work: bool | None = None  # also where there is one: False only if everybody has to come through it
    only_approved_programs: bool | None = None
    self_join: bool | None = None
    support_open: bool | None = None
    logging: bool | None = None
    idle_guard: bool | None = None  # the system switches unused accounts off by itself
    privacy: bool | None = None  # the law's switches for personal data are on
    health: int | None = None  # percent, by the vendor's own check
    health_risks: tuple[str, ...] | None = None
    old_tls: tuple[str, ...] | None = None  # versions older than 1.2 that sign-ins used of late
    open_records: tuple[str, ...] | None = None  # kinds of record that everybody may change
    backed_up: datetime | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What an account's own vendor facts mean."""

    password_changed: datetime | None = None
    outside: bool | None = None  # a partner's or a customer's account, by its licence


@dataclass(frozen=True, slots=True)
class Admission:
    """How a program is let in, and how much it may do."""

    anybody: bool | None = None  # people let it in for themselves
    broad: tuple[str, ...] | None = None  # the scopes that open more than records one by one


@dataclass(frozen=True, slots=True)
class Material:
    """What a key that a system signs with is made of."""

    bits: int | None = None
    exportable: bool | None = None


class Meanings(Protocol):
    """The functions of a vendor's module `meanings`; all pure."""

    def act(self, action: str, text: str | None) -> Act | None:
        """What a logged change was."""

    def way(self, way: str | None, application: str | None) -> Way | None:
        """How a sign-in was made."""

    def posture(self, settings: Mapping[str, str | None], last: Mapping[Act, datetime]) -> Posture:
        """How the system is set up, from its settings and from when each act was last seen."""

    def known(self, native: Mapping[str, str]) -> Known:
        """What an account's vendor facts mean."""

    def admission(self, kind: str, native: Mapping[str, str] | None, scopes: Sequence[str] | None) -> Admission:
        """How an integration of this kind is let in."""

    def material(self, native: Mapping[str, str]) -> Material:
        """What a certificate's key is made of."""


def latest(last: Mapping[Act, datetime], on: Act, off: Act) -> bool | None:
    """Whether the later of two acts was `on`; None if neither was seen."""
    when_on, when_off = last.get(on), last.get(off)
    if when_on is None and when_off is None:
        return None
    return when_off is None or (when_on is not None and when_on > when_off)


def truth(said: str | None) -> bool | None:
    """`true` and `false`, however they are written."""
    return {"true": True, "false": False, "1": True, "0": False}.get((said or "").strip().lower())


def number(said: str | None) -> int | None:
    """A whole number; None for anything else."""
    return int(said) if said is not None and said.strip().isdigit() else None
