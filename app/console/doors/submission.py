"""What happens when a share is submitted, said before; and submitting it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.console import rendering, words
from app.console.entering import Entered, With
from app.kit.refusal import Refusal, Refused
from app.means import Means, removals_common
from app.review import aside, queries, schedule, tasks
from app.stories import share, submitting
from app.stories.share import Share

router = APIRouter()


@router.get("/reviews/{campaign_id}/submission")
def look_over(request: Request, campaign_id: int, means: With, visit: Entered) -> Response:
    """What would follow, in each CRM."""
    with means.database.reading() as session:
        found = _own(session, campaign_id, visit)
        told = submitting.submission_of(
            session, found.task, removals_common(means.settings), by=visit.actor, at=means.clock()
        )
    return rendering.page(
        request, "review/submission.html", visit, share=found, outlook=told.outlook, refusal=told.refusal
    )


@router.post("/reviews/{campaign_id}/submission")
def submit(request: Request, campaign_id: int, means: With, visit: Entered) -> Response:
    """Make the answers stand."""
    with means.database.transaction() as session:
        found = _own(session, campaign_id, visit)
        tasks.submit(session, found.task.id, by=visit.actor, at=means.clock())
        after = _next_review(session, means)
    kept, gone, changed = (found.counts.get(answer, 0) for answer in ("keep", "remove", "change"))
    known = found.counts.get("acknowledge", 0)
    stays = f"{kept} kept, {known} acknowledged" if known else f"{kept} kept"
    told = f"Submitted. {stays}, {gone} to be removed" + (f", {changed} to be changed" if changed else "")
    passed = sum(found.counts.get(why, 0) for why in aside.Aside)
    told += f", {passed} passed on to whoever is asked next." if passed else "."
    return rendering.go(request, f"/reviews/{campaign_id}", said=told + after)


def _next_review(session: Session, means: Means) -> str:
    """When the next review opens by itself, as far as a schedule says."""
    opens = [
        schedule.following(queries.plan_of(row), means.clock()).opens_at
        for row in queries.schedules(session)
        if not row.paused
    ]
    if not opens:
        return ""
    return f" Next review: {words.month(min(opens), means.settings.zone)}."


def _own(session: Session, campaign_id: int, visit: Entered) -> Share:
    found = share.share(session, campaign_id, by=visit.actor)
    if found is None:
        raise Refused(Refusal("not_found", "There is no share of yours here.", "Look at your reviews.", status=404))
    return found
