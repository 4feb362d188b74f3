"""What an answer may change something to: a grant to another, what access contains to what the reason says. Pure."""

from __future__ import annotations

from app.kit.refusal import Refusal
from app.review.scope import CONTENTS

CHANGE = "change"


def why_not_change(answer: str, kind: str, change_to: str | None, *, changeable: bool) -> Refusal | None:
    """Why an answer may not name this (`change_to`: an entitlement's key). `changeable`: it is another of its system."""
    if kind in CONTENTS:
        other = _no("a definition becomes no other one", "Say in the reason what is to change.")
        return other if change_to is not None else None
    if (answer == CHANGE) != (change_to is not None):
        return _no("a change names what to change to, and nothing else does", "Name the entitlement's key.")
    if answer == CHANGE and kind != "grant":
        return _no(f"a {kind} cannot be changed to something else", "Keep or remove it.")
    if answer == CHANGE and not changeable:
        return _no(f'"{change_to}" is not another entitlement of this system', "Choose one that exists.")
    return None


def _no(reason: str, way_out: str) -> Refusal:
    return Refusal("bad_answer", f"This answer cannot be taken: {reason}.", way_out, status=422)
