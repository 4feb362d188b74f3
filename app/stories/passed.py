"""What went on from one reviewer to another because it had no answer: told to both, and to who runs the review.

It is what the log says of that day; what was handed on or answered since then changes nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.inventory.tables import IdentityRow
from app.kit.refusal import insist
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow

NAMED = 4  # so many are told by name, and the others counted


@dataclass(frozen=True, slots=True)
class Came:
    """What one reviewer was given on a day: how many `items`, and who had not answered them."""

    at: datetime
    items: int
    before: str


@dataclass(frozen=True, slots=True)
class Went:
    """What one reviewer had not answered by a day, and who was asked instead."""

    at: datetime
    to: str
    one: bool  # they are one person
    deputy: str | None = None  # who had not answered for them, by a delegation


@dataclass(frozen=True, slots=True)
class Passed:
    """One day's passing on in a review: `moved` items went to `to`, managers or owners of systems; `stayed` are those that
    nobody else may decide on, `theirs` those that were with whom they would have gone to."""

    at: datetime
    to: str
    moved: int
    stayed: int
    theirs: int


def passed(session: Session, campaign_id: int, *, by: Actor) -> Sequence[Passed]:
    """Each time that what had no answer went on in a review, for those who may see reviews. Refuses others."""
    insist(policy.why_not(by, May.SEE_CAMPAIGNS))
    return [
        Passed(
            row.at, "managers" if row.body["to"] == "manager" else "owners", row.body["moved"],
            row.body["stayed"] - row.body.get("theirs", 0), row.body.get("theirs", 0),
        )
        for row in _entries(session, campaign_id)
    ]  # fmt: skip


def came(session: Session, campaign_id: int, identity_id: int) -> Sequence[Came]:
    """What a reviewer was given in a review for its lack of an answer."""
    found = [
        (row.at, share)
        for row in _entries(session, campaign_id)
        for share in row.body["shares"]
        if _number(share["to"]) == identity_id
    ]
    names = _names(session, {_number(who) for _, share in found for who in share["from"]})
    return [Came(at, share["items"], _listed(share["from"], names)) for at, share in found]


def went(session: Session, campaign_id: int, identity_id: int) -> Sequence[Went]:
    """Who was asked instead of a reviewer in a review, where they had not answered, or where nobody had for them."""
    found: list[tuple[datetime, list[str], list[str]]] = []
    for row in _entries(session, campaign_id):
        own = [share["to"] for share in row.body["shares"] if identity_id in map(_number, share["from"])]
        carried = [share for share in row.body["shares"] if identity_id in map(_number, share.get("for", ()))]
        if own:
            found.append((row.at, own, []))
        if carried:
            deputies = sorted({who for share in carried for who in share["from"]})
            found.append((row.at, [share["to"] for share in carried], deputies))
    names = _names(session, {_number(who) for _, takers, deputies in found for who in (*takers, *deputies)})
    return [
        Went(at, _listed(takers, names), len(takers) == 1, _listed(deputies, names) if deputies else None)
        for at, takers, deputies in found
    ]


def _entries(session: Session, campaign_id: int) -> Sequence[Any]:
    asked = select(EntryRow.at, EntryRow.body).where(
        EntryRow.subject == f"campaign:{campaign_id}", EntryRow.kind == Kind.CAMPAIGN_ESCALATED
    )
    return session.execute(asked.order_by(EntryRow.at, EntryRow.id)).all()


def _number(subject: str) -> int:
    return int(subject.removeprefix("identity:"))


def _names(session: Session, people: set[int]) -> Mapping[int, str]:
    found = select(IdentityRow.id, IdentityRow.name).where(IdentityRow.id.in_(people))
    return dict(session.execute(found).all()) if people else {}


def _listed(subjects: Sequence[str], names: Mapping[int, str]) -> str:
    """Some by name, the others counted: "Ada, Bo and 3 others"."""
    told = sorted(names.get(_number(who), "somebody") for who in subjects)
    shown, more = told[:NAMED], len(told) - NAMED
    if more > 0:
        return f"{', '.join(shown)} and {more} {'other' if more == 1 else 'others'}"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
