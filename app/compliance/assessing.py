"""What an integration's card must say, and how its risk is counted. Pure.

Each question is answered from 0 (none) to 3 (great); the score is their sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from app.kit.refusal import Refusal

OWN = "own"  # the vendor of a program that the organisation made itself; it needs no contract
QUESTIONS: Mapping[str, str] = {
    "reach": "How much of what the CRM holds could it read?",
    "power": "How much could it change, delete or send out?",
    "harm": "How bad would it be for the people in that data if it leaked?",
    "dependence": "How badly would work suffer if it stopped?",
    "vendor": "How little do we know about whoever runs it?",
    "keys": "How long-lived and how widely known is what it enters by?",
}
MOST_EACH = 3
GOOD_FOR = timedelta(days=366)
LEVELS = ((12, "high"), (7, "medium"), (0, "low"))


class Status(StrEnum):
    """Where one turn of a card stands."""

    OPEN = "open"  # somebody has to fill it in
    SUBMITTED = "submitted"  # filled in, and waits for another's approval
    APPROVED = "approved"
    DECLINED = "declined"


MOVES: Mapping[Status, frozenset[Status]] = {
    Status.OPEN: frozenset({Status.SUBMITTED}),
    Status.SUBMITTED: frozenset({Status.APPROVED, Status.DECLINED}),
    Status.APPROVED: frozenset(),
    Status.DECLINED: frozenset(),
}


def score(answers: Mapping[str, int]) -> int:
    """The sum of the answers."""
    return sum(answers.values())


def level(of: int) -> str:
    """How risky a score is."""
    return next(name for least, name in LEVELS if of >= least)


def why_not_move(now: str, to: Status) -> Refusal | None:
    """Whether a turn may go from one status to another."""
    if to in MOVES[Status(now)]:
        return None
    return Refusal("no_such_move", f"This assessment is {now}.", "Open another turn.", status=409)


def why_not_submit(
    *, purpose: str, vendor: str, contract: str | None, classes: Sequence[str], answers: Mapping[str, int]
) -> Refusal | None:
    """A card has no blanks: what it is for, who makes it under which contract, what data it reaches, every question."""
    if len(purpose.strip()) < 10:
        return _blank("what it is for, in a sentence")
    if not vendor.strip():
        return _blank(f'who makes it ("{OWN}" if you do yourselves)')
    if vendor.strip().lower() != OWN and not (contract or "").strip():
        return _blank("under which contract its vendor works")
    if not classes or not all(each.strip() for each in classes):
        return _blank("which classes of data it reaches")
    if missing := [name for name in QUESTIONS if name not in answers]:
        return _blank(f"an answer to: {QUESTIONS[missing[0]]}")
    strange = [name for name, value in answers.items() if name not in QUESTIONS or not 0 <= value <= MOST_EACH]
    if strange:
        return Refusal("bad_answer", f"{strange[0]}: answers go from 0 to {MOST_EACH}.", "Answer anew.", status=422)
    return None


def why_not_until(until: datetime, at: datetime) -> Refusal | None:
    """An assessment is good for a year at most."""
    if until <= at:
        return Refusal("end_in_the_past", "The end lies in the past.", "Give a later one.", status=422)
    if until > at + GOOD_FOR:
        return Refusal("end_too_far", "An assessment is good for a year.", "Give an end within a year.", status=422)
    return None


def _blank(what: str) -> Refusal:
    return Refusal("blank", f"The card does not say {what}.", "Fill it in.", status=422)
