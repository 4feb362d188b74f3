"""What no answer comes to in a review, said when it is opened: who is asked next, and what closing makes of it.

    "silence": {"answer": "owner",                                     or "keep", or "remove"
                "afterwards": "remove", "owner_days": 7,               only with "owner": owners of the systems are asked
                "escalate_after_days": 10, "escalate_to": "manager"}   optional; or "owner"

Silence never keeps privileged access, whatever is said here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.kit.refusal import Refusal, Refused

POLICY = "policy"  # in place of an answer: what the review says itself
OWNER_DAYS = 7
_ENDS = ("keep", "remove")
_WORDS = {"answer", "afterwards", "owner_days", "escalate_after_days", "escalate_to"}


class To(StrEnum):
    """Who is asked about what somebody else did not answer."""

    MANAGER = "manager"  # the reviewer's own; the owner where there is none who may
    OWNER = "owner"  # of the system


class Settled(StrEnum):
    """What gave an item its outcome, where it was not its reviewer's last answer."""

    SILENCE = "silence"  # nobody answered
    ROUNDS = "rounds"  # several rounds answered, and the review's rule for them decided


@dataclass(frozen=True, slots=True)
class Silence:
    """A review's own rule. `ends_as`: what closing makes of what has no answer; `owners_first`: after they were asked."""

    ends_as: str
    owners_first: bool = False
    owner_days: int = OWNER_DAYS
    escalate_after_days: int | None = None
    escalate_to: To = To.MANAGER

    def written(self) -> dict[str, Any]:
        """The rule as it is kept."""
        told: dict[str, Any] = {"answer": str(To.OWNER) if self.owners_first else self.ends_as}
        if self.owners_first:
            told |= {"afterwards": self.ends_as, "owner_days": self.owner_days}
        if self.escalate_after_days is not None:
            told |= {"escalate_after_days": self.escalate_after_days, "escalate_to": str(self.escalate_to)}
        return told


def read(written: Any) -> Silence | None:
    """Read a review's rule, or raise Refused (422) naming the first thing that is not understood. None stays none."""
    if written is None:
        return None
    if not isinstance(written, Mapping) or (strange := sorted(set(written) - _WORDS)):
        told = f'"{strange[0]}" is not known' if isinstance(written, Mapping) else "it is no rule"
        raise _no(told, f"Known are {', '.join(sorted(_WORDS))}.")
    answer, owners = written.get("answer"), written.get("answer") == To.OWNER
    if answer not in (*_ENDS, To.OWNER):
        raise _no(f"no answer cannot be {answer!r}", 'Say "keep", "remove" or "owner".')
    ends_as = written.get("afterwards") if owners else answer
    if ends_as not in _ENDS:
        raise _no('"owner" needs to say what follows if owners do not answer either', 'Say "afterwards": "remove".')
    if not owners and {"afterwards", "owner_days"} & set(written):
        raise _no('"afterwards" and "owner_days" go with "owner" only', "Leave them out.")
    if "escalate_to" in written and "escalate_after_days" not in written:
        raise _no("it does not say when to escalate", 'Say "escalate_after_days": 10.')
    if written.get("escalate_to", To.MANAGER) not in set(To):
        raise _no(f"{written['escalate_to']!r} is nobody to escalate to", 'Say "manager" or "owner".')
    return Silence(
        str(ends_as),
        owners,
        _days(written, "owner_days") or OWNER_DAYS,
        _days(written, "escalate_after_days"),
        To(written.get("escalate_to", To.MANAGER)),
    )


def of(scope: Mapping[str, Any]) -> Silence | None:
    """The rule of a campaign by its kept scope."""
    return read(scope.get("silence"))


def answer(rule: Silence | None, unanswered: str | None) -> str | None:
    """What closing makes of the silent ones: `unanswered` itself, or what the review says for "policy"."""
    return rule.ends_as if rule is not None and unanswered == POLICY else unanswered


def why_not_end(rule: Silence | None, unanswered: str | None, *, silent: int, owners_asked: bool) -> Refusal | None:
    """Why closing may not make that of `silent` items: the review said otherwise at its opening, or owners come first."""
    if unanswered == POLICY and rule is None:
        told = "This review has no rule for what is not answered."
        return Refusal("no_policy", told, "Say keep or remove.", status=422)
    if rule is None or unanswered is None or not silent:
        return None
    if rule.owners_first and not owners_asked:
        told = "By its own rule this review asks the systems' owners about what nobody answered, before it closes."
        return Refusal("owners_first", told, "Hand what has no answer to the owners.")
    if answer(rule, unanswered) != rule.ends_as:
        told = f'By its own rule, no answer means "{rule.ends_as}" in this review.'
        return Refusal("other_policy", told, "Close by its rule, or have them decided.")
    return None


def why_not_pass_on(open_items: int, *, owners_asked: bool, to: str, reason: str) -> Refusal | None:
    """Why what has no answer is not handed on: there is nothing, nobody says to whom or why, or owners had it already."""
    if to not in set(To):
        return Refusal("bad_answer", f'"{to}" is nobody to ask.', 'Say "manager" or "owner".', status=422)
    if not reason.strip():
        return Refusal("bad_answer", "Handing items on needs a reason.", "Say why.", status=422)
    if not open_items:
        return Refusal("nothing_silent", "Everything has an answer.", "There is nothing to hand on.")
    if to == To.OWNER and owners_asked:
        return Refusal("owners_asked", "The owners were asked already.", "Close it, or have it decided.")
    return None


def _days(written: Mapping[str, Any], word: str) -> int | None:
    value = written.get(word)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 90:
        raise _no(f'"{word}" is not a number of days', "Use 1 to 90.")
    return value


def _no(reason: str, way_out: str) -> Refused:
    return Refused(Refusal("bad_scope", f"This rule for no answer is not understood: {reason}.", way_out, status=422))
