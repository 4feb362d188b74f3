"""The JSON that Slack and Teams take, held against schemas written from their own documentation.

Slack: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, /reference/block-kit/blocks (limits of header,
section, actions, button) and /messaging/formatting-message-text (what is escaped). Teams:
learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors (Workflows), adaptivecards.io/schemas 1.4.
"""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from app.notices import shapes, wording
from app.notices.events import Event
from app.notices.shapes import Message
from tests.app.notices.messages import FACTS, message

_PLAIN = {
    "type": "object", "required": ["type", "text"], "additionalProperties": False,
    "properties": {"type": {"const": "plain_text"}, "text": {"type": "string"}, "emoji": {"type": "boolean"}},
}  # fmt: skip


def _plain(longest: int) -> dict[str, Any]:
    text = {"type": "string", "minLength": 1, "maxLength": longest}
    return {**_PLAIN, "properties": {**_PLAIN["properties"], "text": text}}  # type: ignore[dict-item]


def _block(kind: str, **parts: Any) -> dict[str, Any]:
    return {
        "type": "object", "required": ["type", *parts], "additionalProperties": False,
        "properties": {"type": {"const": kind}, "block_id": {"type": "string", "maxLength": 255}, **parts},
    }  # fmt: skip


_BUTTON = {
    "type": "object", "required": ["type", "text"], "additionalProperties": False,
    "properties": {
        "type": {"const": "button"}, "text": _plain(75), "action_id": {"type": "string", "maxLength": 255},
        "url": {"type": "string", "maxLength": 3000, "pattern": "^https?://"},
    },
}  # fmt: skip
_MRKDWN = {
    "type": "object", "required": ["type", "text"], "additionalProperties": False,
    "properties": {
        "type": {"const": "mrkdwn"}, "text": {"type": "string", "minLength": 1, "maxLength": 3000},
        "verbatim": {"type": "boolean"},
    },
}  # fmt: skip
SLACK = {
    "type": "object", "required": ["text", "blocks"], "additionalProperties": False,
    "properties": {
        "text": {"type": "string", "minLength": 1, "maxLength": 4000},
        "unfurl_links": {"type": "boolean"},
        "blocks": {
            "type": "array", "minItems": 1, "maxItems": 50,
            "items": {
                "oneOf": [
                    _block("header", text=_plain(150)),
                    _block("section", text=_MRKDWN),
                    _block("actions", elements={"type": "array", "items": _BUTTON, "minItems": 1, "maxItems": 25}),
                ]
            },
        },
    },
}  # fmt: skip
_TEXT_BLOCK = {
    "type": "object", "required": ["type", "text"], "additionalProperties": False,
    "properties": {
        "type": {"const": "TextBlock"}, "text": {"type": "string", "minLength": 1}, "wrap": {"type": "boolean"},
        "weight": {"enum": ["Lighter", "Default", "Bolder"]},
        "size": {"enum": ["Small", "Default", "Medium", "Large", "ExtraLarge"]},
    },
}  # fmt: skip
_OPEN_URL = {
    "type": "object", "required": ["type", "url"], "additionalProperties": False,
    "properties": {
        "type": {"const": "Action.OpenUrl"}, "title": {"type": "string"}, "url": {"type": "string", "pattern": "^https?://"},
    },
}  # fmt: skip
TEAMS = {
    "type": "object", "required": ["type", "attachments"], "additionalProperties": False,
    "properties": {
        "type": {"const": "message"},
        "attachments": {
            "type": "array", "minItems": 1, "maxItems": 1,
            "items": {
                "type": "object", "required": ["contentType", "content"], "additionalProperties": False,
                "properties": {
                    "contentType": {"const": "application/vnd.microsoft.card.adaptive"},
                    "contentUrl": {"type": "null"},
                    "content": {
                        "type": "object", "required": ["type", "version", "body"], "additionalProperties": False,
                        "properties": {
                            "$schema": {"const": "http://adaptivecards.io/schemas/adaptive-card.json"},
                            "type": {"const": "AdaptiveCard"},
                            "version": {"enum": ["1.0", "1.1", "1.2", "1.3", "1.4"]},
                            "body": {"type": "array", "items": _TEXT_BLOCK, "minItems": 1},
                            "actions": {"type": "array", "items": _OPEN_URL},
                        },
                    },
                },
            },
        },
    },
}  # fmt: skip

SYSTEM = {"system": 3, "name": "Sales", "count": 4, "code": "too_many", "streams": ["grants", "logins"]}
REVIEW = {**FACTS, "days": 3, "reviewers": 2, "keep": 38, "remove": 4, "change": 1, "unanswered": 2}
EXAMPLES: dict[Event, dict[str, Any]] = {
    **{event: REVIEW for event in Event if event.startswith("review.")},
    **{event: SYSTEM for event in Event if event.startswith(("removal.", "reading."))},
    Event.ROSTER_STALE: {"system": 1, "name": "People", "code": "roster_stale"},
    Event.FINDING_OPENED: {"system": 3, "name": "Sales", "critical": 1, "low": 2, "since": "2026-11-16T09:00:00+00:00"},
    Event.FINDING_BASELINE: {"system": 3, "name": "Sales", "high": 1, "due_at": FACTS["due_at"]},
    Event.FINDING_ASSIGNED: {"count": 2},
    Event.FINDING_OVERDUE: {"high": 2},
    Event.FINDING_ESCALATED: {"critical": 1},
    **{event: {"count": 2} for event in Event if event.startswith("waiver.")},
    Event.ATTESTATION_ENDING: {"count": 1, "days": 14, "until": FACTS["due_at"], "line": "CRM-5.1.1"},
    Event.ACCOUNTS_DIGEST: {
        "leavers": 1,
        "inactive": 2,
        "since": "2026-11-15T08:00:00+00:00",
        "due_at": FACTS["due_at"],
    },
    Event.CHANNEL_FAILED: {"channel": 2, "name": "hook", "dead": True},
    Event.CHANNEL_TEST: {"channel": 2, "name": "hook"},
}


def example(event: Event) -> Message:
    return message(event, EXAMPLES[event])


def digest(parts: int) -> Message:
    words = wording.word("reading.failed", SYSTEM)
    return message("reading.failed", SYSTEM, parts=(words,) * parts)


@pytest.mark.parametrize("event", list(Event))
def test_every_event_has_words_and_fits_slack_and_teams(event: Event) -> None:
    told = example(event)
    assert told.subject
    assert all(part.lines and part.label and part.path.startswith("/") for part in told.parts)
    jsonschema_rs.validate(SLACK, shapes.slack(told))
    jsonschema_rs.validate(TEAMS, shapes.teams(told))
    assert told.link() in shapes.plain(told)


def test_a_long_digest_stays_within_what_slack_and_teams_take() -> None:
    jsonschema_rs.validate(SLACK, shapes.slack(digest(50)))
    jsonschema_rs.validate(TEAMS, shapes.teams(digest(50)))
    assert len(json.dumps(shapes.teams(digest(50)))) < 28 * 1024


@pytest.mark.parametrize("parts", [1, 3])
def test_names_of_any_length_stay_within_the_limits(parts: int) -> None:
    words = wording.word("review.opened", {**FACTS, "name": "&" * 4000})
    long = message(parts=(words,) * parts)
    jsonschema_rs.validate(SLACK, shapes.slack(long))
    jsonschema_rs.validate(TEAMS, shapes.teams(long))


def test_a_name_mentions_nobody_and_links_nowhere_in_slack() -> None:
    name = "<!channel> <https://evil.example|click> & <@U1>"
    made = shapes.slack(message("removal.by_hand", {**SYSTEM, "name": name}))
    section = made["blocks"][1]["text"]["text"]
    assert "&lt;!channel&gt;" in section
    assert "<" not in section
    assert "<" not in made["text"]


def test_a_name_is_no_markdown_in_teams() -> None:
    made = shapes.teams(message("removal.by_hand", {**SYSTEM, "name": "[click](https://evil.example) **now**"}))
    text = made["attachments"][0]["content"]["body"][1]["text"]
    assert "\\[click\\]\\(https" in text
    assert "\\*\\*now" in text


def test_a_web_hooks_body_is_the_same_bytes_each_time() -> None:
    first, second = shapes.webhook(message()), shapes.webhook(message())
    assert first == second
    told = json.loads(first)
    assert (told["type"], told["timestamp"]) == ("review.opened", "2026-11-16T09:00:00+00:00")
    assert told["data"]["link"] == "https://rolecall.example.com/reviews/12"
    assert told["data"]["items"] == 38
