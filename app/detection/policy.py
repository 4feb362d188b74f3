"""A finding's life and a waiver's as tables, and who may say what about them."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from app.actors.actor import Actor
from app.kit.refusal import Refusal

TEAM = "role:it_security"  # owns what nobody else does: a finding always has an owner
MOST_AT_ONCE = 200  # findings that one act may name


class Status(StrEnum):
    """Where a finding stands."""

    OPEN = "open"
    CLOSED = "closed"  # a later answer of its rule no longer shows it; nobody can close one by saying so
    WAIVED = "waived"  # accepted by two people until a date


# From where to where; every status is listed, also where it leads nowhere new.
MOVES: dict[Status, frozenset[Status]] = {
    Status.OPEN: frozenset({Status.CLOSED, Status.WAIVED}),
    Status.CLOSED: frozenset({Status.OPEN}),
    Status.WAIVED: frozenset({Status.OPEN, Status.CLOSED}),
}


class WaiverStatus(StrEnum):
    """Where a waiver stands."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"  # its time was up, the finding became worse, was closed, or somebody ended it


WAIVER_MOVES: dict[WaiverStatus, frozenset[WaiverStatus]] = {
    WaiverStatus.ASKED: frozenset(
        {WaiverStatus.APPROVED, WaiverStatus.REFUSED, WaiverStatus.WITHDRAWN, WaiverStatus.ENDED}
    ),
    WaiverStatus.APPROVED: frozenset({WaiverStatus.ENDED}),
    WaiverStatus.REFUSED: frozenset(),
    WaiverStatus.WITHDRAWN: frozenset(),
    WaiverStatus.ENDED: frozenset(),
}


def why_not_move(status: str, to: Status) -> Refusal | None:
    """Whether a finding may go from one status to another."""
    if to in MOVES[Status(status)]:
        return None
    return Refusal("no_such_move", f"This finding is {status}.", "Look at it again.")


def why_not_settle(status: str) -> Refusal | None:
    """What is closed needs no owner, and nobody to take note of it: the system itself has said that it is gone."""
    if status != Status.CLOSED:
        return None
    return Refusal("finding_closed", "This finding is closed.", "If it comes back, it opens again by itself.")


def why_not_say(text: str, what: str = "comment") -> Refusal | None:
    """A word nobody can follow helps nobody."""
    if len(text.split()) >= 2:
        return None
    return Refusal(f"{what}_missing", f"A {what} is a sentence.", "Write what the next reader needs to know.", 422)


def why_not_ask(
    status: str, standing: str | None, reason: str, until: datetime, at: datetime, most_days: int
) -> Refusal | None:
    """Why no waiver can be asked for: it is not open, one stands already, the reason is none, the end is no end."""
    if status != Status.OPEN:
        return why_not_settle(status) or Refusal("waived", "This finding is waived already.", "End that waiver first.")
    if standing is not None:
        return Refusal("waiver_standing", "A waiver was asked for already.", "It waits for somebody else's approval.")
    return why_not_say(reason, "reason") or why_not_until(until, at, most_days)


def why_not_until(until: datetime, at: datetime, most_days: int) -> Refusal | None:
    """An exception ends, and not later than `most_days` from now."""
    if until <= at:
        return Refusal("end_in_the_past", "The end lies in the past.", "Give a later one.", status=422)
    if until > at + timedelta(days=most_days):
        last = (at + timedelta(days=most_days)).date().isoformat()
        told = f"A waiver lasts {most_days} days at most."
        return Refusal("end_too_far", told, f"Give an end before {last}; it can be asked for again.", status=422)
    return None


def why_not_approve(
    standing: str | None, asked_by: str, asked_identity: int | None, about: int | None, until: datetime,
    *, by: Actor, at: datetime,
) -> Refusal | None:  # fmt: skip
    """Why this actor cannot approve: nothing is asked, they asked for it themselves, or it is about their own access."""
    if standing != WaiverStatus.ASKED:
        return Refusal("nothing_asked", "No waiver waits for an approval here.", "Look at the finding again.")
    same = by.identity_id is not None and by.identity_id == asked_identity
    if by.id == asked_by or same:
        return Refusal(
            "own_waiver", "You asked for this waiver, so you cannot approve it.", "Somebody else has to.", status=403
        )
    if by.identity_id is not None and by.identity_id == about:
        return Refusal(
            "own_access", "This finding is about your own access.", "Somebody else has to decide.", status=403
        )
    if until <= at:
        return Refusal("end_in_the_past", "The end that was asked for has passed.", "Have it asked for again.")
    return None


def why_not_end(standing: str | None) -> Refusal | None:
    """Only what stands can be ended."""
    if standing in (WaiverStatus.ASKED, WaiverStatus.APPROVED):
        return None
    return Refusal("no_waiver", "No waiver stands here.", "Look at the finding again.", status=404)


def why_not_own(fit: bool) -> Refusal | None:
    """An owner is there: somebody who has left, or whom nobody knows, would own nothing."""
    if fit:
        return None
    return Refusal(
        "owner_gone", "Whoever that is, they are not there any more.", "Name somebody who is, or a role.", status=422
    )


def why_not_justify(reason: str, until: datetime, at: datetime, most_days: int) -> Refusal | None:
    """A reason on file is a sentence with an end not further away than `most_days`."""
    if len(reason.split()) < 2:
        return Refusal("reason_missing", "A reason is a sentence.", "Say what the privilege is needed for.", status=422)
    if until <= at:
        return Refusal("end_in_the_past", "The end lies in the past.", "Give a later one.", status=422)
    if until > at + timedelta(days=most_days):
        return Refusal(
            "end_too_far",
            f"A reason is good for {most_days} days at most.",
            f"Give an end before {(at + timedelta(days=most_days)).date().isoformat()}.",
            status=422,
        )
    return None


def why_not_tune(because: str) -> Refusal | None:
    """Whoever turns a rule says why, in a sentence."""
    if len(because.split()) < 2:
        return Refusal("reason_missing", "A reason is a sentence.", "Say why it is to be different.", status=422)
    return None


def why_not_ask_rules(name: str, kind: str, *, read: bool) -> Refusal | None:
    """Rules are asked of what a reading saw; a roster only says who works here."""
    if kind == "roster":
        return Refusal(
            "no_rules", f"No rules are asked of {name}.", "Ask them of the systems whose accounts it explains."
        )
    if not read:
        return Refusal("never_read", f"{name} was never read.", "Have it read; the rules are asked by themselves then.")
    return None
