"""The rounds of a review after its first: who is asked again about what, and what several answers come to.

    "then": [{"name": "IT security", "where": "privileged and answer = keep",
              "ask": [{"person": "p-103"}, "above"], "due_days": 7}],
    "outcome": "any_removal"

A round takes in what its `where` holds for when it begins (without one: everything), as far as that could
still come out otherwise.
`ask` is a chain as in `chain`, with the review's fallbacks at its end; whoever was asked or answered before is passed over.
What several answers come to is told by one of `Outcome`; the verifier of packets tells it by its own lights.

round   planned ──▶ open ──▶ ended
           └──────▶ skipped (nothing was to be asked)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.kit.refusal import Refusal, Refused
from app.review import attention, chain, expression
from app.review.attention import Attention
from app.review.chain import Step
from app.review.expression import Expression, Sort
from app.ways import Way

MOST = 5  # rounds after the first
DUE_DAYS = 7
SECOND_LOOK = "Second look"


class Outcome(StrEnum):
    """What several rounds' answers come to."""

    LAST = "last"  # the last round that answered decides
    FIRST = "first"  # the first answer decides; later rounds are for the silent
    ALL_KEEP = "all_keep"  # it stays only if every round that was asked said so; silence does not
    ANY_REMOVAL = "any_removal"  # one removal decides, among other answers the last


class RoundStatus(StrEnum):
    """Where a round is."""

    PLANNED = "planned"
    OPEN = "open"
    ENDED = "ended"
    SKIPPED = "skipped"


MOVES: Mapping[RoundStatus, frozenset[RoundStatus]] = {
    RoundStatus.PLANNED: frozenset({RoundStatus.OPEN, RoundStatus.SKIPPED}),
    RoundStatus.OPEN: frozenset({RoundStatus.ENDED}),
    RoundStatus.ENDED: frozenset(),
    RoundStatus.SKIPPED: frozenset(),
}

# What a round's `where` may ask for: what was frozen and shown, and what was answered by now.
FACTS: Mapping[str, Sort] = {
    "system": Sort.TEXT,
    "kind": Sort.TEXT,
    "entitlement": Sort.TEXT,
    "privileged": Sort.FLAG,
    "privilege": Sort.MANY,
    "department": Sort.TEXT,
    "title": Sort.TEXT,
    "account_kind": Sort.TEXT,
    "use": Sort.TEXT,
    "finding": Sort.MANY,
    "alone": Sort.FLAG,  # decided by itself, for something about it is unusual
    "answer": Sort.TEXT,  # what the rounds so far come to; not known while nobody answered
    "silent": Sort.FLAG,  # nobody answered
    "advice": Sort.TEXT,  # keep or remove, as it was shown
    "against_advice": Sort.FLAG,  # answered otherwise than advised; not known without an answer or advice
}
_STAYS = ("keep", "acknowledge")


@dataclass(frozen=True, slots=True)
class Turn:
    """One round after the first."""

    name: str
    ask: tuple[Step, ...]
    where: Expression | None = None
    due_days: int = DUE_DAYS
    sample: Attention | None = None  # it asks about a sample of what was decided without attention

    def written(self) -> dict[str, Any]:
        """The round as it is kept."""
        told: dict[str, Any] = {"name": self.name, "ask": [step.written() for step in self.ask]}
        if self.where is not None:
            told["where"] = expression.written(self.where)
        return told | {"due_days": self.due_days}


@dataclass(frozen=True, slots=True)
class Asked:
    """One item, with what its rounds so far came to."""

    kind: str
    system: str
    privileged: bool
    alone: bool | None
    shown: Mapping[str, Any]
    answers: tuple[str | None, ...]  # by round; None: silent


def read(written: Any) -> tuple[Turn, ...]:
    """Read the rounds of a scope, or raise Refused (422) naming the first thing that is not understood."""
    if written is None:
        return ()
    if not isinstance(written, list) or len(written) > MOST:
        raise _no(f'"then" is no list of at most {MOST} rounds', 'Write one: [{"name": "Owners", "ask": ["owner"]}].')
    return tuple(_turn(each) for each in written)


def course(scope: Mapping[str, Any]) -> tuple[Turn, ...]:
    """All rounds after the first of a kept scope: those it lists, then the second look at a sample if it is on."""
    watched = attention.read(scope.get("attention"))
    then = read(scope.get("then"))
    if watched is None:
        return then
    return (*then, Turn(SECOND_LOOK, watched.ask, None, watched.due_days, watched))


def read_outcome(written: Any) -> Outcome:
    """Read the rule for several answers."""
    if written is None:
        return Outcome.LAST
    if written not in set(Outcome):
        raise _no(f"several answers cannot come to {written!r}", f"Say {', '.join(Outcome)}.")
    return Outcome(written)


def tally(rule: Outcome, answers: Sequence[str | None]) -> str | None:
    """What the answers of an item's rounds, in their order, come to; None while nobody answered."""
    given = [answer for answer in answers if answer is not None]
    if not given:
        return None
    if rule is Outcome.FIRST:
        return given[0]
    if rule in (Outcome.ALL_KEEP, Outcome.ANY_REMOVAL) and "remove" in given:
        return "remove"
    if rule is Outcome.ALL_KEEP:
        changes = [answer for answer in given if answer == "change"]
        return changes[-1] if changes else given[-1] if None not in answers else "remove"
    return given[-1]


def open_yet(rule: Outcome, answers: Sequence[str | None]) -> bool:
    """Whether one more round could make something else of it."""
    if tally(rule, answers) is None or rule is Outcome.LAST:
        return True
    # A removal that silence alone came to where all must keep is none that nobody can answer otherwise: by a change.
    return rule is not Outcome.FIRST and "remove" not in answers


def wanted(turn: Turn, rule: Outcome, item: Asked) -> bool:
    """Whether a round asks about an item."""
    if not open_yet(rule, item.answers):
        return False
    return turn.where is None or expression.holds(turn.where, facts(rule, item)) is True


def facts(rule: Outcome, item: Asked) -> dict[str, Any]:
    """What is known of an item (`FACTS`)."""
    who, what = item.shown.get("who") or {}, item.shown.get("what") or {}
    held = what.get("privileges")
    use, said = item.shown.get("use"), tally(rule, item.answers)
    advised = (item.shown.get("advice") or {}).get("says")
    wrong = [*(item.shown.get("findings") or ()), *(item.shown.get("account_findings") or ())]
    unknown_contents = item.kind == "grant" and held is None
    return {
        "system": item.system,
        "kind": item.kind,
        "entitlement": what.get("key"),
        "privileged": True if item.privileged else None if unknown_contents else False,
        "privilege": None
        if held is None
        else [each["privilege"] if isinstance(each, Mapping) else each for each in held],
        "department": who.get("department"),
        "title": who.get("title"),
        "account_kind": who.get("kind"),
        "use": None if use == "unknown" else use,
        "finding": [each["rule"] for each in wrong],
        "alone": item.alone,
        "answer": said,
        "silent": said is None,
        "advice": advised,
        "against_advice": None if said is None or advised is None else (said in _STAYS) != (advised == "keep"),
    }


def why_not_go_on(*, planned: int, pending: Sequence[str], due: bool) -> Refusal | None:
    """Why the next round may not begin: none is left, or this one still has time and `pending` have not submitted."""
    if not planned:
        return Refusal("no_round", "No round is left in this review.", "Close it.")
    if pending and not due:
        return Refusal(
            "round_open",
            f"This round is not due yet, and not everybody has submitted: {', '.join(pending)}.",
            "Wait until it is due, or remind them.",
            facts={"pending": list(pending)},
        )
    return None


def why_not_staffed(alone: int) -> Refusal | None:
    """Why a round may not begin: for `alone` of its items nobody is left who is independent and was not asked before."""
    if not alone:
        return None
    return Refusal(
        "no_reviewer",
        f"For {alone} items of the next round nobody is left who may decide and was not asked before.",
        "Name somebody for them as the last resort of this round.",
        facts={"items": alone},
    )


def why_not_close(planned: int) -> Refusal | None:
    """Why a review may not close: rounds are left."""
    if not planned:
        return None
    told = "One more round is" if planned == 1 else f"{planned} more rounds are"
    return Refusal(
        "rounds_left", f"{told} to be asked before this review closes.", "Begin the next round.", way=Way.BEGIN_ROUND
    )


def why_not_in_this_round(item_round: int, campaign_round: int, answered: bool) -> Refusal | None:
    """Why an answer of an earlier round is not changed: the next one rests on it. What was left silent may be answered."""
    if item_round >= campaign_round or not answered:
        return None
    return Refusal("round_over", "The round in which this was answered is over.", "What was answered in it stands.")


def why_not_again(reviewer_id: int, earlier: frozenset[int]) -> Refusal | None:
    """Why somebody is not asked in a later round: they were in an earlier one."""
    if reviewer_id not in earlier:
        return None
    told = "Whoever was asked in an earlier round does not decide in a later one."
    return Refusal("asked_before", told, "Choose somebody else.", status=403)


def _turn(entry: Any) -> Turn:
    words = {"name", "ask", "where", "due_days"}
    if not isinstance(entry, Mapping) or not {"ask", "name"} <= set(entry) <= words:
        raise _no('each round has "name" and "ask", may have "where" and "due_days", and nothing else', "Correct it.")
    name, where, days = entry["name"], entry.get("where"), entry.get("due_days", DUE_DAYS)
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= 60:
        raise _no("a round needs a name of at most 60 letters", "Name it.")
    if where is not None and not isinstance(where, str):
        raise _no('"where" is not an expression', 'Write one in quotation marks: "privileged".')
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= 90:
        raise _no('"due_days" is not a number of days', "Use 1 to 90.")
    (rule,) = chain.read([{"ask": entry["ask"]}], FACTS)
    return Turn(name.strip(), rule.ask, expression.read(where, FACTS) if where is not None else None, days)


def _no(reason: str, way_out: str) -> Refused:
    return Refused(Refusal("bad_scope", f"These rounds are not understood: {reason}.", way_out, status=422))
