"""Moments as HubSpot writes them: ISO with milliseconds and Z. All in UTC, so that text sorts by time."""

from datetime import UTC, datetime


def written(moment: datetime) -> str:
    """`2026-03-26T16:43:31.000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{moment.microsecond // 1000:03}Z"


def read(text: str) -> datetime:
    """A moment as a query may write it. Raises `ValueError` when it is none."""
    moment = datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def of_milliseconds(text: str) -> datetime:
    """A moment given as milliseconds since 1970. Raises `ValueError` when it is no number."""
    return datetime.fromtimestamp(int(text) / 1000, UTC)
