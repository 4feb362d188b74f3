"""Opening a review: its scope is chosen, then shown for what it would be, then opened.

The preview is the opening itself, taken back: what it says is what would be. Where readings fall short, a second
administrator can answer for it: on a page of their own, from which they hand over a word.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.console import accepting, excluding, forms, rendering, scoping
from app.console.entering import Entered, With
from app.console.forms import Sent
from app.kit.refusal import Refusal, Refused
from app.means import Means, review_limits
from app.review import apart, campaigns, overrides, queries
from app.review.effort import Effort
from app.review.queries import Share
from app.review.tables import CampaignRow

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be opened."""

    items: int
    shares: Sequence[Share]
    excluded: Sequence[dict[str, Any]]
    apart: str | None
    efforts: Mapping[int, Effort]  # by task
    long: int  # reviewers with more answers than one should have
    approval: Mapping[str, Any] | None  # whose word it is that something is left out
    override: Mapping[str, Any] | None  # who answers for readings that fall short, and what they lack
    seen: str  # a digest of all that was shown, which opening it must bring back


class _TakenBack(Exception):
    """Ends the transaction of a preview, so that nothing of it stays."""

    def __init__(self, preview: Preview) -> None:
        super().__init__()
        self.preview = preview


@router.get("/campaigns/new")
def ask(request: Request, means: With, visit: Entered) -> Response:
    """What to review."""
    given = {"systems": scoping.systems(means), "kinds": scoping.KINDS}
    blank = dict.fromkeys(
        ("name", "due_days", "word", "approval", "acceptance", "fallback", "second", "department"), ""
    )
    return _page(request, means, visit, given | blank, None, None)


@router.post("/campaigns/new")
def answer(request: Request, means: With, visit: Entered, form: Sent) -> Response:
    """Show what would be opened, or open it."""
    given = scoping.given(form) | {name: forms.text(form, name) for name in ("name", "due_days")}
    given |= {name: forms.text(form, name, most=overrides.LONGEST) for name in ("word", "approval", "acceptance")}
    try:
        if forms.text(form, "go") == "open":
            with means.database.transaction() as session:
                row = _opened(session, means, visit, given)
                if forms.text(form, "seen") != _digest(given, queries.progress(session, row.id), row):
                    told = "This is not what you looked at: something was changed, here or in the CRMs, since."
                    raise Refused(Refusal("unseen", told, "Look once more, then open it."))
            return rendering.go(request, f"/campaigns/{row.id}", said=f"{row.name} is open. Its reviewers hear of it.")
        preview = _previewed(means, visit, given)
    except Refused as refused:
        return _page(request, means, visit, given, None, refused.refusal)
    return _page(request, means, visit, given, preview, None)


def _previewed(means: Means, visit: Entered, given: dict[str, Any]) -> Preview:
    try:
        with means.database.transaction() as session:
            row = _opened(session, means, visit, given, looking=True)
            shares = queries.progress(session, row.id)
            items = sum(share.items for share in shares)
            name = visit.actor.name if visit.actor.identity_id is not None else None
            efforts = queries.effort(session, row.id)
            long = sum(each.answers > means.settings.campaign_most_answers for each in efforts.values())
            seen = _digest(given, shares, row)
            told = Preview(
                items, shares, row.excluded, apart.told(name), efforts, long, row.approval, row.override, seen
            )
            raise _TakenBack(told)
    except _TakenBack as taken_back:
        return taken_back.preview


def _digest(given: dict[str, Any], shares: Sequence[Share], row: CampaignRow) -> str:
    told = [
        {**given, "many_answers": "", "word": "", "approval": "", "acceptance": ""},
        [(share.reviewer_id, share.items) for share in shares],
        row.excluded,
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _opened(
    session: Session, means: Means, visit: Entered, given: dict[str, Any], *, looking: bool = False
) -> CampaignRow:
    days = forms.number(given["due_days"])
    if not given["name"] or days is None or not 1 <= days <= 366:
        told = "A review needs a name, and is due in 1 to 366 days."
        raise Refused(Refusal("does_not_fit", told, "Complete it.", status=422))
    at, limits, scope = means.clock(), review_limits(means.settings), scoping.written(session, given)
    keys, word = means.keys.derive_all("links"), given["word"]
    return campaigns.open(
        session, name=given["name"], scope=scope,
        due_at=at + timedelta(days=days), limits=replace(limits, most_answers=None) if looking else limits,
        override=overrides.read(session, word, given["name"], scope, keys=keys, at=at) if word else None,
        approval=excluding.approval(session, means, given, given["name"], scope, at),
        acceptance=accepting.acceptance(session, means, given, given["name"], scope, at), unasked=looking,
        by=visit.actor, at=at,
    )  # fmt: skip


def _asking(means: Means, given: dict[str, Any], no: Refusal | None) -> str | None:
    """Where a second administrator can answer for the readings, if that is what opening waits for."""
    if no is None or no.code not in ("readings_lack", "no_override", "bad_override"):
        return None
    return f"{means.settings.base_url.rstrip('/')}/campaigns/new/word?{scoping.query(given)}"


def _ask_owner(means: Means, given: dict[str, Any], preview: Preview | None, no: Refusal | None) -> str | None:
    """Where the control owner can accept what was looked at, if that is what opening waits for."""
    return accepting.asking(means, given, no) if no is not None or preview is not None else None


def _page(
    request: Request, means: Means, visit: Entered, given: dict[str, Any], preview: Preview | None, no: Refusal | None
) -> Response:
    return rendering.page(
        request, "campaigns/open.html", visit, status=no.status if no is not None else 200, given=given,
        preview=preview, no=no, ask_another=_asking(means, given, no), ask_approver=excluding.asking(means, given, no),
        ask_owner=_ask_owner(means, given, preview, no),
        systems=scoping.systems(means), kinds=scoping.KINDS,
        most_answers=means.settings.campaign_most_answers,
        longest_word=overrides.LONGEST, due_days=given["due_days"] or str(means.settings.campaign_due_days),
    )  # fmt: skip
