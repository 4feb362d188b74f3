"""Home: what needs somebody now, by what they may see; for a new installation, its first steps."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.actors import policy
from app.actors.policy import May
from app.console import rendering, waiting
from app.console.entering import Entered, With
from app.console.waiting import Told
from app.means import stopped_outside
from app.stories import beginning, desk, lately, readings, signing
from app.stories.readings import State

router = APIRouter()
LATELY = timedelta(days=7)


@router.get("/")
def home(request: Request, means: With, visit: Entered) -> Response:
    """What waits, what has changed, and how things stand."""
    by, at = visit.actor, means.clock()
    sees_systems = policy.why_not(by, May.SEE_SYSTEMS) is None
    with means.database.reading() as session:
        told = Told(
            own=desk.own(session, by=by),
            unsigned=signing.waiting(session, by=by),
            running=desk.running(session, by=by),
            answers_for=desk.answered_for(session, by=by),
            late=desk.late_reports(session, by=by, at=at),
            findings=desk.findings(session, by=by),
            removals=desk.removals(session, by=by),
            unreleased=desk.unreleased(session, by=by),
            closed=desk.latest_closed(session, by=by),
            unplanned=desk.why_none_opens(session, by=by),
            steps=beginning.steps(session, by=by),
            systems=readings.standings(
                session, by=by, at=at, max_age=timedelta(hours=means.settings.snapshot_max_age_hours),
                roster_days=means.settings.roster_max_age_days,
            ) if sees_systems else (),
        )  # fmt: skip
        stop = desk.stopped(session, by=by)
        changes = lately.changes(session, by=by, since=at - LATELY)
    well = sum(each.state in (State.COMPLETE, State.READING) for each in told.systems)
    return rendering.page(
        request, "home.html", visit, told=told, waiting=waiting.waiting(told, by=by, at=at), changes=changes, well=well,
        stop=stop, outside=stopped_outside(means.settings) and policy.why_not(by, May.SEE_REMEDIATIONS) is None,
        days=LATELY.days, runs=policy.why_not(by, May.RUN_CAMPAIGNS) is None,
        goes_on=policy.why_not(by, May.STOP_REMOVALS) is None,
        takes=policy.why_not(by, May.TAKE_EVIDENCE) is None,
    )  # fmt: skip
