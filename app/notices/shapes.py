"""The JSON that others read: Standard Webhooks, Slack's Block Kit, Teams' Adaptive Cards. Pure.

Slack: docs.slack.dev, "Sending messages using incoming webhooks" and "Formatting message text" (only & < > are escaped).
Teams: learn.microsoft.com, "Create incoming webhooks with Workflows" and the Adaptive Cards schema; Workflows take cards
only, of at most 28 KB.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.notices.wording import Words, digest, one_line

_SLACK_HEADER, _SLACK_SECTION, _SLACK_BUTTON = 150, 3000, 75  # characters that Slack allows
_SLACK_PARTS = 15  # three blocks each, of 50 in all
_TEAMS_PARTS = 20
CARD = "application/vnd.microsoft.card.adaptive"


@dataclass(frozen=True, slots=True)
class Message:
    """One message as every channel gets it. `parts` are several in a digest; `to` is an address where people are reached
    one by one; `entry` a path that signs its reader in, in place of the first part's own."""

    id: UUID
    event: str
    severity: str
    made_at: datetime
    facts: Mapping[str, Any]
    parts: tuple[Words, ...]
    base_url: str
    to: str | None = None
    entry: str | None = None
    manage: str | None = None  # path of the page where the reader's subscription is ended, if it can be

    @property
    def subject(self) -> str:
        """Its subject, in one line."""
        return digest(self.parts)

    def link(self, number: int = 0) -> str:
        """Where a part leads."""
        path = self.entry if self.entry is not None and number == 0 else self.parts[number].path
        return f"{self.base_url}{path}"

    @property
    def key(self) -> str:
        """What names it at the other side: the same each time it is sent."""
        return f"msg_{self.id.hex}"


def webhook(message: Message) -> bytes:
    """The body of a web hook; the same bytes each time it is sent."""
    told = {
        "type": message.event,
        "timestamp": message.made_at.isoformat(),
        "data": {**message.facts, "severity": message.severity, "link": message.link()},
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def slack(message: Message) -> dict[str, Any]:
    """A message for an incoming web hook of Slack: blocks, and a text for notifications and screen readers."""
    blocks: list[dict[str, Any]] = []
    for number, part in enumerate(message.parts[:_SLACK_PARTS]):
        text = _escaped("\n".join(part.lines))[:_SLACK_SECTION]
        button = {
            "type": "button",
            "text": {"type": "plain_text", "text": part.label[:_SLACK_BUTTON]},
            "url": message.link(number),
        }
        blocks += [
            {"type": "header", "text": {"type": "plain_text", "text": part.subject[:_SLACK_HEADER], "emoji": False}},
            {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}},
            {"type": "actions", "elements": [button]},
        ]
    return {"text": _escaped(message.subject), "unfurl_links": False, "blocks": blocks}


def teams(message: Message) -> dict[str, Any]:
    """A message for a Teams workflow "When a Teams webhook request is received": one Adaptive Card."""
    body: list[dict[str, Any]] = []
    for part in message.parts[:_TEAMS_PARTS]:
        body.append(_text(part.subject, weight="Bolder", size="Medium"))
        body += [_text(line) for line in part.lines]
    actions = [
        {"type": "Action.OpenUrl", "title": part.label, "url": message.link(number)}
        for number, part in enumerate(message.parts[:1])
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": actions,
    }
    return {"type": "message", "attachments": [{"contentType": CARD, "contentUrl": None, "content": card}]}


def plain(message: Message) -> str:
    """The message as text for channels that know nothing else."""
    return "\n\n".join(_plain(message, number, part) for number, part in enumerate(message.parts))


def _plain(message: Message, number: int, part: Words) -> str:
    head: Sequence[str] = (part.subject,) if len(message.parts) > 1 else ()
    return "\n".join([*head, *part.lines, f"{part.label}: {message.link(number)}"])


def _escaped(text: str) -> str:
    """Text in which Slack sees no mention, no channel and no link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _text(text: str, **more: str) -> dict[str, Any]:
    return {"type": "TextBlock", "text": _unmarked(one_line(text, 1000)), "wrap": True, **more}


def _unmarked(text: str) -> str:
    """Text in which an Adaptive Card sees no Markdown: a name like [x](https://…) must not become a link."""
    return "".join(f"\\{each}" if each in "\\[]()*_`" else each for each in text)
