"""How attentively a review is answered: off unless its scope switches it on, told of a review and never of a person.

    "attention": {"percent": 10, "ask": ["owner"], "fast_seconds": 5, "bulk": 20, "due_days": 7}

A decision is looked at again if it was fast (less than `fast_seconds` for each item since the same person's last call), one
of many (`bulk` or more in one call), or kept against the advice. Of those, `percent` go to somebody else in a last round:
the ones whose SHA-256 of "seed:item" is lowest. The seed is drawn at the opening, which commits to it, and told when the
round begins, so nobody can know the sample before, and everybody can draw it again afterwards.
"""

from __future__ import annotations

import hashlib
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.kit.refusal import Refusal, Refused
from app.review import chain
from app.review.chain import Step

FEWEST = 5  # reviewers; of fewer, a figure would be about a person
_STAYS = ("keep", "acknowledge")
_WORDS = {"percent", "ask", "fast_seconds", "bulk", "due_days"}


class Sign(StrEnum):
    """Why a decision is looked at again."""

    FAST = "fast"
    BULK = "bulk"
    AGAINST = "against_advice"


@dataclass(frozen=True, slots=True)
class Attention:
    """What a review's scope says of it."""

    percent: int
    ask: tuple[Step, ...]
    fast_seconds: int = 5
    bulk: int = 20
    due_days: int = 7

    def written(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "percent": self.percent,
            "ask": [step.written() for step in self.ask],
            "fast_seconds": self.fast_seconds,
            "bulk": self.bulk,
            "due_days": self.due_days,
        }


@dataclass(frozen=True, slots=True)
class Said:
    """One decision, with what was advised; `stands`: no later one answered it."""

    item_id: int
    by: int | None
    at: datetime
    answer: str
    advised: str | None
    stands: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a whole review. `seconds`: in the middle, for each item of a call; None: nobody made two calls."""

    decisions: int
    seconds: float | None
    counts: Mapping[Sign, int]


def read(written: Any) -> Attention | None:
    """Read what a scope says, or raise Refused (422) naming the first thing that is not understood."""
    if written is None:
        return None
    if not isinstance(written, Mapping) or not {"percent", "ask"} <= set(written) <= _WORDS:
        raise _no(
            f"it has percent and ask, and may have {', '.join(sorted(_WORDS - {'percent', 'ask'}))}", "Correct it."
        )
    numbers = {"percent": (1, 100), "fast_seconds": (1, 3_600), "bulk": (2, 5_000), "due_days": (1, 90)}
    for word, (least, most) in numbers.items():
        value = written.get(word, least)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise _no(f'"{word}" is no number from {least} to {most}', "Correct it.")
    (rule,) = chain.read([{"ask": written["ask"]}], {})
    given = {word: written[word] for word in numbers if word in written}
    return Attention(ask=rule.ask, **given)


def signs(rule: Attention, said: Iterable[Said]) -> dict[int, frozenset[Sign]]:
    """Why the standing decision of each item is looked at again; items of which there is no reason are left out."""
    every = list(said)
    pace, sizes = _pace(every)
    found: dict[int, frozenset[Sign]] = {}
    for each in every:
        call = (each.by, each.at)
        told = {
            Sign.FAST: (gap := pace.get(call)) is not None and gap < rule.fast_seconds,
            Sign.BULK: sizes[call] >= rule.bulk,
            Sign.AGAINST: each.answer in _STAYS and each.advised == "remove",
        }
        if each.stands and any(told.values()):
            found[each.item_id] = frozenset(sign for sign, so in told.items() if so)
    return found


def sample(seed: str, items: Iterable[int], percent: int) -> list[int]:
    """Which of these items are drawn, in order: `percent` of them, rounded up."""
    drawn = sorted(items, key=lambda item: hashlib.sha256(f"{seed}:{item}".encode()).hexdigest())
    return sorted(drawn[: math.ceil(len(drawn) * percent / 100)])


def figures(rule: Attention, said: Sequence[Said]) -> Figures | None:
    """Of a whole review; None where so few decided that it would be about a person."""
    if len({each.by for each in said}) < FEWEST:
        return None
    pace, _ = _pace(said)
    marks = signs(rule, said)
    counts = {sign: sum(sign in each for each in marks.values()) for sign in Sign}
    return Figures(len(said), round(statistics.median(pace.values()), 1) if pace else None, counts)


def why_not_told(rule: Attention | None, told: Figures | None) -> Refusal | None:
    """Why there are no figures: they were not switched on, or they would be about a person."""
    if rule is None:
        return Refusal(
            "switched_off", "Attention is switched off in this review.", 'Switch it on: "attention" in its scope.'
        )
    if told is None:
        return Refusal(
            "too_few", f"Fewer than {FEWEST} people decided: a figure would be about a person.", "Wait for more."
        )
    return None


def _pace(
    said: Sequence[Said],
) -> tuple[dict[tuple[int | None, datetime], float], dict[tuple[int | None, datetime], int]]:
    """Seconds for each item of every call but a person's first, and how many items each call decided on."""
    sizes: dict[tuple[int | None, datetime], int] = defaultdict(int)
    for each in said:
        sizes[each.by, each.at] += 1
    pace: dict[tuple[int | None, datetime], float] = {}
    last: dict[int | None, datetime] = {}
    for who, at in sorted(sizes, key=lambda call: call[1]):
        if who in last:
            pace[who, at] = (at - last[who]).total_seconds() / sizes[who, at]
        last[who] = at
    return pace, sizes


def _no(reason: str, way_out: str) -> Refused:
    return Refused(Refusal("bad_scope", f"What is said of attention is not understood: {reason}.", way_out, status=422))
