"""How long what is to be removed may stay: until a day that somebody named, within a year. Pure."""

from __future__ import annotations

from datetime import timedelta

from app.kit.refusal import Refusal
from app.review.scope import CONTENTS

LONGEST = timedelta(days=366)  # what stays longer is kept


def why_not_until(answer: str, until: timedelta | None, *, kind: str = "grant") -> Refusal | None:
    """Why an answer about a kind of item may not name this day; `until` is how far off it is, None where none is named."""
    if until is None:
        return None
    if answer != "remove":
        return _no("only what is removed has a day on which it ends", 'Answer "remove" and name the day.')
    if kind in CONTENTS:
        return _no("what access contains is changed by a person, as soon as can be", "Leave the day out.")
    if until <= timedelta(0):
        return _no("that day has passed", "Name a later one, or none: then it is removed when the review closes.")
    if until > LONGEST:
        return _no(f"it would stay more than {LONGEST.days} days", "Keep it, and decide again in the next review.")
    return None


def _no(reason: str, way_out: str) -> Refusal:
    return Refusal("bad_answer", f"This answer cannot be taken: {reason}.", way_out, status=422)
