"""What a job is told and what can be asked about it: the words of the engine, with nothing of DBOS in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
LONGEST_PAUSE = timedelta(minutes=15)
LONGEST_WISH = timedelta(hours=25)  # a CRM's daily allowance comes back within a day
LONGEST_REASON = 500


class RunStatus(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self in (RunStatus.DONE, RunStatus.FAILED, RunStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Run:
    """One job as handed over under its key. `because` says why it failed; `code` is a refusal's, if it was one."""

    key: str
    name: str
    status: RunStatus
    lane: str | None
    made: datetime
    ended: datetime | None = None
    result: Any = None
    because: str | None = None
    code: str | None = None


class Steps(Protocol):
    """What a job holds while it runs. `key` is the run's own; `attempt` counts from 1, beginning anew after a failure."""

    @property
    def key(self) -> str: ...

    @property
    def attempt(self) -> int: ...

    def step(self, name: str, run: Callable[[], T]) -> T:
        """Do something and keep what it gave (JSON: text, numbers, lists, mappings with text keys).

        A step that ended is not run again, neither after a restart nor when the job is tried again: its result is read
        back by its name. The same name a second time in one attempt is the second such step. What it raises is raised.
        """
        ...

    def sleep(self, seconds: float) -> None:
        """Wait, also over a restart; a worker that is stopping leaves the rest to the next one."""
        ...


Job = Callable[[Steps, Mapping[str, Any]], Any]


class JobFailed(Exception):
    """A job ended badly, for good. `code` is the refusal's code if it was refused."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class Interrupted(BaseException):
    """This process must leave the job alone: it is stopping, or the job is not its own any more. No `except Exception`
    may swallow it."""


def wait_of(error: BaseException, now: datetime) -> float:
    """The seconds an error asks us to wait: its `wait`, or the time to its `until` (an aware moment); 0 if neither."""
    wait = getattr(error, "wait", None)
    until = getattr(error, "until", None)
    if isinstance(until, datetime) and until.tzinfo is not None:
        wait = (until.astimezone(UTC) - now).total_seconds()
    if not isinstance(wait, int | float):
        return 0.0
    return min(max(0.0, float(wait)), LONGEST_WISH.total_seconds())


def pause_after(attempt: int, first: float, wish: float) -> float:
    """Seconds to wait after the given failed attempt: doubling from `first`, at most a quarter of an hour, at least
    what the error asked for."""
    return max(min(first * 2.0 ** (attempt - 1), LONGEST_PAUSE.total_seconds()), wish)


def said(error: BaseException) -> str:
    """An exception in one line that fits a list. The lines after the first, where databases show the row, are left out."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:LONGEST_REASON]
