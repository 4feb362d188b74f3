"""What an operator can turn about the checklist: how often, how fresh and how long the organisation itself asks for."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Days = Annotated[int, Field(ge=1, le=3650)]


class Promising(BaseModel):
    """Part of `Settings`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    review_every_days: Days = Field(
        92,
        description="Days within which each system's access must have been reviewed to the end. Default 92: quarterly, "
        "as most auditors expect.",
    )
    judged_within_hours: int = Field(
        36,
        ge=1,
        le=24 * 90,
        description="Hours after which what the rules said of a system does not count for the checklist any more. Default "
        "36: they are asked each night, and one slow night is forgiven.",
    )
    channel_test_days: Days = Field(
        35,
        description="Days within which a test must have arrived by a channel. Default 35: channels are tested monthly.",
    )
    training_days: Days = Field(
        365, description="Days that a training, or a vendor's assessment, is good for. Default 365: once a year."
    )
    screening_days: Days = Field(
        1095, description="Days that a screening is good for. Default 1095: three years, for whoever has privileges."
    )
    register_max_age_days: Days = Field(
        92,
        description="Days after which a register (training, contracts …) has to be handed in again. Default 92: once a "
        "quarter, before the review.",
    )
