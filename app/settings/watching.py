"""What an operator can turn about what comes after a removal: how long it is watched."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Watching(BaseModel):
    """Part of `Settings`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    removal_watch_days: int = Field(
        30,
        ge=1,
        le=366,
        description="Days that a removal is watched after its proof; access that comes back meanwhile opens it again. "
        "Default 30: what is given back out of habit, or by a nightly synchronisation, is given back within a month.",
    )
