"""When we may speak: quiet hours on the reader's own wall clock, the hour of digests, and the pauses between tries. Pure.

Clock changes move nothing: the wall clock decides, an hour that comes twice is quiet twice, and of an hour that is skipped
the moment after it counts.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

TRIES = 50
FOR_AT_MOST = timedelta(days=3)
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(seconds=6100)  # 50 tries then take just under three days
_LONGEST_WISH = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Quiet:
    """When somebody is not spoken to, in minutes of the day on the wall clock of `zone`; equal bounds: never quiet."""

    zone: str = "UTC"
    begins: int = 0
    ends: int = 0
    weekends: bool = False  # whether Saturday and Sunday are quiet as a whole


NEVER = Quiet()


def minutes(clock: str) -> int:
    """ "20:30" as minutes of the day. Raises ValueError for what is no time of day."""
    told = time.fromisoformat(clock)
    if told.tzinfo is not None or told.second or len(clock) != 5:
        raise ValueError(f"{clock!r} is not a time of day like 20:30")
    return told.hour * 60 + told.minute


def clock_of(minute: int) -> str:
    """Minutes of the day as "20:30"."""
    return f"{minute // 60:02}:{minute % 60:02}"


def is_quiet(at: datetime, quiet: Quiet) -> bool:
    """Whether the moment lies in quiet hours."""
    local = at.astimezone(ZoneInfo(quiet.zone))
    if quiet.weekends and local.weekday() >= 5:
        return True
    now = local.hour * 60 + local.minute
    if quiet.begins <= quiet.ends:
        return quiet.begins <= now < quiet.ends
    return now >= quiet.begins or now < quiet.ends


def may_speak(at: datetime, quiet: Quiet) -> datetime:
    """The earliest moment from `at` on that is not quiet."""
    while is_quiet(at, quiet):
        at = _next(at, quiet)
    return at.astimezone(UTC)


def _next(at: datetime, quiet: Quiet) -> datetime:
    """The next end of quiet hours or of a weekend's day after `at`."""
    today = at.astimezone(ZoneInfo(quiet.zone)).date()
    turns = [
        _after(at, today + timedelta(days=days), minute, quiet.zone) for days in (0, 1) for minute in (0, quiet.ends)
    ]
    return min(turn for turn in turns if turn is not None)


def _after(at: datetime, day: date, minute: int, zone: str) -> datetime | None:
    """The first moment after `at` at which that day's wall clock shows that minute, or has just skipped it."""
    for fold in (0, 1):
        shown = datetime.combine(day, time(minute // 60, minute % 60), ZoneInfo(zone)).replace(fold=fold)
        moment = shown.astimezone(UTC)
        if moment > at:
            return moment
    return None


def next_hour(at: datetime, hour: int, zone: str) -> datetime:
    """The first moment after `at` at which the wall clock of `zone` shows the full hour."""
    today = at.astimezone(ZoneInfo(zone)).date()
    found = (_after(at, today + timedelta(days=days), hour * 60, zone) for days in (0, 1, 2))
    return next(moment for moment in found if moment is not None)


def next_try(
    tries: int, since: datetime, at: datetime, *, wish: timedelta | None = None, most: int = TRIES, key: str = ""
) -> datetime | None:
    """When to try again after `tries` tries that failed; None: give up.

    Pauses double from half a minute to not quite two hours; `wish` (Retry-After) lengthens one, up to a day. `key` spreads
    tries that failed together, always the same way.
    """
    if tries >= most:
        return None
    pause = min(_FIRST_PAUSE * float(2 ** min(tries - 1, 20)), _LONGEST_PAUSE)
    spread = int.from_bytes(hashlib.sha256(f"{key}:{tries}".encode()).digest()[:2], "big") / 65536
    pause -= pause * 0.1 * spread
    if wish is not None:
        pause = max(pause, min(wish, _LONGEST_WISH))
    then = at + pause
    return then if then <= since + FOR_AT_MOST else None


def rest(failures: int) -> timedelta:
    """How long a channel that failed so often in a row is left alone: from half a minute to half an hour."""
    return min(_FIRST_PAUSE * float(2 ** min(max(failures, 1) - 1, 20)), timedelta(minutes=30))
