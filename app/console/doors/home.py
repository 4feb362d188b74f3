"""Home: what needs somebody now, by what they may see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.actors import policy
from app.actors.policy import May
from app.console import rendering
from app.console.entering import Entered, With
from app.stories import desk, readings
from app.stories.readings import Standing, State

router = APIRouter()


@router.get("/")
def home(request: Request, means: With, visit: Entered) -> Response:
    """What waits."""
    with means.database.reading() as session:
        told: dict[str, Any] = {
            "own": desk.own(session, by=visit.actor),
            "running": desk.running(session, by=visit.actor),
            "findings": desk.findings(session, by=visit.actor),
            "removals": desk.removals(session, by=visit.actor),
        }
        systems: list[Standing] = []
        sees_systems = policy.why_not(visit.actor, May.SEE_SYSTEMS) is None
        if sees_systems:
            systems = readings.standings(
                session,
                by=visit.actor,
                at=means.clock(),
                max_age=timedelta(hours=means.settings.snapshot_max_age_hours),
                roster_days=means.settings.roster_max_age_days,
            )
    unwell = [each for each in systems if each.state not in (State.COMPLETE, State.READING)]
    return rendering.page(
        request, "home.html", visit, systems=len(systems), unwell=unwell, sees_systems=sees_systems, **told
    )
