"""What holds removals: the stop for everything at once, each system's own brakes, and releases by a second person."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api import answering, paging, systems
from app.api.answering import Key
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import Asked, Page, Told
from app.means import Means, removal_brakes, stopped_outside
from app.remediation import braking, lanes, policy, releases, stops
from app.remediation.brakes import Own
from app.remediation.tables import LaneRow, ReleaseRow, StopRow

router = APIRouter(prefix="/api/v1", tags=["remediations"])
Reason = Annotated[str, Field(max_length=2000)]


class Stop(Told):
    """Whether removals are stopped everywhere. `by` nobody and `because` of a setting: an operator ends it there."""

    stopped: bool
    by: str | None = None
    since: datetime | None = None
    because: str | None = None


class Reasoned(Asked):
    """Why. Whoever waits for the removals reads it."""

    reason: Reason = Field(examples=["the wrong people are going"])


class OwnBrakes(Told):
    """What one system has of its own; null follows the settings."""

    per_run: int | None
    percent: int | None
    release_above: int | None
    hours: str | None
    zone: str | None
    left_out: list[str] | None


class Wait(Told):
    """What open removals wait for, and since when; `until` is when it ends by itself."""

    code: str
    because: str
    way_out: str
    removals: int
    since: datetime
    until: datetime | None


class Lane(Told):
    """How one system's removals are held. The first five are what counts now; `own` is what the system has of its own."""

    per_run: int
    percent: int
    release_above: int
    hours: str
    zone: str
    left_out: list[str]
    own: OwnBrakes
    acts: list[str]
    stopped: bool
    waits: list[Wait]
    to_release: int = Field(description="Open removals that no second person released.")
    digest: str = Field(description="Of the list of these: a release names the list that was looked at.")


class Braking(Asked):
    """What one system has of its own from now on; what is left out or null follows the settings."""

    per_run: int | None = Field(None, ge=1, le=1_000_000)
    percent: int | None = Field(None, ge=1, le=100)
    release_above: int | None = Field(None, ge=0, le=1_000_000)
    hours: str | None = Field(None, max_length=300, examples=["Mon-Thu 09:00-17:00, Fri 09:00-13:00"])
    zone: str | None = Field(None, max_length=60, examples=["Europe/Berlin"])
    left_out: list[Annotated[str, Field(max_length=22)]] | None = Field(
        None, max_length=100, examples=[["2026-12-24..2027-01-01"]]
    )
    because: Reason


class Releasing(Asked):
    """Which list was looked at (`digest` of the lane), and what was looked at in it."""

    digest: str = Field(max_length=64)
    reason: Reason


class Release(Told):
    """A second person's word that so many removals may begin."""

    id: UUID
    system_id: int
    removals: int
    digest: str
    reason: str
    by: str
    at: datetime


class ReleasePage(Page):
    """A page of releases, newest first."""

    releases: list[Release]


@router.get("/stop")
def get_stop(means: With, actor: Entered) -> Stop:
    """Whether removals are stopped everywhere, by whom, and why."""
    with means.database.reading() as session:
        return _stop(session, means)


@router.put("/stop", response_model=Stop)
def stop_removals(asked: Reasoned, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Stop every removal in every system: each lane obeys before its next call. What waits is not lost."""

    def verb(session: Session, at: datetime) -> Stop:
        stops.pull(session, asked.reason, by=actor, at=at)
        return _stop(session, means)

    return answering.once(means, actor, key, asked, request, verb)


@router.put("/stop/ending", response_model=Stop)
def resume_removals(asked: Reasoned, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Let removals go on. Each system's lane is sent to work."""

    def verb(session: Session, at: datetime) -> Stop:
        stops.end(session, asked.reason, by=actor, at=at)
        return _stop(session, means)

    return answering.once(means, actor, key, asked, request, verb)


@router.get("/systems/{system_id}/lane")
def get_lane(system_id: paging.Number, means: With, actor: Entered) -> Lane:
    """What holds one system's removals, what waits for what, and what a second person would release."""
    with means.database.reading() as session:
        return _lane(session, means, system_id)


@router.put("/systems/{system_id}/lane", response_model=Lane)
def brake_lane(
    system_id: paging.Number, asked: Braking, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Give one system exactly these brakes of its own. Its lane is sent to work, for it may go on now."""

    def verb(session: Session, at: datetime) -> Lane:
        row = systems.found(session, system_id)
        left_out = tuple(asked.left_out) if asked.left_out is not None else None
        own = Own(asked.per_run, asked.percent, asked.release_above, asked.hours, asked.zone, left_out)
        lanes.brake(session, row.id, own, asked.because, by=actor, at=at)
        return _lane(session, means, system_id)

    return answering.once(means, actor, key, asked, request, verb)


@router.get("/systems/{system_id}/releases")
def list_releases(system_id: paging.Number, means: With, actor: Entered, page: paging.Asked) -> ReleasePage:
    """Who released how many removals of one system, and when, newest first."""
    statement = select(ReleaseRow).where(ReleaseRow.system_id == system_id)
    with means.database.reading() as session:
        systems.found(session, system_id)
        rows, after = page.page(session, statement, Order((ReleaseRow.id,), falling=True))
        return ReleasePage(releases=[Release.model_validate(row[0]) for row in rows], next=after)


@router.post("/systems/{system_id}/releases", status_code=201, response_model=Release)
def release_removals(
    system_id: paging.Number, asked: Releasing, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Release what waits in one system for a second person. Refuses whoever asked for any of it."""

    def verb(session: Session, at: datetime) -> Release:
        row = systems.found(session, system_id)
        given = releases.release(session, row.id, asked.digest, asked.reason, by=actor, at=at)
        return Release.model_validate(given)

    return answering.once(means, actor, key, asked, request, verb, status=201)


def _stop(session: Session, means: Means) -> Stop:
    row: StopRow | None = braking.stop_row(session)
    if row is not None:
        return Stop(stopped=True, by=row.by, since=row.at, because=row.reason)
    outside = stopped_outside(means.settings)
    return Stop(stopped=outside, because=policy.STOPPED.way_out if outside else None)


def _lane(session: Session, means: Means, system_id: int) -> Lane:
    system = systems.found(session, system_id)
    now = braking.braked(session, system_id, removal_brakes(means.settings))
    row = session.get(LaneRow, system_id) or LaneRow(system_id=system_id)
    waiting = braking.waiting(session, system_id)
    return Lane(
        per_run=now.caps.per_run, percent=now.caps.percent, release_above=now.release_above, hours=now.hours.text,
        zone=now.hours.zone, left_out=list(now.hours.left_out), own=OwnBrakes.model_validate(row),
        acts=sorted(system.writing), stopped=_stop(session, means).stopped,
        waits=[Wait.model_validate(each) for each in braking.waits(session, system_id)], to_release=len(waiting),
        digest=braking.digest(waiting),
    )  # fmt: skip
