"""Removals: what was promised to be taken away, one removal's story, and what a person says or asks about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.actors import policy
from app.actors.policy import May
from app.console import cursors, forms, rendering
from app.console.entering import Entered, Visit, With
from app.console.forms import Sent
from app.inventory import queries as inventory
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import documents, entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.means import Means, removal_brakes, removals_common, stopped_outside
from app.remediation import braking, handovers, plans, queries, remediations, undoings
from app.remediation import policy as removing
from app.remediation.plans import Plan
from app.remediation.policy import Status
from app.remediation.tables import RemediationRow
from app.stories import consequences, removals

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Query(max_length=300)]
_TO_DO = (Status.OPEN, Status.RETURNED, *removing.TASKS)  # of anything else nothing is planned any more


@router.get("/removals")
def listed(
    request: Request, means: With, visit: Entered, group: Text = "", system: Text = "", campaign: Text = "",
    after: Text = "",
) -> Response:  # fmt: skip
    """Removals, the latest first, with how many stand where."""
    return every(request, means, visit, group=group, system=system, campaign=campaign, after=after)


@router.get("/removals/{remediation_id}")
def one(request: Request, remediation_id: UUID, means: With, visit: Entered, look: Text = "") -> Response:
    """One removal: where it stands and why, what would be done, what a person has to do, and everything that was done.
    `look`: have the system looked at now."""
    if look:
        insist(policy.why_not(visit.actor, May.START_REMOVALS))
    return page(request, means, visit, remediation_id, look=bool(look))


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


@router.post("/removals/{remediation_id}/evidence")
def hand_in(request: Request, remediation_id: UUID, means: With, visit: Entered, form: Sent) -> Response:
    """Keep a file that shows what was done by hand. It proves nothing."""
    file, note = forms.file(form), forms.text(form, "note")
    try:
        if file is None:
            raise Refused(Refusal("no_file", "No file was chosen.", "Choose one.", status=422))
        with means.database.transaction() as session:
            row = queries.find(session, remediation_id)
            handovers.hand_in(session, row, file, note, by=visit.actor, at=means.clock())
    except Refused as no:
        return _told(request, means, visit, remediation_id, no)
    said = "Kept, under its digest. The system's next complete reading is the proof."
    return rendering.go(request, f"/removals/{remediation_id}", said=said)


@router.get("/removals/{remediation_id}/evidence/{digest}")
def evidence(remediation_id: UUID, digest: str, means: With, visit: Entered) -> Response:
    """A file that was handed in, to be saved: it is never shown in place."""
    with means.database.reading() as session:
        queries.paper(session, remediation_id, digest)
        headers = {"Content-Disposition": f'attachment; filename="{digest[:12]}"'}
        content = documents.content(session, digest)
    return Response(content, media_type="application/octet-stream", headers=headers)


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
            soon = _soon(session, means, row.system_id, "It is tried again within minutes.")
    except Refused as no:
        return _told(request, means, visit, remediation_id, no)
    return rendering.go(request, f"/removals/{remediation_id}", said=soon)


def _soon(session: Session, means: Means, system: int, otherwise: str) -> str:
    """When it will be done: what holds it, if anything does."""
    held = consequences.holds(session, system, removals_common(means.settings), means.clock())
    return otherwise if held == () else "A person does it." if held is None else f"It waits. {' '.join(held)}"


def every(
    request: Request, means: Means, visit: Visit, *, group: str = "", system: str = "", campaign: str = "",
    after: str = "", refusal: Refusal | None = None,
) -> Response:  # fmt: skip
    """The page of removals, with a refusal on it."""
    chosen = {
        "group": group if group in removals.GROUPS else None, "system": forms.number(system),
        "campaign": forms.number(campaign),
    }  # fmt: skip
    place = cursors.read(after, cursors.entry)
    with means.database.reading() as session:
        told = removals.page(session, **chosen, by=visit.actor, after=place[0] if place else None)  # type: ignore[arg-type]
        names = {row.id: row.name for row in inventory.systems(session)}
        stop, waits = braking.stop(session), braking.waits(session)
    onward = rendering.link("/removals", **chosen, after=cursors.make([told.after])) if told.after else None
    return rendering.page(
        request, "removals/list.html", visit, status=refusal.status if refusal else 200, page=told, names=names,
        chosen=chosen, next_page=onward, first=rendering.link("/removals", **chosen) if after else None, stop=stop,
        waits=waits, stopping=policy.why_not(visit.actor, May.STOP_REMOVALS), refusal=refusal,
        outside=removing.STOPPED if stopped_outside(means.settings) else None,
    )  # fmt: skip


@router.post("/removals/{remediation_id}/undoing")
def undo(request: Request, remediation_id: UUID, means: With, visit: Entered, form: Sent) -> Response:
    """Decide that the access may be there again, and have it given back."""
    sla = timedelta(days=means.settings.removal_sla_days)
    try:
        with means.database.transaction() as session:
            at = means.clock()
            row = queries.find(session, remediation_id)
            made = undoings.undo(session, row, forms.text(form, "reason"), sla=sla, by=visit.actor, at=at).id
            body = {"system": row.system_id, "because": "a removal was undone"}
            asked = Entry(Kind.REMOVAL_REQUESTED, f"system:{row.system_id}", body)
            entries.record(session, asked, by=visit.actor.id, at=at)
            soon = _soon(session, means, row.system_id, "It is given back within minutes.")
    except Refused as no:
        return _told(request, means, visit, remediation_id, no)
    said = f"Undone. {soon} It counts as there when a later reading shows it."
    return rendering.go(request, f"/removals/{made}", said=said)


def page(
    request: Request, means: Means, visit: Visit, remediation_id: UUID, *, refusal: Refusal | None = None,
    look: bool = False,
) -> Response:  # fmt: skip
    """One removal's page, with a refusal on it."""
    with means.database.reading() as session:
        kept = timedelta(days=means.settings.login_retention_days)
        story = removals.story(session, remediation_id, kept=kept, by=visit.actor, at=means.clock())
    if story is None:
        raise Refused(Refusal("not_found", "There is no such removal.", "See the list of removals.", status=404))
    row = story.line.row
    plan, silent = _planned(means, row, look=look)
    return rendering.page(
        request, "removals/one.html", visit, status=refusal.status if refusal else 200, story=story, refusal=refusal,
        reporting=_may(visit, row, Status.ACTED), retrying=_may(visit, row, Status.OPEN), plan=plan, silent=silent,
        handing_in=policy.why_not(visit.actor, May.DO_BY_HAND)
        or removing.why_not_hand_in(row.status, "said below", len(story.papers), again=False),
        looking=policy.why_not(visit.actor, May.START_REMOVALS),
        undoing=policy.why_not(visit.actor, May.UNDO_REMOVALS)
        or removing.why_not_undo(row.status, row.wish, "said below", own=story.own(visit.actor)),
    )  # fmt: skip


def _planned(means: Means, row: RemediationRow, *, look: bool) -> tuple[Plan | None, Refusal | None]:
    """What would be done for a removal that is not done, and why the system could not be asked."""
    if row.status not in _TO_DO:
        return None, None
    given: dict[str, Any] = {
        "common": removal_brakes(means.settings), "stopped": lambda: stopped_outside(means.settings),
        "keys": means.keys, "clock": means.clock,
    }  # fmt: skip
    try:
        return plans.plan(means.database, row.id, look=look, **given), None
    except Refused as no:
        return plans.plan(means.database, row.id, **given), no.refusal


def _may(visit: Visit, row: RemediationRow, to: Status) -> Refusal | None:
    return policy.why_not(visit.actor, May.DO_BY_HAND) or removing.why_not_move(row.status, to)


def _told(request: Request, means: Means, visit: Visit, remediation_id: UUID, no: Refused) -> Response:
    if no.refusal.status in (403, 404):
        raise no
    return page(request, means, visit, remediation_id, refusal=no.refusal)
