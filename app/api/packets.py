"""Packets: the evidence of a closed review, built and downloaded, and which were sealed before."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import FileResponse
from sqlalchemy import select
from starlette.background import BackgroundTask

from app.api import campaigns, paging
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import Page, Told
from app.evidence import packets
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from app.means import settings_shown, sign_ins_kept

router = APIRouter(prefix="/api/v1/campaigns", tags=["evidence"])
ZIP: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        "description": "The packet; `python -m app.evidence.verify` examines it.",
    },
    409: {"description": "The review has not ended"},
}


class Packet(Told):
    """A packet that was sealed: who took it, when, and what the log says of it, its digest among it."""

    entry: UUID
    by: str
    at: datetime
    told: dict[str, Any]


class PacketPage(Page):
    """A page of packets, newest first."""

    packets: list[Packet]


@router.get("/{campaign_id}/packet", response_class=FileResponse, responses=ZIP)
def build_packet(campaign_id: paging.Number, means: With, actor: Entered) -> FileResponse:
    """Build the campaign's evidence and download it. Refuses (409) while the campaign is open."""
    with means.database.reading() as session:
        campaigns.found(session, campaign_id)
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
        sign_ins_kept=sign_ins_kept(means.settings),
    )
    return FileResponse(
        path, media_type="application/zip", filename=path.name, background=BackgroundTask(folder.cleanup)
    )


@router.get("/{campaign_id}/packets")
def list_packets(campaign_id: paging.Number, means: With, actor: Entered, page: paging.Asked) -> PacketPage:
    """Every packet of this review that was sealed, newest first. To have one, build it: what it says stays the same."""
    of_this = EntryRow.body["campaign"].as_integer() == campaign_id
    statement = select(EntryRow).where(EntryRow.kind == Kind.PACKET_SEALED, of_this)
    with means.database.reading() as session:
        campaigns.found(session, campaign_id)
        rows, after = page.page(session, statement, Order((EntryRow.at, EntryRow.id), falling=True))
        told = [Packet(entry=row.id, by=row.author, at=row.at, told=row.body) for row, *_ in rows]
        return PacketPage(packets=told, next=after)
