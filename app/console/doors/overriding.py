"""A second administrator answers for readings that fall short, so that a review may open all the same.

They see which review it is and what is missing, as of now; what they get is a word to hand to whoever opens it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.console import forms, rendering, scoping
from app.console.entering import Entered, Visit, With
from app.console.forms import Sent
from app.kit.refusal import Refusal, Refused
from app.means import Means, review_limits
from app.review import campaigns, overrides
from app.review.overrides import Word

router = APIRouter()
SHORTEST = 10


@dataclass(frozen=True, slots=True)
class Short:
    """What stands in the way of opening: what the readings lack, or something that nobody can answer for."""

    lacks: Sequence[dict[str, str]] = ()
    no: Refusal | None = None


class _TakenBack(Exception):
    """Ends a transaction of which nothing is to stay."""


@router.get("/campaigns/new/word")
def ask(request: Request, means: With, visit: Entered) -> Response:
    """Which review, and what is missing."""
    given = scoping.given(request.query_params) | {"name": forms.text(request.query_params, "name")}
    return _page(request, means, visit, given)


@router.post("/campaigns/new/word")
def give(request: Request, means: With, visit: Entered, form: Sent) -> Response:
    """Give one's word, which is shown once."""
    given = scoping.given(form) | {"name": forms.text(form, "name")}
    reason = forms.text(form, "reason", most=overrides.LONGEST_REASON)
    if len(reason) < SHORTEST:
        told = Refusal("does_not_fit", "Say why, in a sentence.", "It is printed on the evidence.", status=422)
        return _page(request, means, visit, given, no=told, reason=reason)
    try:
        with means.database.reading() as session:
            scope = scoping.written(session, given)
    except Refused as refused:
        return _page(request, means, visit, given, no=refused.refusal, reason=reason)
    key = means.keys.derive("links")
    word = overrides.give(key, given["name"], scope, reason, by=visit.actor, at=means.clock())
    return _page(request, means, visit, given, word=word, reason=reason)


def _short(means: Means, visit: Visit, given: dict[str, Any]) -> Short:
    """What opening it now would be refused for: it is opened without a word, and taken back."""
    at = means.clock()
    try:
        with means.database.transaction() as session:
            campaigns.open(
                session, name=given["name"], scope=scoping.written(session, given), due_at=at + timedelta(days=1),
                limits=replace(review_limits(means.settings), most_answers=None), by=visit.actor, at=at,
            )  # fmt: skip
            raise _TakenBack
    except _TakenBack:
        return Short()
    except Refused as refused:
        lacks = refused.refusal.facts.get("lacks")
        return Short(lacks=lacks) if isinstance(lacks, list) else Short(no=refused.refusal)


def _page(
    request: Request, means: Means, visit: Visit, given: dict[str, Any], *, no: Refusal | None = None,
    word: Word | None = None, reason: str = "",
) -> Response:  # fmt: skip
    return rendering.page(
        request, "campaigns/word.html", visit, status=no.status if no is not None else 200, given=given, no=no,
        word=word, reason=reason, short=Short() if word is not None else _short(means, visit, given),
        longest=overrides.LONGEST_REASON,
    )  # fmt: skip
