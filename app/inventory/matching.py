"""Whose is this account? By the roster's id, then e-mail, then username; and by none of them when they disagree.

A wrong match is worse than none: it would hide a leaver, and let somebody review their own access. The set-wise twin is
`queries.candidates`; a test proves that both agree. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

ROSTER_ID = "roster_id"
EMAIL = "email"
USERNAME = "username"
HAND = "hand"
SERVICE = "service"

NOBODY = "neither its employee number nor its e-mail nor its username is in the roster"
AMBIGUOUS = "its employee number, e-mail and username name different people"
BORROWED = "it belongs to a program and shares an address with a person"


@dataclass(frozen=True, slots=True)
class Candidates:
    """The identities that an account's own fields name, and whether the one behind its address is a program's."""

    by_roster_id: int | None = None
    by_email: int | None = None
    by_username: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """One identity and what named it, or none and why not."""

    identity_id: int | None
    by: str | None
    because: str | None = None


def match(account_kind: str, found: Candidates, kinds: dict[int, str]) -> Match:
    """Decide whose an account is. `kinds` tells each candidate's kind ("person", "service").

    Administrators like to enter their own address for a program's account; so a program's account is never given to a
    person because of an address, only because of an employee number.
    """
    addresses = [(EMAIL, found.by_email), (USERNAME, found.by_username)]
    borrowed = False
    if account_kind == SERVICE:
        own = [(by, one if one is not None and kinds.get(one) == SERVICE else None) for by, one in addresses]
        borrowed = own != addresses
        addresses = own
    named = [(by, one) for by, one in ((ROSTER_ID, found.by_roster_id), *addresses) if one is not None]
    if not named:
        return Match(None, None, BORROWED if borrowed else NOBODY)
    if len({one for _, one in named}) > 1:
        return Match(None, None, AMBIGUOUS)
    by, one = named[0]
    return Match(one, by)
