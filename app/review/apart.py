"""What is kept apart in a review: who set it up, and who signs it, do not decide in it, and a link from a message opens
one share of it.

Whoever chooses a review's scope and fallbacks could otherwise choose to decide on what they like, and whoever signs what
came out would sign their own answers. So both are passed over when reviewers are chosen, are handed nothing, and decide on
nothing; where nobody else is left, the review does not open.
"""

from __future__ import annotations

from app.actors.actor import Actor, Role
from app.kit.refusal import Refusal

SEES_ALL = (Role.ADMIN, Role.AUDITOR, Role.IT_SECURITY)
WEAK = {"link": "a link from a message", "hook": "another program"}  # ways in that tell less surely who it is


def sees_all(by: Actor) -> bool:
    """Whether somebody sees every item of a review, by their role, and by their token if it is cut down to some acts."""
    return by.has(*SEES_ALL) and (by.scope is None or "see_all_items" in by.scope)


def why_not_this_way(by: Actor, campaign_id: int | None, privileged: bool) -> Refusal | None:
    """Why an answer is not taken from somebody who came in this way: the link is another review's, or it is not enough."""
    if by.campaign_id is not None and by.campaign_id != campaign_id:
        return Refusal(
            "another_review",
            "The link you came by is for another review.",
            "Sign in to decide in this one.",
            status=403,
        )
    if privileged and by.way in WEAK:
        return Refusal(
            "sign_in_for_this",
            f"Privileged access is not decided on by {WEAK[by.way]}.",
            "Sign in with your company's account; what you have answered stays.",
            status=403,
        )
    return None


def of(configurer: int | None, owner: int | None) -> frozenset[int]:
    """Who is kept apart, by identity: who set it up, and the control owner, who signs what others decided."""
    return frozenset(who for who in (configurer, owner) if who is not None)


def why_not_apart(person: int | None, configurer: int | None, owner: int | None) -> Refusal | None:
    """Why this person decides on nothing in a review: they set it up, or they sign its outcome."""
    if person is None or person not in of(configurer, owner):
        return None
    if person != configurer:
        return Refusal(
            "signs_it",
            "The control owner, who signs what others decide, decides on nothing.",
            "Ask an administrator to hand it to another reviewer.",
            status=403,
        )
    return Refusal(
        "configured_it",
        "Whoever sets a review up does not decide in it.",
        "Ask an administrator to hand it to another reviewer.",
        status=403,
    )


def told(configurer: str | None) -> str | None:
    """What a preview says about it; `configurer` is their name, None a review that nobody who is known here sets up."""
    if configurer is None:
        return None
    return f"{configurer} sets this review up, so none of it goes to {configurer}; the next in line decides instead."
