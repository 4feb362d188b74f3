"""What an operator can turn about notices: when nobody is spoken to, when people are reminded, how long the log is kept."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

Days = Annotated[int, Field(ge=1, le=3650)]


class Noticing(BaseModel):
    """Part of `Settings`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    quiet_from: str = Field(
        "20:00",
        description="Time of day, in ROLECALL_TIME_ZONE, from which people get no mail. Default 20:00: nobody decides "
        "well at night. The same as the end: no quiet hours.",
    )
    quiet_until: str = Field(
        "07:00",
        description="Time of day until which they get none. Default 07:00: it is there when the day begins. Each "
        "person may choose other hours.",
    )
    digest_hour: int = Field(
        8,
        ge=0,
        le=23,
        description="Hour of the day at which digests are put together. Default 8: after the night's readings.",
    )
    remind_days: tuple[int, ...] = Field(
        (7, 3, 1),
        description="Days before a review is due on which whoever is not done is reminded, separated by commas. "
        "Default 7,3,1: once to plan, once to do it, once at the last moment.",
    )
    escalate_days: Days = Field(
        3,
        description="Days after the due date until reviewers' managers hear of it. Default 3: time to be late, not to "
        "be forgotten.",
    )
    delivery_retention_days: Days = Field(
        90,
        description="Days that the log of messages is kept. Default 90: one review from opening to closing; that they "
        "were made and sent stays in the ledger.",
    )

    @field_validator("remind_days", mode="before")
    @classmethod
    def _split_days(cls, given: Any) -> Any:
        return [each.strip() for each in given.split(",") if each.strip()] if isinstance(given, str) else given

    @field_validator("remind_days")
    @classmethod
    def _some_days(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if len(days) > 10 or any(not 1 <= each <= 90 for each in days):
            raise ValueError("must be up to ten numbers of days from 1 to 90, like 7,3,1")
        return days

    @field_validator("quiet_from", "quiet_until")
    @classmethod
    def _time_of_day(cls, clock: str) -> str:
        if re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", clock) is None:
            raise ValueError("must be a time of day like 20:00")
        return clock
