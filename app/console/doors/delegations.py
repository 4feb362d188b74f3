"""Let somebody else review for a time, see which of one's own hold, and end one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from app.console import rendering, words
from app.console.entering import Entered, Visit, With
from app.inventory import queries as inventory
from app.kit.refusal import Refusal, Refused
from app.means import Means
from app.review import delegations
from app.stories import delegating

router = APIRouter()
PATH = "/reviews/delegations"
FIELDS = ("to", "scope", "reason", "began", "until")
Text = Annotated[str, Form(max_length=2000)]


@router.get(PATH)
def mine(request: Request, means: With, visit: Entered) -> Response:
    """Those from and to whoever asks, and a form for another."""
    return _page(request, means, visit)


@router.post(PATH)
def make(
    request: Request, means: With, visit: Entered, to: Text = "", scope: Text = "", reason: Text = "",
    began: Text = "", until: Text = "",
) -> Response:  # fmt: skip
    """Delegate one's own reviews; what does not fit is said beside what was typed."""
    given = {"to": to, "scope": scope, "reason": reason, "began": began, "until": until}
    zone = means.settings.zone
    try:
        with means.database.transaction() as session:
            row = delegations.make(
                session, from_id=_self(visit), to_id=inventory.whom(session, to).id, reason=reason,
                until=_moment(until, time(23, 59, 59), zone), scope=scope.strip() or None,
                began=_moment(began, time(0), zone) if began.strip() else None, by=visit.actor, at=means.clock(),
            )  # fmt: skip
            holds, items = row.began <= means.clock(), delegating.taken(session, row.id)
    except Refused as refused:
        return _page(request, means, visit, given, refused.refusal)
    when = "It holds from now on" if holds else "It begins by itself on the day that you said"
    now = f" {words.plural(items, 'item is', 'items are')} with them now." if holds else ""
    return rendering.go(request, PATH, said=f"Delegated. {when}, and ends by itself.{now}")


@router.post(PATH + "/{delegation_id}/end")
def end(request: Request, delegation_id: int, means: With, visit: Entered) -> Response:
    """End one before its time."""
    with means.database.transaction() as session:
        delegations.end(session, delegation_id, by=visit.actor, at=means.clock())
    return rendering.go(request, PATH, said="Ended. What had no answer is with whoever delegated it again.")


def _page(
    request: Request, means: Means, visit: Visit, given: dict[str, str] | None = None, no: Refusal | None = None
) -> Response:
    with means.database.reading() as session:
        told = delegating.told(session, by=visit.actor, at=means.clock())
    return rendering.page(
        request, "review/delegations.html", visit, status=no.status if no is not None else 200, told=told, no=no,
        given=given or dict.fromkeys(FIELDS, ""),
    )  # fmt: skip


def _self(visit: Visit) -> int:
    if visit.actor.identity_id is None:
        told = "You are not known as a person of the roster, so nothing is yours to delegate."
        raise Refused(
            Refusal("nobody", told, "Ask an administrator to put your roster id with your sign-in.", status=403)
        )
    return visit.actor.identity_id


def _moment(day: str, at: time, zone: ZoneInfo) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(day.strip()), at, zone).astimezone(UTC)
    except ValueError:
        raise Refused(Refusal("no_day", f"{day or 'Nothing'} is not a day.", "Choose one.", status=422)) from None
