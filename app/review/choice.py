"""Who reviews an item: the first of its chain who is able to, else a fallback, and never the person themselves.

A manager is asked about people only; an account of nobody, of a program or an integration has none. Whoever has left, is
away for the whole review or is concerned by the item is passed over. The set-wise twin is `choosing`; a property test
proves that both agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ChosenBy(StrEnum):
    """By which step a reviewer came to an item."""

    MANAGER = "manager"
    ABOVE = "above"
    OWNER = "owner"
    SECURITY = "security"
    NAMED = "named"
    GROUP = "group"
    FALLBACK = "fallback"
    REASSIGNED = "reassigned"
    ESCALATED = "escalated"  # its first reviewer did not answer
    PASSED_ON = "passed_on"  # whose share it was has left, or is away until the end
    DELEGATED = "delegated"
    RETURNED = "returned"  # a delegation has ended


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
    asked: Iterable[tuple[int | None, ChosenBy]],
    *,
    fallbacks: tuple[int, ...],
    concerned: frozenset[int],
    able: frozenset[int],
    granters: frozenset[int] = frozenset(),
) -> tuple[int, ChosenBy] | None:
    """The first of the chain, then of the fallbacks, who is able to and not concerned. None if nobody is: then the campaign
    may not open. `granters`: who can grant in its system, where the review bars them."""
    for candidate, by in (*asked, *((each, ChosenBy.FALLBACK) for each in fallbacks)):
        if candidate is not None and candidate in able and candidate not in concerned | granters:
            return candidate, by
    return None


def manager_of(person: Person | None, account_kind: str) -> int | None:
    """Whose judgement a person's access is: their manager's. None for programs, visitors and nobody's accounts."""
    if person is None or person.kind != "person" or account_kind not in ("person", "unknown"):
        return None
    return person.manager_id


def above(manager: int | None, managers: Mapping[int, int | None]) -> list[int]:
    """The line of managers above a manager, the nearest first; a circle ends it. `managers` maps each to their own."""
    line: list[int] = []
    while manager is not None and (manager := managers.get(manager)) is not None and manager not in line:
        line.append(manager)
    return line


def turn(members: Sequence[int], row_id: int) -> list[int]:
    """A group in the order in which it is asked about one subject, so that its members share the work evenly."""
    start = row_id % len(members) if members else 0
    return [*members[start:], *members[:start]]
