"""Rosters: who works here, handed in as a file by one person and, where it looks wrong, vouched for by another."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory import policy
from app.inventory.tables import RosterUploadRow, SystemRow
from app.kit import clock, ids
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from connectors import delimited
from connectors.errors import ConnectorError
from connectors.roster import people


def upload(
    session: Session,
    system: SystemRow,
    content: bytes,
    *,
    source: str,
    extracted_at: datetime,
    by: Actor,
    at: datetime,
) -> RosterUploadRow:
    """Hand in a roster file (CSV). It takes effect with the system's next reading.

    `source` names the personnel system it came from, `extracted_at` when it was taken from there. Refuses a file that
    cannot be read as a roster.
    """
    extracted_at = clock.utc(extracted_at)
    insist(policy.why_not_upload_roster(kind=system.kind, extracted_at=extracted_at, at=at))
    try:
        table = delimited.read("the roster", content)
        people.header_of(table.header)
    except ConnectorError as error:
        raise Refused(Refusal("roster_unreadable", str(error), "Export it again.", 422)) from error
    row = RosterUploadRow(
        id=ids.uuid7(), system_id=system.id, digest=table.digest, content=content, source=source,
        extracted_at=extracted_at, rows=len(table.rows), uploaded_by=by.id, uploaded_at=at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    body = {
        "upload": str(row.id), "digest": row.digest, "rows": row.rows, "source": source,
        "extracted_at": extracted_at.isoformat(),
    }  # fmt: skip
    entries.record(session, Entry(Kind.ROSTER_UPLOADED, f"system:{system.id}", body), by=by.id, at=at)
    return row


def approve(session: Session, upload: RosterUploadRow, *, by: Actor, at: datetime) -> RosterUploadRow:
    """Vouch for a roster that somebody else handed in. It takes effect with the system's next reading."""
    insist(policy.why_not_approve_roster(uploaded_by=upload.uploaded_by, approved_by=upload.approved_by, by=by.id))
    mine = (RosterUploadRow.id == upload.id, RosterUploadRow.approved_at.is_(None))
    moved = session.execute(update(RosterUploadRow).where(*mine).values(approved_by=by.id, approved_at=at))
    session.refresh(upload)
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        insist(policy.why_not_approve_roster(uploaded_by=upload.uploaded_by, approved_by=upload.approved_by, by=by.id))
    body = {"upload": str(upload.id), "digest": upload.digest}
    entries.record(session, Entry(Kind.ROSTER_APPROVED, f"system:{upload.system_id}", body), by=by.id, at=at)
    return upload
