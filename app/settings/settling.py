"""What an operator can turn about findings: when they are due, who owns what nobody does, how long a waiver lasts."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, field_validator

Days = Annotated[int, Field(ge=1, le=3650)]


class Settling(BaseModel):
    """Part of `Settings`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    finding_sla_days: tuple[Days, Days, Days, Days] = Field(
        (1, 7, 30, 90),
        description="Days in which a critical, high, medium and low finding should be settled, separated by commas. "
        "Default 1,7,30,90: a leaver's administrator account does not stay over the weekend, and what is low is looked "
        "at once a quarter.",
    )
    baseline_sla_days: tuple[Days, Days, Days, Days] = Field(
        (7, 30, 60, 120),
        description="The same for what a system's first reading brings to light. Default 7,30,60,120: it has been so "
        "for long, there is a lot of it at once, and a plan that can be kept is worth more than a list of breaches.",
    )
    finding_escalate_hours: int = Field(
        24,
        ge=1,
        le=24 * 90,
        description="Hours after which a critical or high finding that nobody has taken note of is told again, to its "
        "owner and the owner's manager too. Default 24: everybody has slept once.",
    )
    waiver_most_days: Days = Field(
        365,
        description="Days that a finding may be waived for at most. Default 365: an exception is looked at again with "
        "each yearly audit.",
    )
    security_owner: str | None = Field(
        None,
        description="Roster id of whoever findings go to where the system has no owner who is there, and who decides on "
        "administrators in reviews that name nobody else for it. Default: none; such findings belong to the IT security "
        "role, and administrators are decided like other privileged access.",
    )

    licence_costs: dict[str, NonNegativeInt] = Field(
        {},
        description="What a licence costs a month, as NAME=AMOUNT separated by commas, with the names that the system "
        "has for them (`Salesforce=165, Sales Hub Professional=90`). Default: none; findings then name the licence and "
        "no amount, for what you pay is in your contract.",
    )
    currency: str = Field(
        "EUR",
        min_length=1,
        max_length=10,
        description="In what these amounts are. Default EUR: it has to be something, and is only shown.",
    )

    @field_validator("licence_costs", mode="before")
    @classmethod
    def _pairs(cls, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        pairs = [each.partition("=") for each in given.split(",") if each.strip()]
        if any(not sign or not name.strip() for name, sign, _ in pairs):
            raise ValueError("must be pairs like Salesforce=165, Sales Hub=90")
        return {name.strip(): amount.strip() for name, _, amount in pairs}

    @field_validator("finding_sla_days", "baseline_sla_days", mode="before")
    @classmethod
    def _split_by_severity(cls, given: Any) -> Any:
        return [each.strip() for each in given.split(",")] if isinstance(given, str) else given
