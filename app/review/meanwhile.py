"""What may be said of what came up while a review ran, and why not: administrators decide on it, never on their own, and on
what they have seen; what a review makes of who leans (`independence.Lean`) holds for them as for reviewers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.actors.actor import Actor, Role
from app.kit.refusal import Refusal
from app.review import apart, independence, policy
from app.review.independence import Lean, Leaners
from app.review.policy import Answer
from app.ways import Way

_BARRED = {
    Lean.GRANTS: (
        "You can give access in this system, and this review bars those who can grant what they decide on.",
        "Ask an administrator who cannot.",
    ),
    Lean.HOLDS: (
        "You hold this, or are in it, and this review bars those who hold what they decide on.",
        "Ask an administrator who does not.",
    ),
}


def why_not_decide(
    *, status: str, change: str, concerned: frozenset[int], owner: int | None, by: Actor
) -> Refusal | None:
    """Why this actor may not decide on something that came up since freezing, whatever they say. `concerned`: whom it
    concerns, `owner`: who signs the review, both by identity."""
    if not by.has(Role.ADMIN):
        return Refusal("not_reviewer", "Drift is decided by an administrator, as a person.", "Ask one.", status=403)
    if by.identity_id is None:
        return Refusal(
            "not_reviewer",
            "You are no person whom the roster knows, so nobody could tell whether this is your own access.",
            "It takes an administrator whom it knows.",
            status=403,
            way=Way.DECIDE_DRIFT,
        )
    if change == "ended":
        return Refusal("bad_answer", "What has ended needs no decision.", "Decide on the rest.", status=422)
    own = independence.why_not_independent(by.identity_id, concerned)
    return (
        policy.why_not_move(status)
        or (replace(own, way_out="Leave it to another administrator.") if own is not None else None)
        or apart.why_not_apart(by.identity_id, None, owner)
    )


def why_not_leaning(leans: Collection[Lean], scope: Mapping[str, Any]) -> Refusal | None:
    """Why a review whose scope bars those who lean takes no decision from somebody who does."""
    barred = {Lean.GRANTS: "granters", Lean.HOLDS: "holders"}
    for lean, (told, otherwise) in _BARRED.items():
        if lean in leans and scope.get(barred[lean]) == Leaners.BAR:
            return Refusal(barred[lean].removesuffix("s"), told, otherwise, status=403)
    return None


def why_not_say(answer: str, reason: str) -> Refusal | None:
    """Why this is no answer to what came up since freezing."""
    if answer not in (Answer.KEEP, Answer.REMOVE):
        return _no_answer(f'"{answer}" is not an answer to drift', "Answer keep or remove.")
    if not reason.strip():
        return _no_answer("a decision on drift needs a reason", "Say why.")
    return None


def why_not_seen(
    seen: int | None, version: int, *, answer: str | None, who: str | None, at: datetime | None
) -> Refusal | None:
    """Why it is not decided on as it was `seen` (None: as it is): somebody decided already, `who` did; or it contains
    something else by now."""
    if answer is not None:
        return policy.too_late(version=version, answer=answer, who=who, at=at)
    if seen is None or seen == version:
        return None
    return Refusal(
        "changed_meanwhile",
        "What you decide on contains something else than you saw: a later reading changed it once more.",
        "Look at what it contains now, and decide on that.",
        status=412,
        facts={"version": version},
    )


def _no_answer(reason: str, way_out: str) -> Refusal:
    return Refusal("bad_answer", f"This answer cannot be taken: {reason}.", way_out, status=422)
