"""Ways out in the words of the API: which field to send, and which address to ask."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from app.kit.refusal import Refusal
from app.ways import Way

WORDS: Mapping[StrEnum, str] = {
    Way.NAME_FALLBACK: 'In the scope: "fallback": "<roster key>".',
    Way.NAME_APPROVER: 'In the scope: "approver": "<roster key>".',
    Way.NAME_CONTROL_OWNER: 'In the scope: "control_owner": "<roster key>"; or once for all, ROLECALL_CONTROL_OWNER.',
    Way.ASK_APPROVER: 'They give it with POST /api/v1/approvals, or in the console; send it as "approval".',
    Way.ASK_CONTROL_OWNER: 'They give it with POST /api/v1/acceptances, or in the console; send it as "acceptance".',
    Way.ASK_STANDING_WORD: (
        'They give it with POST /api/v1/acceptances and "standing": true, or in the console; send it as "acceptance".'
    ),
    Way.SAY_WHY_SO_MANY: 'In the scope: "many_answers": "…".',
    Way.MAKE_SCHEDULE: "Make one: POST /api/v1/schedules.",
    Way.BEGIN_ROUND: "Begin it with POST /api/v1/campaigns/{campaign_id}/rounds.",
    Way.DECIDE_DRIFT: "Use a token of one, or let an operator say it for one with `rolecall campaign drift-decide`.",
    Way.SAY_WHAT_SILENCE_MEANS: 'Send "unanswered": "keep" or "remove".',
    Way.LET_SILENCE_REMOVE: 'Send "unanswered": "remove".',
    Way.ACTORS: "See GET /api/v1/actors.",
    Way.CHANNELS: "See GET /api/v1/channels and /api/v1/subscriptions.",
    Way.CONTROLS: "See GET /api/v1/controls.",
    Way.LIMITS: "See GET /api/v1/systems/{system_id}/limits.",
    Way.MESSAGES: "See GET /api/v1/deliveries.",
    Way.REMOVALS: "See GET /api/v1/remediations.",
    Way.REVIEWS: "See GET /api/v1/campaigns.",
    Way.SYSTEMS: "See GET /api/v1/systems.",
    Way.READ_AGAIN: "Read the system again: POST /api/v1/systems/{system_id}/readings.",
    Way.BE_ONESELF: "Use a token of your own, or sign in to the console.",
    Way.TELL_REVIEWERS: 'Subscribe "concerned" to review.due and review.overdue: POST /api/v1/subscriptions.',
}


def out(refusal: Refusal) -> str:
    """A refusal's way out, as it is told here."""
    return refusal.leads(WORDS)
