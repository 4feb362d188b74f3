"""The numbers that rules judge by, each with the reason for its default beside it.

Those that have an installation-wide setting begin with it (`app.settings`); any of them may be set for one system alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from app.kit.refusal import Refusal
from app.ways import Way

YEARS = 3650


def _days(default: int, why: str) -> Any:
    return _number(default, why, least=1, most=YEARS)


def _number(default: int, why: str, *, least: int, most: int) -> Any:
    return field(default=default, metadata={"why": why, "least": least, "most": most})


def _percent(default: int, why: str) -> Any:
    return _number(default, why, least=1, most=100)


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers rules judge by. Days unless the name says otherwise."""

    inactive_days: int = _days(
        90, "Without a sign-in, an account is inactive. 90: what most standards (CIS, PCI DSS 8.2.6) ask for."
    )
    inactive_days_privileged: int = _days(
        30, "The same for an account with privileges. 30: the damage is greater, and administrators sign in often."
    )
    never_used_days: int = _days(
        30, "A new account may stay unused. 30: covers a late start, and most invitations have lapsed by then."
    )
    unused_licence_days: int = _days(
        60, "Without a sign-in, a paid licence counts as unused. 60: two bills, which is worth a question."
    )
    dormant_credential_days: int = _days(
        90, "Without use, a token, key or program is dormant. 90: a quarterly job has come by in that time."
    )
    leaver_grace_hours: int = _number(
        24, "Hours from a person's last day until an open account is a finding. 24: the next readings fit in.",
        least=0, most=2160,
    )  # fmt: skip
    roster_max_age_days: int = _days(7, "A roster is too old to rest on. 7: a leaver is known within a week.")
    recent_days: int = _days(
        30,
        "How far back sign-ins and logged deeds count as being of late. 30: one month, seen at least by one reading.",
    )
    new_days: int = _days(
        30, "How long an administrator, a program, a package or an address is new. 30: whoever looks monthly sees each."
    )
    mover_grace_days: int = _days(
        14, "From a change of job until old access is a finding. 14: handing over takes about two weeks."
    )
    mover_days: int = _days(
        90, "How long a change of job is looked back at. 90: after that the quarterly review has asked about it."
    )
    peers_at_least: int = _number(
        10, "People of one department and title from which on they have a custom to depart from. 10: one of them is 10 %.",
        least=3, most=10_000,
    )  # fmt: skip
    rare_percent: int = _percent(
        10, "What fewer of the peers than this hold is rare. 10 %: one in ten is an exception, two are a habit."
    )
    administrators_most: int = _number(
        5, "Accounts that may administer a system. 5: enough for holidays and nights, few enough to know by name.",
        least=1, most=10_000,
    )  # fmt: skip
    broad_percent: int = _percent(
        50,
        "An entitlement with privileges held by more of the accounts than this is a default, and no privilege. 50 %.",
    )
    exports_most: int = _number(
        20, "Exports by one account in `recent_days`. 20: one on each working day is a habit, more is a copy.",
        least=0, most=100_000,
    )  # fmt: skip
    failures_most: int = _number(
        20, "Failed sign-ins of one account in `recent_days`. 20: a forgotten password takes five, a guess takes more.",
        least=1, most=100_000,
    )  # fmt: skip
    direct_changes_most: int = _number(
        0, "Changes of code by hand in production, by one account in `recent_days`. 0: each belongs into a release.",
        least=0, most=100_000,
    )  # fmt: skip
    tokens_most: int = _number(
        50, "Live tokens of one program. 50: a team that tries it; more is the company, and wants one account.",
        least=1, most=1_000_000,
    )  # fmt: skip
    rotation_days: int = _days(
        180, "A key is overdue for a new one. 180: twice a year, as long as a leaked key is of use."
    )
    expiry_days: int = _days(
        30, "Before it ends, a certificate or key is a finding. 30: renewing one needs a change window."
    )
    initial_password_days: int = _days(
        7, "A first password may wait to be used. 7: a week's holiday; after that the mail that holds it is a key."
    )
    password_length: int = _number(
        12, "Characters that a password must have. 12: eight are guessed offline within hours on rented machines.",
        least=6, most=64,
    )  # fmt: skip
    password_attempts_most: int = _number(
        10, "Wrong passwords until an account is locked. 10: what PCI DSS 8.3.4 allows at most.", least=1, most=100,
    )  # fmt: skip
    session_minutes_most: int = _number(
        120, "Minutes that an unused session stays open. 120: a long meeting; after that somebody else sits there.",
        least=5, most=10_080,
    )  # fmt: skip
    health_percent: int = _percent(
        80, "What the vendor's own health check must reach. 80 %: all that it calls high and half of the rest."
    )
    spare_percent: int = _percent(
        20, "Share of the paid seats that may stay free. 20 %: room for new people; more is paid for nothing."
    )
    allowance_percent: int = _percent(
        90, "Share of an allowance that may be used up. 90 %: readings need calls too, and fail when none are left."
    )
    log_days: int = _days(
        2, "Since a log was last read completely. 2: one night may fail; what a log forgets after that is lost."
    )
    backup_days: int = _days(8, "Since the last backup that the log shows. 8: a weekly one, and a day's delay.")

    def having(self, changed: Mapping[str, int]) -> Limits:
        """These limits, but for what one system has of its own. What is no limit any more is left out."""
        known = {each.name for each in fields(self)}
        return replace(self, **{name: value for name, value in changed.items() if name in known})


NAMES = tuple(each.name for each in fields(Limits))
WHY: Mapping[str, str] = {each.name: each.metadata["why"] for each in fields(Limits)}


def why_not_name(name: str) -> Refusal | None:
    """A limit that there is."""
    if name in NAMES:
        return None
    return Refusal("no_such_limit", f"There is no limit {name}.", status=404, way=Way.LIMITS)


def why_not_set(name: str, value: int) -> Refusal | None:
    """A limit that there is, inside the bounds in which it makes sense."""
    if (unknown := why_not_name(name)) is not None:
        return unknown
    told = next(each for each in fields(Limits) if each.name == name)
    least, most = told.metadata["least"], told.metadata["most"]
    if not least <= value <= most:
        return Refusal(
            "limit_out_of_bounds", f"{name} lies between {least} and {most}.", f"Give a number from {least} to {most}.",
            status=422,
        )  # fmt: skip
    return None
