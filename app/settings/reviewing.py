"""What an operator can turn about reviews: how much one reviewer is asked, and who answers for the whole."""

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
    control_owner: str | None = Field(
        None,
        description="Roster id of the control owner of reviews that name none themselves: who accepts what is to be "
        "reviewed before it opens, and signs what came of it after it was closed. Default: none; reviews name their own.",
    )
    control_owner_required: bool = Field(
        True,
        description="Whether a review opens only with a control owner and their word. Default: yes, for an auditor asks "
        "who answered for the review, and finds nobody else; `no` is for trying Rolecall out alone.",
    )
    sign_days: int = Field(
        7,
        ge=1,
        le=90,
        description="Days after its closing in which a review's outcome is to be signed; afterwards it is a finding. "
        "Default 7: what was to be removed is removed by then, and can be signed with its proof.",
    )
    micro_review_days: int = Field(
        7,
        ge=1,
        le=90,
        description="Days that reviewers have for the small review that a new administrator, a new integration or a move "
        "opens. Default 7: it is one question, and the access is there already.",
    )
