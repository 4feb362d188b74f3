"""What may be put on file, who may approve it, and how its status moves. Pure.

A word counts only when somebody else approved it: neither whose word it is, nor whoever handed it in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from app.actors.actor import Actor
from app.compliance.controls.line import Line
from app.kit.refusal import Refusal
from app.ways import Way


class Status(StrEnum):
    """Where a paper, or a reason why a line does not apply, stands. That it has run out is told by the clock."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


MOVES: Mapping[Status, frozenset[Status]] = {
    Status.PROPOSED: frozenset({Status.APPROVED, Status.DECLINED, Status.WITHDRAWN}),
    Status.APPROVED: frozenset({Status.WITHDRAWN}),
    Status.DECLINED: frozenset(),
    Status.WITHDRAWN: frozenset(),
}
SCOPES = ("systems", "integrations", "classes", "groups", "places")
REMIND = (30, 14, 7, 1)  # days before its end that a paper's owner is reminded
LONGEST_EXEMPTION = timedelta(days=366)
SHORTEST = 15  # letters of a statement or a justification: "n/a" tells an auditor nothing


def no_line(line: str) -> Refusal:
    """There is no such line."""
    return Refusal("no_line", f"The checklist has no line {line}.", status=404, way=Way.CONTROLS)


def why_not_attest(
    line: Line, statement: str, link: str | None, *, file: bool, until: datetime, at: datetime
) -> Refusal | None:
    """Whether a word may be put on file: the line asks for one, it says something, and it has an end in time."""
    if line.paper is None:
        return Refusal(
            "no_word_asked", f"{line.id} does not rest on anybody's word.", "See what it rests on.", status=422
        )
    if len(statement.strip()) < SHORTEST:
        return Refusal("too_short", "A statement is a sentence.", "Say what you vouch for.", status=422)
    if link is not None and not link.startswith(("https://", "http://")):
        return Refusal("bad_link", "A link begins with https://.", "Copy it from the address bar.", status=422)
    if link is not None and file:
        return Refusal("two_papers", "A word has a link or a file, not both.", "Give one of them.", status=422)
    if until <= at:
        return Refusal("end_in_the_past", "The end lies in the past.", "Give a later one.", status=422)
    latest = at + timedelta(days=line.paper.days)
    if until > latest:
        return Refusal(
            "end_too_far", f"This is good for {line.paper.days} days at most.",
            f"Give an end up to {latest.date().isoformat()}.", status=422,
        )  # fmt: skip
    return None


def why_not_move(now: str, to: Status) -> Refusal | None:
    """Whether something on file may go from one status to another."""
    if to in MOVES[Status(now)]:
        return None
    return Refusal("no_such_move", f"It is {now} already.", "Look again.", status=409)


def why_not_approve(*, made_by: str, made_by_identity: int | None, owner: int | None, by: Actor) -> Refusal | None:
    """Whether this actor may approve: it is neither who answers for it nor who handed it in."""
    mine = by.id == made_by or (by.identity_id is not None and by.identity_id in (made_by_identity, owner))
    if not mine:
        return None
    return Refusal(
        "own_word", "You cannot approve your own word.", "Ask somebody else who may approve.", status=403
    )  # fmt: skip


def why_not_exempt(justification: str, until: datetime, at: datetime) -> Refusal | None:
    """Whether a line may be said not to apply: for a reason, and not for ever."""
    if len(justification.strip()) < SHORTEST:
        return Refusal("too_short", "A justification is a sentence.", "Say why it does not apply.", status=422)
    if until <= at:
        return Refusal("end_in_the_past", "The end lies in the past.", "Give a later one.", status=422)
    if until > at + LONGEST_EXEMPTION:
        return Refusal("end_too_far", "A year is the longest.", "Give an end within a year.", status=422)
    return None


def why_not_decline(because: str) -> Refusal | None:
    """Whoever says no says why."""
    if len(because.strip()) >= SHORTEST:
        return None
    return Refusal("too_short", "Say in a sentence why not.", "Somebody has to mend it.", status=422)


def reminder_due(until: datetime, reminded: int | None, at: datetime) -> int | None:
    """Which reminder (days before the end) is due now and was not given; the nearest only. None when none is."""
    left = until - at
    if left <= timedelta(0):
        return None
    due = [days for days in REMIND if left <= timedelta(days=days)]
    nearest = min(due, default=None)
    return nearest if nearest is not None and (reminded is None or nearest < reminded) else None


def why_not_scope(kind: str, subject: str, reason: str) -> Refusal | None:
    """Whether something may be said of the scope: of a known kind, of something, for a reason."""
    if kind not in SCOPES:
        return Refusal("no_such_scope", f"There is no scope of {kind!r}.", f"One of: {', '.join(SCOPES)}.", status=422)
    if not subject.strip() or len(subject) > 300:
        return Refusal("no_subject", "It is not said what is meant.", "Name it.", status=422)
    if len(reason.strip()) < SHORTEST:
        return Refusal("too_short", "A reason is a sentence.", "Say why it is in scope, or why not.", status=422)
    return None


def why_not_confirm(until: datetime, at: datetime) -> Refusal | None:
    """What is confirmed or approved as a whole is good for a year at most."""
    if until <= at:
        return Refusal("end_in_the_past", "The end lies in the past.", "Give a later one.", status=422)
    if until > at + LONGEST_EXEMPTION:
        return Refusal("end_too_far", "A year is the longest.", "Give an end within a year.", status=422)
    return None
