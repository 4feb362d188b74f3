"""When a reviewer's answers stand: a share is a draft until its reviewer submits it, and stands until an administrator
opens it again.

task   open ──▶ submitted ──▶ open (with a reason)
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from app.actors.actor import Actor, Role
from app.kit.refusal import Refusal


class TaskStatus(StrEnum):
    """Where a reviewer's share is."""

    OPEN = "open"
    SUBMITTED = "submitted"


MOVES: Mapping[TaskStatus, frozenset[TaskStatus]] = {
    TaskStatus.OPEN: frozenset({TaskStatus.SUBMITTED}),
    TaskStatus.SUBMITTED: frozenset({TaskStatus.OPEN}),
}


def why_not_draft(status: str) -> Refusal | None:
    """Why an answer of a share cannot be given or changed: it was submitted."""
    if TaskStatus.SUBMITTED in MOVES[TaskStatus(status)]:
        return None
    return Refusal(
        "submitted",
        "These answers were submitted, and stand.",
        "Ask an administrator to open them again, and say why.",
    )


def why_not_submit(status: str, *, reviewer_id: int, undecided: int, by: Actor) -> Refusal | None:
    """Why a share may not be submitted: it is another's, it was, or `undecided` of its items have no answer."""
    if by.identity_id is None or by.identity_id != reviewer_id:
        return Refusal("not_reviewer", "Only its reviewer submits a share.", "Ask them.", status=403)
    refused = why_not_draft(status)
    if refused is not None or not undecided:
        return refused
    return Refusal(
        "undecided",
        f"{undecided} of your items {'has' if undecided == 1 else 'have'} no answer yet.",
        "Answer them, or hand them on to somebody who can.",
        facts={"undecided": undecided},
    )


def why_not_reopen(status: str, *, reason: str, by: Actor) -> Refusal | None:
    """Why a submitted share may not be opened again: administrators do, and say why."""
    if not by.has(Role.ADMIN):
        return Refusal("not_allowed", "Only an administrator opens answers again.", "Ask one.", status=403)
    if TaskStatus.OPEN not in MOVES[TaskStatus(status)]:
        return Refusal("not_submitted", "This share was not submitted.", "Its reviewer can still change it.")
    if reason.strip():
        return None
    return Refusal("bad_answer", "Opening answers again needs a reason.", "Say why.", status=422)
