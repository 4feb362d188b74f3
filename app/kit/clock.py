"""The only place that looks at the clock; called by the doors and the worker's edge, never by a verb."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present, aware, in UTC."""
    return datetime.now(UTC)


def utc(at: datetime) -> datetime:
    """The same moment in UTC. Refuses a naive time: nobody can say which moment it means."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; write it with one, for example {at.isoformat()}+00:00")
    return at.astimezone(UTC)
