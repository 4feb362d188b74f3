"""What a review leaves out is approved by the person whom its scope names, in their own words, before it opens.

The word is given for what is left out of what, by somebody who is signed in as themselves; whoever opens the review, or
adds the schedule, is somebody else. A schedule keeps the word that it was given, and asks for a new one after a year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.actors.actor import Actor
from app.kit.refusal import Refusal
from app.review.scope import Scope
from app.ways import Way

GOOD_FOR = timedelta(days=366)
_PARTS = ("systems", "kinds", "department", "where", "without", "exclude", "approver")


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody's word that a review may leave out what it does. `by` is their actor's id."""

    by: str
    identity_id: int | None
    reason: str
    at: datetime

    def written(self) -> dict[str, Any]:
        """As it is kept with what it was given for."""
        return {"by": self.by, "identity": self.identity_id, "reason": self.reason, "at": self.at.isoformat()}


def kept(written: Mapping[str, Any] | None) -> Approval | None:
    """An approval as it was kept."""
    if written is None:
        return None
    at = datetime.fromisoformat(written["at"])
    return Approval(written["by"], written["identity"], written["reason"], at)


def parts(scope: Scope) -> dict[str, Any]:
    """What of a scope an approval is for: what is left out, and of what."""
    written = scope.written()
    return {part: written[part] for part in _PARTS}


def leaves_out(scope: Scope) -> bool:
    """Whether it leaves something out that would be in it."""
    return bool(scope.without or scope.exclude)


def why_not_excluded(
    scope: Scope,
    approval: Approval | None,
    approver_id: int | None,
    *,
    set_up_by: int | None,
    by: Actor,
    at: datetime,
    called: str | None = None,
) -> Refusal | None:
    """Why a review may not leave out what it does: no approver, no word of theirs, or nobody but who sets it up.

    `approver_id` is whom the scope names, `set_up_by` who set the review or its schedule up, by identity; `called` is
    the approver in words.
    """
    if not leaves_out(scope):
        return None
    if scope.approver is None:
        return _not_yet("has no approver", "Name somebody else than yourself.", Way.NAME_APPROVER)
    if approval is None:
        return _not_yet(f"waits for the word of {called or scope.approver}", "Ask for it.", Way.ASK_APPROVER)
    if approval.identity_id is None or approval.identity_id != approver_id:
        return _not(f"was approved by somebody else than {called or scope.approver}", "Ask the approver whom it names.")
    if approval.by == by.id or approver_id in (by.identity_id, set_up_by):
        return _not("is approved by who sets it up", "Let somebody else open it, or approve it.")
    if at - approval.at > GOOD_FOR:
        told = f"was approved on {approval.at.date().isoformat()}, over a year ago"
        return _not_yet(told, f"Ask {called or scope.approver} for a new word, and change the schedule with it.")
    return None


def why_not_give(scope: Scope, identity_id: int | None, approver_id: int | None) -> Refusal | None:
    """Why somebody may not give this word: nothing is left out, or it is for somebody else to say."""
    if not leaves_out(scope):
        return Refusal("nothing_left_out", "Nothing is left out, so nobody has to approve it.", "Open it.", status=422)
    if identity_id is None or identity_id != approver_id:
        who = scope.approver or "nobody"
        return _not(f"is for {who} to approve, who is not you", "Sign in as who the scope names, or let it name you.")
    return None


def _not_yet(reason: str, way_out: str, way: Way | None = None) -> Refusal:
    return Refusal("not_approved", f"What this review leaves out {reason}.", way_out, way=way)


def _not(reason: str, way_out: str) -> Refusal:
    return Refusal("bad_approval", f"What this review leaves out {reason}.", way_out, status=403)
