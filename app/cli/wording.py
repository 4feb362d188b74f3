"""Ways out in the words of the command line: what is typed there."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from app.kit.refusal import Refusal
from app.ways import Way

WORDS: Mapping[StrEnum, str] = {
    Way.NAME_FALLBACK: "Say --fallback and their roster id.",
    Way.NAME_APPROVER: 'Say "approver": "<roster key>" in the file that --scope names.',
    Way.NAME_CONTROL_OWNER: "Say --control-owner and their roster id; or once for all, ROLECALL_CONTROL_OWNER.",
    Way.ASK_APPROVER: (
        "They give it in the console, at an address that the page for opening a review shows, or with "
        "POST /api/v1/approvals. Bring it with --approval."
    ),
    Way.ASK_CONTROL_OWNER: "They give it in the console, or with `rolecall campaign accept`. Bring it with --acceptance.",
    Way.ASK_STANDING_WORD: (
        "They give it in the console, or with `rolecall campaign accept NAME --standing`. Bring it with --acceptance."
    ),
    Way.SAY_WHY_SO_MANY: "Say it with --many-answers.",
    Way.MAKE_SCHEDULE: "`rolecall campaign schedule NAME --fallback ROSTER-ID` makes one.",
    Way.BEGIN_ROUND: "`rolecall campaign next-round CAMPAIGN` begins it.",
    Way.DECIDE_DRIFT: "Say --as and who decides.",
    Way.SAY_WHAT_SILENCE_MEANS: "Say --unanswered keep, or --unanswered remove.",
    Way.LET_SILENCE_REMOVE: "Say --unanswered remove.",
    Way.ACTORS: "See `rolecall actor list`.",
    Way.CHANNELS: "See `rolecall notices list`.",
    Way.CONTROLS: "See `rolecall controls`.",
    Way.LIMITS: "See `rolecall rules limits`.",
    Way.MESSAGES: "See `rolecall notices log`.",
    Way.REMOVALS: "See `rolecall removals`.",
    Way.REVIEWS: "See `rolecall campaign list`.",
    Way.SYSTEMS: "See `rolecall system list`.",
    Way.READ_AGAIN: "Read the system again: `rolecall sync SYSTEM`.",
    Way.BE_ONESELF: "Sign in to the console: whoever sits at this machine is not known by it.",
    Way.TELL_REVIEWERS: "`rolecall notices add` makes one, `rolecall notices subscribe` has it tell of review.due.",
}


def out(refusal: Refusal) -> str:
    """A refusal's way out, as it is told here."""
    return refusal.leads(WORDS)


def said(refusal: Refusal) -> str:
    """A refusal with its way out."""
    return f"{refusal.reason}\n{out(refusal)}".strip()
