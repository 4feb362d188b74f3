"""What holds removals: the stop for everything, a system's own brakes, and releasing what waits for a second person."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.actors import policy
from app.actors.policy import May
from app.actors.tables import ActorRow
from app.console import forms, rendering
from app.console.doors import removals as pages
from app.console.entering import Entered, Visit, With
from app.console.forms import Sent
from app.inventory import queries as inventory
from app.kit.refusal import Refusal, Refused
from app.means import Means, removal_brakes
from app.remediation import brakes, braking, lanes, releases, stops
from app.remediation.brakes import Own
from app.remediation.tables import LaneRow
from app.stories import removals

router = APIRouter(include_in_schema=False)
MOST = 200  # removals that are shown before a release


@router.post("/removals/stop")
def stop(request: Request, means: With, visit: Entered, form: Sent) -> Response:
    """Stop every removal in every system; each lane obeys before its next call."""
    try:
        with means.database.transaction() as session:
            stops.pull(session, forms.text(form, "reason"), by=visit.actor, at=means.clock())
    except Refused as no:
        return pages.every(request, means, visit, refusal=no.refusal)
    return rendering.go(request, "/removals", said="Everything is stopped. What waits is not lost.", tone="warn")


@router.post("/removals/stop/end")
def resume(request: Request, means: With, visit: Entered, form: Sent) -> Response:
    """Let removals go on; every lane is sent to work."""
    try:
        with means.database.transaction() as session:
            stops.end(session, forms.text(form, "reason"), by=visit.actor, at=means.clock())
    except Refused as no:
        return pages.every(request, means, visit, refusal=no.refusal)
    return rendering.go(request, "/removals", said="Removals go on within minutes.")


@router.get("/systems/{system_id}/lane")
def lane(request: Request, system_id: int, means: With, visit: Entered) -> Response:
    """What holds one system's removals, what waits and for what, and what a second person would release."""
    return _page(request, means, visit, system_id)


@router.post("/systems/{system_id}/lane")
def brake(request: Request, system_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Give the system exactly these brakes of its own; what is left empty follows the settings."""
    try:
        own = Own(
            _number(forms.text(form, "per_run")), _number(forms.text(form, "percent")),
            _number(forms.text(form, "release_above")), _words(forms.text(form, "hours")),
            forms.text(form, "zone") or None, _days(forms.text(form, "left_out")),
        )  # fmt: skip
        with means.database.transaction() as session:
            row = inventory.system(session, system_id)
            lanes.brake(session, row.id, own, forms.text(form, "because"), by=visit.actor, at=means.clock())
    except Refused as no:
        if no.refusal.status in (403, 404):
            raise
        return _page(request, means, visit, system_id, refusal=no.refusal)
    return rendering.go(request, f"/systems/{system_id}/lane", said="These hold its removals from now on.")


@router.post("/systems/{system_id}/release")
def release(request: Request, system_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Release exactly what was looked at, as somebody who did not ask for it."""
    try:
        with means.database.transaction() as session:
            row = inventory.system(session, system_id)
            given = releases.release(
                session, row.id, forms.text(form, "seen"), forms.text(form, "reason"), by=visit.actor, at=means.clock()
            )
            count = given.removals
    except Refused as no:
        if no.refusal.status == 404:
            raise
        return _page(request, means, visit, system_id, refusal=no.refusal)
    return rendering.go(
        request,
        f"/systems/{system_id}/lane",
        said=f"Released: {count}. {'It begins' if count == 1 else 'They begin'} within minutes.",
    )


def _page(request: Request, means: Means, visit: Visit, system_id: int, *, refusal: Refusal | None = None) -> Response:
    common = removal_brakes(means.settings)
    with means.database.reading() as session:
        system = inventory.system(session, system_id)
        now = braking.braked(session, system_id, common)
        own = session.get(LaneRow, system_id)
        waiting = braking.waiting(session, system_id)
        lines = removals.lines(session, waiting[:MOST])
        needed = brakes.why_not_without_release(len(waiting), braking.lately(session, system_id, means.clock()), now)
        seen = braking.digest(waiting)
        actor = visit.actor
        mine = policy.why_not(actor, May.RELEASE_REMOVALS) or brakes.why_not_release(
            by=actor.id, person=actor.identity_id, way=actor.way, askers=braking.askers(session, waiting),
            waiting=len(waiting), seen=seen, now=seen, reason="looked at it",
        )  # fmt: skip
        waits = braking.waits(session, system_id)
        stopped = braking.stop(session)
        author = _author(session, own) if own is not None else None
    return rendering.page(
        request, "systems/lane.html", visit, status=refusal.status if refusal else 200, system=system, now_held=now,
        common=common, own=own, waits=waits, lines=lines, count=len(waiting), seen=seen, needed=needed, mine=mine,
        stopped=stopped, refusal=refusal, author=author, running=policy.why_not(actor, May.RUN_SYSTEMS),
    )  # fmt: skip


def _author(session: Session, own: LaneRow) -> str:
    """Who set it, by name; the command line has none."""
    actor = session.get(ActorRow, own.by)
    return actor.name if actor is not None else own.by


def _number(given: str) -> int | None:
    """A number, or nothing for what follows the settings. Refuses (422) anything else."""
    if not given:
        return None
    number = forms.number(given)
    if number is None:
        raise Refused(Refusal("no_number", f"{given!r} is not a number.", "Write digits, or leave it empty.", 422))
    return min(number, 1_000_000)


def _words(given: str) -> str | None:
    """Hours; the word "always" is any time, and nothing follows the settings."""
    return None if not given else "" if given == "always" else given


def _days(given: str) -> tuple[str, ...] | None:
    """Days that are left out, as people write them; "none" is none at all, and nothing follows the settings."""
    if not given:
        return None
    each_alone = re.sub(r"\s*(\.\.|–|—|\bto\b|\buntil\b)\s*", "..", given)
    return () if given == "none" else tuple(each.strip() for each in re.split(r"[,;\n]", each_alone) if each.strip())
