"""Systems and their readings, each with the receipt of every stream."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.api import answering, paging, problems
from app.api.answering import Key
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import Nothing, Page, Told
from app.api.words import DataClass, ReplayVerdict, SnapshotStatus, Verdict
from app.inventory.tables import ReplayRow, SnapshotRow, StreamRow, SystemRow
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind

router = APIRouter(prefix="/api/v1/systems", tags=["systems"])
ORDERS = {"name": Order((SystemRow.name, SystemRow.id)), "newest": Order((SystemRow.id,), falling=True)}


class System(Told):
    """One org, portal or roster. Its secrets are never shown."""

    id: int
    name: str
    kind: str
    key: str | None = Field(description="The org's or portal's own id, pinned by the first reading.")
    writing: list[str] = Field(description="The kinds of act that Rolecall may carry out there; empty: read-only.")
    owner_key: str | None
    held: DataClass = Field(description="How what it holds is classed.")
    added: datetime
    demo: bool
    version: int


class SystemStory(System):
    """One system with whose credentials it is read and written with."""

    principal: str | None
    executor_principal: str | None
    config: dict[str, Any] | None = Field(description="Addresses and the like; null for who may not run systems.")


class SystemPage(Page):
    """A page of systems."""

    systems: list[System]


class Part(Told):
    """One question of a stream, its pages folded: what the server counted before and after, and by its own clock when."""

    part: str
    asked: str
    pages: int
    rows: int
    calls: int
    said: int | None
    said_after: int | None
    ended: bool
    missing: list[str] = Field(default_factory=list)
    first_at: datetime | None
    last_at: datetime | None


class Stream(Told):
    """How far one stream of a reading may be trusted, and why: its receipt."""

    stream: str
    verdict: Verdict
    because: str
    rows: int
    records: int
    distinct: int | None
    pages: int
    calls: int
    said: int | None
    said_after: int | None
    missing: list[str]
    dropped: list[str]
    asked: list[str]
    parts: list[Part] | None
    began_at: datetime
    ended_at: datetime | None
    server_at: datetime | None
    skew_seconds: int | None
    pages_digest: str | None
    rows_digest: str | None


class Difference(Told):
    """One thing that is not as the reading said. `because` null: nothing that the system tells explains it."""

    account: str
    what: str
    before: str | None
    now: str | None
    because: str | None


class Replay(Told):
    """A seeded sample of accounts, read again: `differs` where something is explained by nothing."""

    id: uuid.UUID
    snapshot_id: int
    seed: str
    wanted: int
    population: int
    accounts: int
    grants: int
    keys_digest: str
    verdict: ReplayVerdict
    because: str | None
    differences: list[Difference]
    receipts: list[Part]
    principal: str | None
    by: str
    began_at: datetime
    ended_at: datetime


class ReplayPage(Page):
    """A page of replays."""

    replays: list[Replay]


class Snapshot(Told):
    """One reading with its receipts."""

    id: int
    system_id: int
    status: SnapshotStatus
    began_at: datetime
    sealed_at: datetime | None
    principal: str | None
    api_version: str | None
    connector: str
    digest: str | None
    counts: dict[str, Any]
    because: str | None
    streams: list[Stream]


class SnapshotPage(Page):
    """A page of readings, newest first."""

    snapshots: list[Snapshot]


class ReadingAsked(Told):
    """A reading was asked for; a worker does it. `entry` is the ledger entry that says so."""

    entry: str


@router.get("")
def list_systems(
    means: With,
    actor: Entered,
    page: paging.Asked,
    kind: str | None = None,
    sort: Literal["name", "newest"] = "name",
) -> SystemPage:
    """Every system that is not removed."""
    statement = select(SystemRow).where(SystemRow.removed.is_(None))
    if kind is not None:
        statement = statement.where(SystemRow.kind == kind)
    with means.database.reading() as session:
        rows, after = page.page(session, statement, ORDERS[sort])
        return SystemPage(systems=[System.model_validate(row[0]) for row in rows], next=after)


@router.get("/{system_id}")
def get_system(system_id: paging.Number, means: With, actor: Entered, response: Response) -> SystemStory:
    """One system."""
    with means.database.reading() as session:
        row = found(session, system_id)
        answering.tag(response, row.version)
        return told(row, actor)


@router.get("/{system_id}/snapshots")
def list_snapshots(system_id: paging.Number, means: With, actor: Entered, page: paging.Asked) -> SnapshotPage:
    """A system's readings, newest first, with the receipt of every stream."""
    statement = select(SnapshotRow).where(SnapshotRow.system_id == system_id)
    with means.database.reading() as session:
        found(session, system_id)
        rows, after = page.page(session, statement, Order((SnapshotRow.id,), falling=True))
        return SnapshotPage(snapshots=_with_streams(session, [row[0] for row in rows]), next=after)


@router.get("/{system_id}/replays")
def list_replays(system_id: paging.Number, means: With, actor: Entered, page: paging.Asked) -> ReplayPage:
    """Samples of accounts that were read again and held against a reading, newest first."""
    statement = select(ReplayRow).where(ReplayRow.system_id == system_id)
    with means.database.reading() as session:
        found(session, system_id)
        rows, after = page.page(session, statement, Order((ReplayRow.id,), falling=True))
        return ReplayPage(replays=[Replay.model_validate(row[0]) for row in rows], next=after)


@router.get("/{system_id}/snapshots/{snapshot_id}")
def get_snapshot(system_id: paging.Number, snapshot_id: paging.Number, means: With, actor: Entered) -> Snapshot:
    """One reading with the receipt of every stream."""
    with means.database.reading() as session:
        row = session.get(SnapshotRow, snapshot_id)
        if row is None or row.system_id != system_id:
            raise problems.not_found("snapshot", snapshot_id)
        return _with_streams(session, [row])[0]


@router.post("/{system_id}/readings", status_code=202, response_model=ReadingAsked)
def ask_for_reading(
    system_id: paging.Number, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Ask for a reading now. A worker does it; see the system's snapshots."""

    def verb(session: Session, at: datetime) -> ReadingAsked:
        found(session, system_id)
        entry = Entry(Kind.SYNC_REQUESTED, f"system:{system_id}", {"system": system_id, "because": "asked for"})
        return ReadingAsked(entry=str(entries.record(session, entry, by=actor.id, at=at)))

    return answering.once(means, actor, key, Nothing(), request, verb, status=202)


def found(session: Session, system_id: int) -> SystemRow:
    """The system, if it is there and was not removed; else 404."""
    row = session.get(SystemRow, system_id)
    if row is None or row.removed is not None:
        raise problems.not_found("system", system_id)
    return row


def told(row: SystemRow, actor: Actor) -> SystemStory:
    """A system as this actor may see it: what it is configured with is for those who run systems."""
    story = SystemStory.model_validate(row)
    return story if policy.why_not(actor, May.RUN_SYSTEMS) is None else story.model_copy(update={"config": None})


def _with_streams(session: Session, rows: list[SnapshotRow]) -> list[Snapshot]:
    streams: dict[int, list[Stream]] = {row.id: [] for row in rows}
    receipts = select(StreamRow).where(StreamRow.snapshot_id.in_(streams)).order_by(StreamRow.stream)
    for each in session.scalars(receipts):
        streams[each.snapshot_id].append(Stream.model_validate(each))
    # By attribute, not from the row: its relationships are raised, and the receipts are here already.
    return [_snapshot(row, streams[row.id]) for row in rows]


def _snapshot(row: SnapshotRow, streams: list[Stream]) -> Snapshot:
    given = {name: getattr(row, name) for name in Snapshot.model_fields if name != "streams"}
    return Snapshot(**given, streams=streams)
