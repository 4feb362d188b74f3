"""A second look at a sample, drawn again by whoever holds the packet: which decisions called for one, and which the seed
picked. Pure; told by other lights than the review's own (`app.review.attention`), for the verifier takes nobody's word.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_NO_ANSWER = ("withdraw", "not_mine", "cannot_say")


@dataclass(frozen=True, slots=True)
class Word:
    """One decision, as far as a sample needs it. `order`: its number in the log."""

    order: int
    item: int
    by: Any
    at: datetime
    entry: str
    answer: str
    advised: str | None


@dataclass(slots=True)
class Asked:
    """Which items each further round asked about, and, where a sample may have been drawn, every word that was said.

    `rule`: the review's words on attention, as its cover has them, which are held against the log; None: it has none.
    """

    rule: Mapping[str, Any] | None = None
    items: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    words: list[Word] = field(default_factory=list)

    def hear(self, item: Mapping[str, Any]) -> None:
        """Keep what was said of an item."""
        if self.rule is None:
            return
        advised = (item["shown"].get("advice") or {}).get("says")
        self.words += (
            Word(said["leaf"], item["item"], said["by_identity"], datetime.fromisoformat(said["at"]), said["entry"],
                 said["answer"], advised)
            for said in item["decisions"]
        )  # fmt: skip


def wrong(begun: Mapping[str, Any], words: Iterable[Word], rule: Mapping[str, Any] | None) -> Iterator[str]:
    """Where a sample is not what its seed draws. `begun`: the entry by which its round began, with its number (`leaf`);
    `rule`: the review's words on attention."""
    where = f"round {begun['round']}"
    if rule is None or begun["percent"] != rule["percent"]:
        yield f"{where} drew another share than the review says"
        return
    marked = sorted(_marked([each for each in words if each.order < begun["leaf"]], rule))
    if (len(marked), _digest(marked)) != (begun["marked"], begun["marked_digest"]):
        yield f"{where} drew from {begun['marked']} items; by the packet's decisions {len(marked)} called for a second look"
    first = sorted(marked, key=lambda item: hashlib.sha256(f"{begun['seed']}:{item}".encode()).digest())
    drawn = sorted(first[: math.ceil(len(marked) * begun["percent"] / 100)])
    if _digest(drawn) != begun["drawn_digest"]:
        yield f"{where} is about other items than its seed draws"


def _marked(words: list[Word], rule: Mapping[str, Any]) -> set[int]:
    """The items whose standing answer was fast, one of many, or kept against the advice."""
    sizes = Counter((each.by, each.at) for each in words)
    fast, last = set(), dict[Any, datetime]()
    for call in sorted(sizes, key=lambda call: call[1]):
        by, at = call
        if by in last and (at - last[by]).total_seconds() < rule["fast_seconds"] * sizes[call]:
            fast.add(call)
        last[by] = at
    stands = {each.item: each for each in sorted(words, key=lambda each: (each.at, each.entry))}
    return {
        item
        for item, each in stands.items()
        if each.answer not in _NO_ANSWER
        and (
            (each.by, each.at) in fast
            or sizes[each.by, each.at] >= rule["bulk"]
            or (each.answer in ("keep", "acknowledge") and each.advised == "remove")
        )
    }


def _digest(items: Iterable[int]) -> str:
    return hashlib.sha256("".join(f"{item}\n" for item in items).encode()).hexdigest()
