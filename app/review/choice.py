"""Who reviews an item: the person's manager, else the system's owner, else a fallback, and never the person themselves.

A manager is asked about people only; an account of nobody, of a program or an integration goes to the system's owner at
once. Whoever has left, is away for the whole review or is concerned by the item is passed over. The set-wise twin is in
`freezing`; a property test proves that both agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ChosenBy(StrEnum):
    """By which step a reviewer came to an item."""

    MANAGER = "manager"
    OWNER = "owner"
    FALLBACK = "fallback"
    REASSIGNED = "reassigned"
    ESCALATED = "escalated"  # its first reviewer did not answer


@dataclass(frozen=True, slots=True)
class Person:
    """What matters about somebody who might review. `gone`: no longer in the roster, or erased."""

    identity_id: int
    kind: str = "person"
    gone: bool = False
    start: date | None = None
    end: date | None = None
    away_from: date | None = None
    away_until: date | None = None
    manager_id: int | None = None


def fit(person: Person | None, opens: date, due: date) -> bool:
    """Whether somebody can review from `opens` to `due`: a person, here on the first day, not away throughout.

    `end` is the last day at work. An absence without an end lasts.
    """
    if person is None or person.kind != "person" or person.gone:
        return False
    if (person.start and person.start > opens) or (person.end and person.end < opens):
        return False
    away = person.away_from is not None or person.away_until is not None
    throughout = (person.away_from is None or person.away_from <= opens) and (
        person.away_until is None or person.away_until >= due
    )
    return not (away and throughout)


def choose(
    *,
    manager: int | None,
    owner: int | None,
    fallbacks: tuple[int, ...],
    concerned: frozenset[int],
    able: frozenset[int],
) -> tuple[int, ChosenBy] | None:
    """The first of the chain who is able to and not concerned. None if nobody is: then the campaign may not open."""
    chain = [(manager, ChosenBy.MANAGER), (owner, ChosenBy.OWNER), *((f, ChosenBy.FALLBACK) for f in fallbacks)]
    for candidate, by in chain:
        if candidate is not None and candidate in able and candidate not in concerned:
            return candidate, by
    return None


def manager_of(person: Person | None, account_kind: str) -> int | None:
    """Whose judgement a person's access is: their manager's. None for programs, visitors and nobody's accounts."""
    if person is None or person.kind != "person" or account_kind not in ("person", "unknown"):
        return None
    return person.manager_id
