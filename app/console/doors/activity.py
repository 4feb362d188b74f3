"""Activity: everything that happened here, the latest first, and one entry with its proof."""

from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.responses import Response

from app.console import rendering, words
from app.console.entering import Entered, With
from app.kit import clock
from app.kit.refusal import Refusal, Refused
from app.ledger import queries as ledger
from app.stories import activity
from app.stories.activity import Wanted

router = APIRouter()
Text = Annotated[str, Query(max_length=120)]


@router.get("/activity")
def happened(
    request: Request,
    means: With,
    visit: Entered,
    kind: Text = "",
    author: Text = "",
    subject: Text = "",
    since: Text = "",
    until: Text = "",
    after: Text = "",
) -> Response:
    """What happened, by what, by whom, about what and when. A day is one of the operator's zone, its end included."""
    zone = means.settings.zone
    first, last = _day("From", since, zone), _day("Until", until, zone)
    wanted = Wanted(
        kind or None, author.strip() or None, subject.strip() or None, first, last and last + timedelta(days=1)
    )
    with means.database.reading() as session:
        page = activity.listed(session, wanted, by=visit.actor, after=_place(after))
        authors = activity.authors(session, by=visit.actor)
        checkpoint = ledger.latest_checkpoint(session)
    kinds = [(each, words.named(each.replace(".", " "))) for each in activity.kinds()]
    filters = {"kind": kind, "author": author, "subject": subject, "since": since, "until": until}
    onward = rendering.link("/activity", **filters, after="~".join(page.after)) if page.after else None
    return rendering.page(
        request, "activity/list.html", visit, page=page, kinds=kinds, authors=authors, filters=filters,
        filtered=any(filters.values()), onward=onward, first=rendering.link("/activity", **filters) if after else None,
        checkpoint=checkpoint,
    )  # fmt: skip


@router.get("/activity/checkpoint")
def checkpoint(means: With, visit: Entered) -> Response:
    """The latest signed checkpoint, as a file to keep elsewhere."""
    with means.database.reading() as session:
        row = ledger.latest_checkpoint(session)
    if row is None:
        raise _none("There is no signed checkpoint yet.", "A worker signs the first one within a minute.")
    return PlainTextResponse(
        row.note, headers={"Content-Disposition": f'attachment; filename="checkpoint-{row.size}.txt"'}
    )


@router.get("/activity/{entry_id}")
def one(request: Request, entry_id: uuid.UUID, means: With, visit: Entered) -> Response:
    """One entry."""
    with means.database.reading() as session:
        story = activity.story(session, entry_id, by=visit.actor)
    if story is None:
        raise _none("There is no such entry.", "Look at the activity.")
    return rendering.page(request, "activity/entry.html", visit, story=story)


@router.get("/activity/{entry_id}/proof")
def proof(entry_id: uuid.UUID, means: With, visit: Entered) -> Response:
    """What shows that the entry stands in the log, as a file."""
    with means.database.frozen() as session:
        told: dict[str, Any] = activity.proof(session, entry_id, by=visit.actor)
    return JSONResponse(told, headers={"Content-Disposition": f'attachment; filename="entry-{entry_id}.json"'})


def _place(after: str) -> tuple[str, str] | None:
    """Where a page goes on. Refuses (422) what no page of ours has written."""
    if not after:
        return None
    at, _, identifier = after.partition("~")
    try:
        moment, place = clock.utc(datetime.fromisoformat(at)), uuid.UUID(identifier)
    except ValueError as error:
        no = Refusal("does_not_fit", "This page does not go on from there.", "Begin again.", status=422)
        raise Refused(no) from error
    return moment.isoformat(), str(place)


def _day(label: str, given: str, zone: ZoneInfo) -> datetime | None:
    if not given:
        return None
    try:
        return datetime.combine(datetime.strptime(given, "%Y-%m-%d").date(), time(), zone)  # noqa: DTZ007 (a day)
    except ValueError as error:
        told = f"“{given}” is no day ({label})."
        raise Refused(Refusal("does_not_fit", told, "Write it like 2026-09-30.", status=422)) from error


def _none(reason: str, way_out: str) -> Refused:
    return Refused(Refusal("not_found", reason, way_out, status=404))
