"""Nobody decides on their own access, through any of their accounts.

A person is concerned by an item when the access, the account, the integration or the credential is theirs: by the roster's
match, by an e-mail address of theirs that the account signs in with or receives mail at, or by what the roster said
when the review was frozen. The set-wise twin is `concerns`; a property test proves that both agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.kit.refusal import Refusal

GRANTING = ("administer", "manage_access")  # privileges by which somebody can give what they decide on


class Lean(StrEnum):
    """What a reader should know of a reviewer who is not concerned, and who yet may not be as free as others."""

    EACH_OTHER = "each_other"  # whose access it is decides on access of the reviewer's in the same review
    GRANTS = "grants"  # the reviewer can give in that system what they decide on
    HOLDS = "holds"  # the reviewer holds the definition they decide on, or is in the group


class Leaners(StrEnum):
    """What a review makes of reviewers who can grant what they would decide on, or hold it themselves."""

    FLAG = "flag"  # it is said, and on record with what they decide
    BAR = "bar"  # they are passed over, as if it were their own


@dataclass(frozen=True, slots=True)
class Login:
    """What ties one account to people: its identity, and the addresses that reach whoever uses it."""

    identity_id: int | None
    username: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Ties:
    """What ties one item to people.

    `logins` are the accounts that matter: a grant's and an account item's own, an integration owner's, a credential's own
    and the owner's of the integration it belongs to. `frozen_identity_id` is whose access it was at freezing.
    """

    logins: tuple[Login, ...] = ()
    frozen_identity_id: int | None = None


def concerned(ties: Ties, addresses: Mapping[str, int]) -> frozenset[int]:
    """The identities that must not decide on the item. `addresses` maps each known e-mail, lower case, to its identity."""
    return frozenset(_people(ties, addresses))


def leans(*, each_other: bool, grants: bool, holds: bool) -> tuple[Lean, ...]:
    """What is to be said of a reviewer beside their decision; nothing of it forbids that."""
    told = ((Lean.EACH_OTHER, each_other), (Lean.GRANTS, grants), (Lean.HOLDS, holds))
    return tuple(lean for lean, so in told if so)


def why_not_granter(reviewer_id: int, of: frozenset[int]) -> Refusal | None:
    """Why a review that bars them gives an item to none of those who can grant in its system (`of`)."""
    if reviewer_id not in of:
        return None
    return Refusal(
        "granter",
        "The new reviewer can give access in this system, and this review bars those who can grant what they decide on.",
        "Choose somebody who cannot.",
    )


def why_not_holder(reviewer_id: int, of: frozenset[int]) -> Refusal | None:
    """Why a review that bars them gives a group or a definition to none of those who hold it, or are in it (`of`)."""
    if reviewer_id not in of:
        return None
    return Refusal(
        "holder",
        "The new reviewer holds this, or is in it, and this review bars those who hold what they decide on.",
        "Choose somebody who does not.",
    )


def why_not_independent(reviewer_id: int, of: frozenset[int]) -> Refusal | None:
    """Why this person may not decide on an item that concerns the people `of`."""
    if reviewer_id not in of:
        return None
    return Refusal(
        "self_review",
        "This is your own access, or belongs to an account of yours; nobody decides on their own.",
        "Ask an administrator to give it to another reviewer.",
        status=403,
    )


def _people(ties: Ties, addresses: Mapping[str, int]) -> Iterable[int]:
    if ties.frozen_identity_id is not None:
        yield ties.frozen_identity_id
    for login in ties.logins:
        if login.identity_id is not None:
            yield login.identity_id
        for address in (login.username, login.email):
            if address is not None and address.lower() in addresses:
                yield addresses[address.lower()]
