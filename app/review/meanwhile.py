"""What may be said of what came up while a review ran, and why not: administrators decide on it, never on their own, and on
what they have seen.
"""

from __future__ import annotations

from datetime import datetime

from app.actors.actor import Actor, Role
from app.kit.refusal import Refusal
from app.review import independence, policy
from app.review.policy import Answer


def why_not_answer(
    *, status: str, change: str, answer: str, reason: str, concerned: frozenset[int], by: Actor
) -> Refusal | None:
    """Why this actor may not say this of something that came up since freezing."""
    if not by.has(Role.ADMIN) or by.identity_id is None:
        return Refusal("not_reviewer", "Drift is decided by an administrator, as a person.", "Ask one.", status=403)
    if change == "ended":
        return Refusal("bad_answer", "What has ended needs no decision.", "Decide on the rest.", status=422)
    if answer not in (Answer.KEEP, Answer.REMOVE):
        return _no_answer(f'"{answer}" is not an answer to drift', "Answer keep or remove.")
    if not reason.strip():
        return _no_answer("a decision on drift needs a reason", "Say why.")
    return policy.why_not_move(status) or independence.why_not_independent(by.identity_id, concerned)


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
