"""What a review would be of, for whoever answers for it: looked at before it opens, and before its owner gives their word.

It is opened and taken back, so that the digest that a word is bound to is the one that opening comes to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.actors.actor import SCHEDULER
from app.review import campaigns, grounds, owning, vouching
from app.review import scope as scopes
from app.review.exclusions import Approval
from app.review.trust import Limits


@dataclass(frozen=True, slots=True)
class Population:
    """What would be reviewed. `told` is what the digest is over; `systems` are the names of those it numbers."""

    told: Mapping[str, Any]
    digest: str
    systems: Mapping[str, str]
    read_at: Mapping[str, datetime]

    @property
    def items(self) -> int:
        """How many items in all."""
        return sum(count for kinds in self.told["items"].values() for count in kinds.values())

    @property
    def excluded(self) -> Sequence[Any]:
        """What is left out, with counts and reasons."""
        left: Sequence[Any] = self.told["excluded"]
        return left


class _TakenBack(Exception):
    """Ends the savepoint of a look, so that nothing of it stays."""

    def __init__(self, told: Population) -> None:
        super().__init__()
        self.told = told


def look(session: Session, name: str, scope: Mapping[str, Any], *, limits: Limits, at: datetime) -> Population:
    """What a review of this scope would be of now. Raises Refused for what opening would refuse, but for words."""
    asked = scopes.read(scope)
    approver = grounds.approver(session, asked, at, at, None)
    word = Approval("", approver, "", at) if approver is not None else None  # of what is taken back
    try:
        with session.begin_nested():
            row = campaigns.open(
                session, name=f"{name} {at.isoformat()}"[:200], scope=scope, due_at=at + timedelta(days=1), approval=word,
                unasked=True, limits=limits, by=SCHEDULER, at=at,
            )  # fmt: skip
            raise _TakenBack(of(session, row))
    except _TakenBack as taken_back:
        return taken_back.told


def of(session: Session, row: Any) -> Population:
    """What a review that was just opened is of."""
    told = vouching.population(session, row)
    systems = {str(system.id): system for system in grounds.systems(session, scopes.read(row.scope))}
    latest = {number: grounds.latest(session, system.id) for number, system in systems.items()}
    return Population(
        told,
        owning.digest(told),
        {number: system.name for number, system in systems.items()},
        {number: seen.began_at for number, seen in latest.items() if seen is not None},
    )
