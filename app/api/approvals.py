"""An approver's word that a review may leave out what it does: given here by whom its scope names, brought when opening."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.api import answering
from app.api.answering import Key
from app.api.entering import Entered, With
from app.api.shapes import Asked, Told
from app.means import Means
from app.review import overrides
from app.review.exclusions import Approval

router = APIRouter(prefix="/api/v1/approvals", tags=["reviews"])


class ApprovingExclusions(Asked):
    """Of which review or schedule, with its whole scope, and why it may leave out what it does."""

    name: str = Field(min_length=1, max_length=200, examples=["Q4 2026"])
    scope: dict[str, Any] = Field(
        examples=[{"systems": "all", "fallback": "p-100", "approver": "p-102",
                   "exclude": [{"where": "low_risk and reviewed_this_year", "reason": "once a year is enough"}]}]
    )  # fmt: skip
    reason: str = Field(
        min_length=10, max_length=overrides.LONGEST_REASON, examples=["read-only, and reviewed in spring"]
    )


class GivenApproval(Told):
    """The word to hand to whoever opens the review or adds the schedule, good for an hour."""

    approval: str
    until: datetime


@router.post("", status_code=201, response_model=GivenApproval)
def give_approval(
    asked: ApprovingExclusions, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Approve what a review leaves out, if its scope names you. Nothing happens until somebody else opens it with it."""

    def word(session: Session, at: datetime) -> GivenApproval:
        sealing = means.keys.derive("links")
        made = overrides.approve(session, sealing, asked.name, asked.scope, asked.reason, by=actor, at=at)
        return GivenApproval(approval=made.sealed, until=made.until)

    return answering.once(means, actor, key, asked, request, word, status=201)


def read(
    session: Session, means: Means, word: str | None, name: str, scope: dict[str, Any], at: datetime
) -> Approval | None:
    """The approval behind a word that was brought, if one was."""
    if word is None:
        return None
    return overrides.approval(session, word, name, scope, keys=means.keys.derive_all("links"), at=at)
