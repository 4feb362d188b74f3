"""Opening a review: its scope is chosen, then shown for what it would be, then opened.

The preview is the opening itself, taken back: what it says is what would be.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.console import forms, rendering
from app.console.entering import Entered, With
from app.console.forms import Sent
from app.inventory import queries as inventory
from app.kit.refusal import Refusal, Refused
from app.means import Means, review_limits
from app.review import apart, campaigns, queries
from app.review.queries import Share
from app.review.scope import ItemKind
from app.review.tables import CampaignRow

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be opened."""

    items: int
    shares: Sequence[Share]
    excluded: Sequence[dict[str, Any]]
    apart: str | None
    seen: str  # a digest of all that was shown, which opening it must bring back


class _TakenBack(Exception):
    """Ends the transaction of a preview, so that nothing of it stays."""

    def __init__(self, preview: Preview) -> None:
        super().__init__()
        self.preview = preview


@router.get("/campaigns/new")
def ask(request: Request, means: With, visit: Entered) -> Response:
    """What to review."""
    systems = _systems(means)
    given = {"systems": systems, "kinds": [str(kind) for kind in ItemKind]}
    return _page(request, means, visit, given | _plain(None), None, None)


@router.post("/campaigns/new")
def answer(request: Request, means: With, visit: Entered, form: Sent) -> Response:
    """Show what would be opened, or open it."""
    given = {"systems": form.getlist("systems"), "kinds": form.getlist("kinds")} | _plain(form)
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
            row = _opened(session, means, visit, given)
            shares = queries.progress(session, row.id)
            items = sum(share.items for share in shares)
            name = visit.actor.name if visit.actor.identity_id is not None else None
            raise _TakenBack(Preview(items, shares, row.excluded, apart.told(name), _digest(given, shares, row)))
    except _TakenBack as taken_back:
        return taken_back.preview


def _digest(given: dict[str, Any], shares: Sequence[Share], row: CampaignRow) -> str:
    told = [given, [(share.reviewer_id, share.items) for share in shares], row.excluded]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _opened(session: Session, means: Means, visit: Entered, given: dict[str, Any]) -> CampaignRow:
    days = forms.number(given["due_days"])
    if not given["name"] or days is None or not 1 <= days <= 366:
        told = "A review needs a name, and is due in 1 to 366 days."
        raise Refused(Refusal("does_not_fit", told, "Complete it.", status=422))
    scope = {
        "systems": list(given["systems"]),
        "kinds": list(given["kinds"]),
        "fallback": _key(session, given["fallback"]),
        "second_fallback": _key(session, given["second"]) if given["second"] else None,
        "department": given["department"] or None,
    }
    at = means.clock()
    return campaigns.open(
        session, name=given["name"], scope=scope, due_at=at + timedelta(days=days), limits=review_limits(means.settings),
        by=visit.actor, at=at,
    )  # fmt: skip


def _key(session: Session, written: str) -> str:
    """The roster id of somebody named by it or by their e-mail address."""
    person = inventory.find_identity(session, written) if written else None
    if person is None or person.key is None:
        told = f"Nobody in the roster is called {written!r}." if written else "Say who decides in the last resort."
        raise Refused(Refusal("not_found", told, "Write a roster id or an e-mail address.", status=422))
    return person.key


def _plain(form: Any) -> dict[str, str]:
    names = ("name", "fallback", "second", "department", "due_days")
    given = {name: forms.text(form, name) if form is not None else "" for name in names}
    return given | ({} if form is not None else {"due_days": ""})


def _systems(means: Means) -> list[str]:
    with means.database.reading() as session:
        return [row.name for row in inventory.systems(session) if row.kind != "roster"]


def _page(
    request: Request, means: Means, visit: Entered, given: dict[str, Any], preview: Preview | None, no: Refusal | None
) -> Response:
    return rendering.page(
        request, "campaigns/open.html", visit, status=no.status if no is not None else 200, given=given,
        preview=preview, no=no, systems=_systems(means), kinds=[str(kind) for kind in ItemKind],
        due_days=given["due_days"] or str(means.settings.campaign_due_days),
    )  # fmt: skip
