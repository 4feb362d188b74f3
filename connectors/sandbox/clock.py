"""What time it is inside a sandbox, which need not be what time it is outside.

Rows are stamped and windows are trimmed by the sandbox's clock; what concerns the wire (expiry of tokens and
assertions) goes by the real one, because the client signs with that.
"""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime


class Clock:
    """Ticks like the real clock, set to another time."""

    def __init__(self, now: datetime | None = None) -> None:
        self._ahead = timedelta()
        if now is not None:
            self.move(now)

    def now(self) -> datetime:
        """The sandbox's time, aware and in UTC."""
        return self.real() + self._ahead

    def move(self, to: datetime) -> None:
        """Set the clock to `to`, from where it ticks on. Refuses a time without a zone."""
        if to.tzinfo is None:
            raise ValueError(f"the clock needs a time with a zone, not {to.isoformat()}")
        self._ahead = to - self.real()

    def real(self) -> datetime:
        """The time outside."""
        return datetime.now(UTC)

    def header(self, skew: float = 0.0) -> str:
        """The time outside as an HTTP date, `skew` seconds off."""
        return format_datetime(self.real() + timedelta(seconds=skew), usegmt=True)
