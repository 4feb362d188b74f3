"""Systems and their readings."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api import answering, problems
from app.api.answering import Key
from app.api.entering import Entered, With
from app.inventory.tables import SnapshotRow, StreamRow, SystemRow
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind

router = APIRouter(prefix="/api/v1/systems", tags=["systems"], responses=problems.RESPONSES)


class System(BaseModel):
    """One org, portal or roster. Its secrets are never shown."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    name: str
    kind: str
    key: str | None
    writing: list[str]
    added: datetime
    demo: bool


class Part(BaseModel):
    """One question of a stream, its pages folded: what the server counted before and after, and by its own clock when."""

    part: str
    asked: str
    pages: int
    rows: int
    calls: int
    said: int | None
    said_after: int | None
    ended: bool
    missing: list[str] = []
    first_at: datetime | None
    last_at: datetime | None


class Stream(BaseModel):
    """How far one stream of a reading may be trusted, and why."""

    model_config = ConfigDict(from_attributes=True)
    stream: str
    verdict: str
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


class Snapshot(BaseModel):
    """One reading with its receipts."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    status: str
    began_at: datetime
    sealed_at: datetime | None
    principal: str | None
    api_version: str | None
    digest: str | None
    because: str | None
    streams: list[Stream] = []


class Nothing(BaseModel):
    """Asking for a reading needs no words."""


class Asked(BaseModel):
    """A reading was asked for; a worker does it. `entry` is the ledger entry that says so."""

    entry: str


@router.get("")
def list_systems(means: With, actor: Entered) -> list[System]:
    """Every system that is not removed."""
    with means.database.reading() as session:
        rows = session.scalars(select(SystemRow).where(SystemRow.removed.is_(None)).order_by(SystemRow.id))
        return [System.model_validate(row) for row in rows]


@router.get("/{system_id}")
def get_system(system_id: int, means: With, actor: Entered) -> System:
    """One system."""
    with means.database.reading() as session:
        row = session.get(SystemRow, system_id)
        if row is None:
            raise problems.not_found("system", system_id)
        return System.model_validate(row)


@router.get("/{system_id}/snapshots")
def list_snapshots(system_id: int, means: With, actor: Entered) -> list[Snapshot]:
    """The latest 50 readings, newest first, with the receipt of every stream."""
    with means.database.reading() as session:
        if session.get(SystemRow, system_id) is None:
            raise problems.not_found("system", system_id)
        rows = session.scalars(
            select(SnapshotRow).where(SnapshotRow.system_id == system_id).order_by(SnapshotRow.id.desc()).limit(50)
        ).all()
        streams = session.scalars(
            select(StreamRow).where(StreamRow.snapshot_id.in_([row.id for row in rows])).order_by(StreamRow.stream)
        ).all()
        return [
            Snapshot.model_validate(row).model_copy(
                update={"streams": [Stream.model_validate(s) for s in streams if s.snapshot_id == row.id]}
            )
            for row in rows
        ]


@router.post("/{system_id}/readings", status_code=202, response_model=Asked)
def ask_for_reading(system_id: int, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Ask for a reading now. A worker does it; see the system's snapshots."""

    def verb(session: Session, at: datetime) -> Asked:
        row = session.get(SystemRow, system_id)
        if row is None or row.removed is not None:
            raise problems.not_found("system", system_id)
        entry = Entry(Kind.SYNC_REQUESTED, f"system:{system_id}", {"system": system_id, "because": "asked for"})
        return Asked(entry=str(entries.record(session, entry, by=actor.id, at=at)))

    return answering.once(means, actor, key, Nothing(), request, verb, status=202)
