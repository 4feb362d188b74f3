"""Slack's and Teams' own incoming web hooks: JSON in their shape to an address that is itself the secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from app.notices.carriers import posting
from app.notices.carriers.carrier import Outcome, Ways
from app.notices.shapes import Message


class ChatCarrier:
    """Posts messages in a shape to one address."""

    def __init__(self, url: str, shape: Callable[[Message], dict[str, Any]], ways: Ways) -> None:
        self._url, self._shape, self._ways = url, shape, ways

    def send(self, message: Message, at: datetime) -> Outcome:
        """Post the message in the channel's shape."""
        return posting.post(self._url, json.dumps(self._shape(message)).encode(), {}, self._ways, at)

    def close(self) -> None:
        """Nothing is held open."""
