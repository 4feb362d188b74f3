"""A folder of .eml files in the home, which any mail program opens: for trying things out, and for the demo."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from app.kit.refusal import Refused
from app.notices import composing, policy
from app.notices.carriers.carrier import Outcome, Result, Ways
from app.notices.shapes import Message


class OutboxCarrier:
    """Writes each message as one file, named for the message: written again, it is the same file."""

    def __init__(self, config: Mapping[str, str], ways: Ways) -> None:
        self._directory = ways.home / (config.get("directory") or "outbox")
        self._sender = config.get("sender") or policy.OUTBOX_SENDER

    def send(self, message: Message, at: datetime) -> Outcome:
        """Write the message as a file that appears whole or not at all."""
        try:
            made = composing.mail(message, sender=self._sender, at=at)
        except Refused as refused:
            return Outcome(Result.NEVER, str(refused))
        try:
            path = self._write(f"{message.made_at:%Y%m%d-%H%M%S}-{message.event}-{message.id.hex}.eml", made.as_bytes())
        except OSError as error:
            return Outcome(Result.TROUBLE, f"{self._directory}: {error.strerror}")
        return Outcome(Result.DELIVERED, f"written to {path.name}")

    def close(self) -> None:
        """Nothing is held open."""

    def _write(self, name: str, content: bytes) -> Path:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        number, unfinished = tempfile.mkstemp(dir=self._directory, prefix=".unfinished-")
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
            os.replace(unfinished, self._directory / name)
        except BaseException:
            os.unlink(unfinished)
            raise
        return self._directory / name
