"""Writes docs/lives.md from the tables of moves themselves: `make lives`. A test compares what is there with them.

The words beside each move are here; a move without words, or words without a move, stops the writing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.remediation import calls
from app.remediation import policy as removals
from app.review import bundling, outcomes, submission, turns
from app.review import policy as reviews

PAGE = Path(__file__).parents[2] / "docs" / "lives.md"
NOBODYS = "unanswered"
INTRO = """# Lives

<!-- Written by `make lives` from the tables of moves themselves. Do not edit it here. -->

Where a review and what belongs to it can be, and what takes it from there to where. Each diagram is drawn from the table
that the code itself moves by (`MOVES`); a move that is not drawn is refused. Two hundred random histories per database
look for one all the same, whenever a change is tested (`make soak LIVES=1` runs ten thousand): none may find an item
without a reviewer, a decision without an author, a removal without an outcome, or one with two; nor somebody who is asked
twice about the same in two rounds, a call while everything was stopped, more than a lane may begin without a second
person's word, access taken away before its day, or something verified that is otherwise in the CRM.

On 28 November 2026 ten thousand histories on each database were lived from seed 200000, and a thousand processes
killed: none found anything. A first try stopped at 201200, where giving an account back had been "verified" though it
was not there. That was the histories' own doing: a reading of theirs that lacked the grants said that it had the
accounts, and left them as they were before. They can be lived in slices too (`make soak LIVES=1 SEED=100000 RUNS=100
KILLS=48`).
"""


@dataclass(frozen=True)
class Life:
    """One kind of thing: its table, where it begins, and what takes it from one status to the next."""

    title: str
    says: str
    moves: Mapping[Any, frozenset[Any]]
    begins: Any
    words: Mapping[str, str]  # "open closed" -> what does it
    folded: bool = False  # drawn as one state, because nearly everything leads everywhere

    def edges(self) -> Iterator[tuple[str, str, str]]:
        """Every move with its words, in the table's order."""
        for now, then in self.moves.items():
            for to in self.moves:
                if to in then:
                    yield name(now), name(to), self.words[f"{name(now)} {name(to)}"]

    def unsaid(self) -> set[str]:
        """Moves without words, and words without a move."""
        said = {f"{name(now)} {name(to)}" for now, then in self.moves.items() for to in then}
        return said ^ set(self.words)


def name(status: Any) -> str:
    """As it is drawn and read."""
    return NOBODYS if status is None else str(status)


def _answers() -> dict[str, str]:
    words = {f"{NOBODYS} {answer}": "decided" for answer in reviews.Answer}
    words |= {f"{answer} {NOBODYS}": "taken back" for answer in reviews.Answer}
    changed = {(a, b) for a in reviews.Answer for b in reviews.Answer}
    words |= {f"{a} {b}": "decided again" if a == b else "changed" for a, b in changed}
    for silent in ("keep", "remove"):
        words[f"{NOBODYS} {silent}"] = "decided, or nobody answered and the review closed"
    return words


LIVES = (
    Life(
        "A review",
        "It is open from its freezing on. Closing has consequences, cancelling has none; neither is taken back.",
        reviews.MOVES,
        reviews.Status.OPEN,
        {"open closed": "closed by an administrator", "open cancelled": "cancelled, with a reason"},
    ),
    Life(
        "A reviewer's share",
        "A draft until it is submitted. What is handed to somebody who had submitted opens their share again.",
        submission.MOVES,
        submission.TaskStatus.OPEN,
        {
            "open submitted": "submitted by its reviewer, all answered",
            "submitted open": "opened again with a reason, or something was handed on to it",
        },
    ),
    Life(
        "A round",
        "Only reviews with several have them. The first is open from the beginning; one follows another.",
        turns.MOVES,
        turns.RoundStatus.PLANNED,
        {
            "planned open": "the one before it is due, or everybody has submitted, and it has something to ask",
            "planned skipped": "it has nothing to ask",
            "open ended": "the next begins, or the review closes",
        },
    ),
    Life(
        "An item",
        "Its outcome, which mirrors the latest decision. It moves while its review is open and its share a draft; each "
        "answer is a decision on record, with its author. Silence at the closing leaves an outcome and no decision. Who "
        'says "not mine" or "cannot say" decides and leaves no outcome: once their share is submitted, the item goes '
        "on to the next who may.",
        outcomes.MOVES,
        None,
        _answers(),
        folded=True,
    ),
    Life(
        "A removal",
        "Promised when the review closes, or from a finding. Only a later complete reading verifies it.",
        removals.MOVES,
        removals.Status.OPEN,
        {
            "open acting": "a call is written down, and made",
            "open acted": "it was gone when the executor looked",
            "open by_hand": "a machine may not, or cannot",
            "open verified": "a reading does not show it",
            "by_hand open": "tried again",
            "by_hand acted": "a person says it is done",
            "by_hand verified": "a reading does not show it",
            "acting open": "the call was not made, or a look resolved it",
            "acting acted": "the calls are done",
            "acting by_hand": "the executor lacks a right",
            "acting declined": "the CRM said no",
            "acted open": "a later reading still shows it",
            "acted verified": "a later reading does not show it",
            "declined open": "tried again",
            "declined acted": "a person says it is done",
            "declined verified": "a reading does not show it",
            "verified returned": "a later reading shows it again",
            "returned open": "tried again",
            "returned verified": "a reading does not show it",
            **{
                f"{status} undone": "undone, as a new decision"
                for status in ("open", "by_hand", "acted", "declined", "verified", "returned")
            },
        },
    ),
    Life(
        "A call",
        "One request that changes something in a CRM. It ends once; what a crash left without an end is looked at first.",
        calls.MOVES,
        calls.CallStatus.BEGUN,
        {
            "begun done": "the CRM said yes, or a look found it done",
            "begun declined": "the CRM said no",
            "begun skipped": "it was never made",
            "begun ambiguous": "nobody can say whether it was this call",
        },
    ),
    Life(
        "A version of a role model",
        "A draft covers nothing. An approval counts for a year and may be given again.",
        bundling.MOVES,
        bundling.VersionStatus.DRAFT,
        {
            "draft approved": "approved by its owner",
            "draft withdrawn": "withdrawn",
            "approved approved": "approved again",
            "approved superseded": "a later version was approved",
            "approved withdrawn": "retired, or its owner changed",
        },
    ),
)


def page() -> str:
    """The whole document."""
    return "\n".join([INTRO, *(_section(life) for life in LIVES)])


def _section(life: Life) -> str:
    drawn = list(_folded(life)) if life.folded else [f"    {now} --> {to} : {words}" for now, to, words in life.edges()]
    drawn += [f"    {name(status)} --> [*]" for status, then in life.moves.items() if not then]
    head = [f"## {life.title}", "", life.says, "", "```mermaid", "stateDiagram-v2", f"    [*] --> {name(life.begins)}"]
    rows = [f"| `{now}` | `{to}` | {words} |" for now, to, words in life.edges()]
    return "\n".join([*head, *drawn, "```", "", "| From | To | When |", "|---|---|---|", *rows, ""])


def _folded(life: Life) -> Iterator[str]:
    """One state that holds all but the first, for a table in which they all lead to each other."""
    first = name(life.begins)
    yield "    state answered {"
    for status in life.moves:
        if status != life.begins:
            yield f"        {name(status)}"
    yield "    }"
    yield f"    {first} --> answered : decided"
    yield "    answered --> answered : changed"
    yield f"    answered --> {first} : taken back"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
