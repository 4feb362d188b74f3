"""What every carrier does, and the few ways in which it can end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from app.notices.shapes import Message


class Result(StrEnum):
    """What became of one try, sorted by what to do next."""

    DELIVERED = "delivered"
    LATER = "later"  # this message again later; the channel is well
    REFUSED = "refused"  # the other side understood and does not want it: a few tries more
    NEVER = "never"  # this message never; the channel is well
    TROUBLE = "trouble"  # the channel is not well: it rests
    GONE = "gone"  # the other side says that it is no more: switched off at once


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try ended. `said` is for people and holds no secret; `wish` is the wait that the other side asked for."""

    result: Result
    said: str = ""
    code: int | None = None
    wish: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Ways:
    """What carriers need of the installation. `resolve` stands in for the system's names in tests."""

    home: Path
    allow_private: bool = False
    timeout_s: float = 15.0
    resolve: Callable[[str, int], Sequence[str]] | None = None


class Carrier(Protocol):
    """A way out that is open: `send` as often as there are messages, then `close`."""

    def send(self, message: Message, at: datetime) -> Outcome:
        """Try to deliver one message. Never raises for what the network or the other side does."""
        ...

    def close(self) -> None: ...
