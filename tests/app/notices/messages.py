"""Messages to send, without a database."""

from __future__ import annotations

import uuid
from typing import Any

from app.notices import wording
from app.notices.shapes import Message
from tests import make

FACTS: dict[str, Any] = {"campaign": 12, "name": "Q4 2026", "items": 38, "due_at": "2026-11-30T16:00:00+00:00"}


def message(event: str = "review.opened", facts: dict[str, Any] | None = None, **given: Any) -> Message:
    """A message about a review, to Bo."""
    told = FACTS if facts is None else facts
    values: dict[str, Any] = {
        "id": uuid.UUID(int=7), "event": event, "severity": "medium", "made_at": make.NOW, "facts": told,
        "parts": (wording.word(event, told),), "base_url": "https://rolecall.example.com", "to": "bo@example.com",
    }  # fmt: skip
    return Message(**(values | given))
