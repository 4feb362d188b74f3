"""Removals: what was promised to be taken away, one removal's story, and what a person says or asks about it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.actors import policy
from app.actors.policy import May
from app.console import cursors, forms, rendering
from app.console.entering import Entered, Visit, With
from app.console.forms import Sent
from app.inventory import queries as inventory
from app.kit.refusal import Refusal, Refused
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.means import Means
from app.remediation import policy as removing
from app.remediation import queries, remediations
from app.remediation.policy import Status
from app.remediation.tables import RemediationRow
from app.stories import removals

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Query(max_length=300)]


@router.get("/removals")
def listed(
    request: Request, means: With, visit: Entered, group: Text = "", system: Text = "", campaign: Text = "",
    after: Text = "",
) -> Response:  # fmt: skip
    """Removals, the latest first, with how many stand where."""
    chosen = {
        "group": group if group in removals.GROUPS else None, "system": forms.number(system),
        "campaign": forms.number(campaign),
    }  # fmt: skip
    place = cursors.read(after, cursors.entry)
    with means.database.reading() as session:
        page = removals.page(session, **chosen, by=visit.actor, after=place[0] if place else None)  # type: ignore[arg-type]
        names = {row.id: row.name for row in inventory.systems(session)}
    onward = rendering.link("/removals", **chosen, after=cursors.make([page.after])) if page.after else None
    return rendering.page(
        request, "removals/list.html", visit, page=page, names=names, chosen=chosen, next_page=onward,
        first=rendering.link("/removals", **chosen) if after else None,
    )  # fmt: skip


@router.get("/removals/{remediation_id}")
def one(request: Request, remediation_id: UUID, means: With, visit: Entered) -> Response:
    """One removal: where it stands and why, what a person has to do, and everything that was done."""
    return page(request, means, visit, remediation_id)


@router.post("/removals/{remediation_id}/report")
def report(request: Request, remediation_id: UUID, means: With, visit: Entered, form: Sent) -> Response:
    """Say that it was done by hand. The next complete reading is the proof."""
    try:
        with means.database.transaction() as session:
            row = queries.find(session, remediation_id)
            remediations.say_done(session, row, forms.text(form, "note"), by=visit.actor, at=means.clock())
    except Refused as no:
        return _told(request, means, visit, remediation_id, no)
    said = "It is on record that you did it. The system's next complete reading proves it."
    return rendering.go(request, f"/removals/{remediation_id}", said=said)


@router.post("/removals/{remediation_id}/retry")
def retry(request: Request, remediation_id: UUID, means: With, visit: Entered, form: Sent) -> Response:
    """Put it back among those that Rolecall carries out, and send the system's lane to work."""
    try:
        with means.database.transaction() as session:
            at = means.clock()
            row = queries.find(session, remediation_id)
            remediations.try_again(session, row, forms.text(form, "reason"), by=visit.actor, at=at)
            body = {"system": row.system_id, "because": "a removal is tried again"}
            asked = Entry(Kind.REMOVAL_REQUESTED, f"system:{row.system_id}", body)
            entries.record(session, asked, by=visit.actor.id, at=at)
    except Refused as no:
        return _told(request, means, visit, remediation_id, no)
    return rendering.go(request, f"/removals/{remediation_id}", said="It is tried again within minutes.")


def page(
    request: Request, means: Means, visit: Visit, remediation_id: UUID, *, refusal: Refusal | None = None
) -> Response:
    """One removal's page, with a refusal on it."""
    with means.database.reading() as session:
        story = removals.story(session, remediation_id, by=visit.actor)
    if story is None:
        raise Refused(Refusal("not_found", "There is no such removal.", "See the list of removals.", status=404))
    row = story.line.row
    return rendering.page(
        request, "removals/one.html", visit, status=refusal.status if refusal else 200, story=story, refusal=refusal,
        reporting=_may(visit, row, Status.ACTED), retrying=_may(visit, row, Status.OPEN),
    )  # fmt: skip


def _may(visit: Visit, row: RemediationRow, to: Status) -> Refusal | None:
    return policy.why_not(visit.actor, May.DO_BY_HAND) or removing.why_not_move(row.status, to)


def _told(request: Request, means: Means, visit: Visit, remediation_id: UUID, no: Refused) -> Response:
    if no.refusal.status in (403, 404):
        raise no
    return page(request, means, visit, remediation_id, refusal=no.refusal)
