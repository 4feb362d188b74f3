"""What an operator can turn about reviews: how much one reviewer is asked."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Reviewing(BaseModel):
    """Part of `Settings`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    campaign_most_answers: int = Field(
        60,
        ge=1,
        le=100_000,
        description="Answers for one reviewer, beyond which a review opens by hand only with a reason. Default 60: about "
        "half an hour; who has more to answer clicks instead of deciding.",
    )
    micro_review_days: int = Field(
        7,
        ge=1,
        le=90,
        description="Days that reviewers have for the small review that a new administrator, a new integration or a move "
        "opens. Default 7: it is one question, and the access is there already.",
    )
