"""Ways out in the words of the console: what its pages and fields are called."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from app.kit.refusal import Refusal
from app.ways import Way

WORDS: Mapping[StrEnum, str] = {
    Way.NAME_FALLBACK: "The field is “Who decides in the last resort”.",
    Way.NAME_APPROVER: "The field is “Who approves leaving it out”.",
    Way.NAME_CONTROL_OWNER: (
        "The field is “Who answers for it: the control owner”. An operator can set one for all: `ROLECALL_CONTROL_OWNER`."
    ),
    Way.ASK_APPROVER: "Send them the address that stands on this page, and paste here what they hand you.",
    Way.ASK_CONTROL_OWNER: "Send them the address that stands on this page, and paste here what they hand you.",
    Way.ASK_STANDING_WORD: "Send them the address that stands on this page, and paste here what they hand you.",
    Way.SAY_WHY_SO_MANY: "See what it would ask: the field for it is there.",
    Way.MAKE_SCHEDULE: "Schedules are under Reviews.",
    Way.BEGIN_ROUND: "It is begun on the review’s page, under Rounds.",
    Way.DECIDE_DRIFT: "Sign in as one, or let an operator say it for one with `rolecall campaign drift-decide`.",
    Way.SAY_WHAT_SILENCE_MEANS: "Choose it on the page of its closing.",
    Way.LET_SILENCE_REMOVE: "Choose it on the page of its closing.",
    Way.ACTORS: "See who is here under Settings.",
    Way.CHANNELS: "See them under Settings, Channels.",
    Way.CONTROLS: "See the Checklist.",
    Way.LIMITS: "Ask an operator: `rolecall rules limits` lists them.",
    Way.MESSAGES: "See what was sent under Settings, Channels.",
    Way.REMOVALS: "See Removals.",
    Way.REVIEWS: "See Reviews.",
    Way.SYSTEMS: "See Systems.",
    Way.READ_AGAIN: "Have the system read again, on its page.",
    Way.BE_ONESELF: "Sign in as yourself.",
    Way.TELL_REVIEWERS: "Add a channel under Settings, Channels, that tells those whom a review is for.",
}


def out(refusal: Refusal) -> str:
    """A refusal's way out, as it is told here."""
    return refusal.leads(WORDS)
