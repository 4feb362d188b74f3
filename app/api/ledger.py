"""The ledger and the evidence: the latest checkpoint, entries with their place, and a campaign's packet."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, PlainTextResponse
from pydantic import BaseModel
from sqlalchemy import select
from starlette.background import BackgroundTask

from app.api import paging, problems
from app.api.entering import Entered, With
from app.evidence import packets
from app.ledger import queries
from app.ledger.tables import EntryRow, LeafRow
from app.means import settings_shown
from app.review import queries as review

router = APIRouter(prefix="/api/v1", tags=["ledger"], responses=problems.RESPONSES)


class EntryTold(BaseModel):
    """One thing that happened, with its gapless number. Personal values appear as commitments."""

    number: int
    id: UUID
    kind: str
    subject: str
    author: str
    at: datetime
    body: dict[str, Any]


class EntryPage(BaseModel):
    """A page of entries, oldest first. `next` goes on after it; null on the last."""

    entries: list[EntryTold]
    next: str | None


@router.get("/ledger/checkpoint", response_class=PlainTextResponse)
def checkpoint(means: With, actor: Entered) -> PlainTextResponse:
    """The latest signed checkpoint (C2SP). Keep it: every later one must extend it."""
    with means.database.reading() as session:
        row = queries.latest_checkpoint(session)
        if row is None:
            raise problems.not_found("checkpoint", "yet")
        return PlainTextResponse(row.note)


@router.get("/ledger/entries")
def entries(
    means: With, actor: Entered, limit: Annotated[int, Query(ge=1, le=paging.MOST)] = 50, after: str | None = None
) -> EntryPage:
    """What happened, in the order of the log."""
    place = paging.read(means.keys, "entries", after)
    statement = (
        select(LeafRow.number, EntryRow)
        .join(EntryRow, EntryRow.id == LeafRow.entry_id)
        .order_by(LeafRow.number)
        .limit(limit + 1)
    )
    if place is not None:
        statement = statement.where(LeafRow.number > place[0])
    with means.database.reading() as session:
        rows = session.execute(statement).all()
        told = [
            EntryTold(
                number=number,
                id=row.id,
                kind=row.kind,
                subject=row.subject,
                author=row.author,
                at=row.at,
                body=row.body,
            )
            for number, row in rows[:limit]
        ]
    cursor = paging.seal(means.keys, "entries", [told[-1].number]) if len(rows) > limit else None
    return EntryPage(entries=told, next=cursor)


@router.get("/campaigns/{campaign_id}/packet", response_class=FileResponse)
def packet(campaign_id: int, means: With, actor: Entered) -> FileResponse:
    """Build the campaign's evidence and download it. Refuses (409) while the campaign is open."""
    with means.database.reading() as session:
        if review.campaign(session, campaign_id) is None:
            raise problems.not_found("campaign", campaign_id)
    folder = tempfile.TemporaryDirectory(prefix="rolecall-packet-")
    path = Path(folder.name) / f"campaign-{campaign_id}.zip"
    packets.build(
        means.database,
        campaign_id,
        path,
        keys=means.keys,
        by=actor,
        at=means.clock(),
        settings_shown=settings_shown(means.settings),
    )
    return FileResponse(
        path, media_type="application/zip", filename=path.name, background=BackgroundTask(folder.cleanup)
    )
