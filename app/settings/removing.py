"""What an operator can turn about taking away: when it may happen, and from how much on it takes two people."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

_DAY = "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_HOURS = re.compile(rf"{_DAY}(-{_DAY})? ([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)")


class Removing(BaseModel):
    """Part of `Settings`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    release_above: int = Field(
        50,
        ge=0,
        description="Removals in one system within 24 hours above which a second person, signed in, has to release them. "
        "Default 50: more than a team at once; what is wrong about it would stop a department. 0 asks each time.",
    )
    removal_hours: str = Field(
        "",
        description="When systems may be changed, in ROLECALL_TIME_ZONE: `Mon-Thu 09:00-17:00, Fri 09:00-13:00`; outside, "
        "removals wait. Default: at any time, for a leaver's access should not outlive the evening. A system can have its "
        "own.",
    )
    removal_left_out: tuple[str, ...] = Field(
        (),
        description="Days on which nothing is changed, separated by commas: `2026-12-24..2027-01-01, 2027-04-05`. Default: "
        "none; name your freezes before they begin.",
    )

    @field_validator("removal_left_out", mode="before")
    @classmethod
    def _split_left_out(cls, given: Any) -> Any:
        return [each.strip() for each in given.split(",") if each.strip()] if isinstance(given, str) else given

    @field_validator("removal_left_out")
    @classmethod
    def _left_out(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for each in given:
            first, _, last = each.partition("..")
            try:
                right = date.fromisoformat(first) <= date.fromisoformat(last or first)
            except ValueError:
                right = False
            if not right:
                raise ValueError(f"{each!r} is no day; write 2026-12-24, or 2026-12-24..2027-01-01")
        return given

    @field_validator("removal_hours")
    @classmethod
    def _removal_hours(cls, given: str) -> str:
        for each in (part.strip() for part in given.split(",") if part.strip()):
            times = each.partition(" ")[2].partition("-")
            if not _HOURS.fullmatch(each) or times[0] >= times[2]:
                raise ValueError(f"{each!r} are no hours; write them like Mon-Fri 09:00-17:00")
        return given.strip()
