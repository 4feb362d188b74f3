"""Registers: who was trained, screened or has signed, which vendor has a contract; handed in as CSV, kept as it came."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.compliance import columns
from app.compliance.tables import RegisterLineRow, RegisterRow
from app.kit import clock, ids
from app.kit.refusal import Refusal, insist
from app.ledger import documents, entries, papers
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.papers import File


def upload(
    session: Session,
    kind: str,
    content: bytes,
    *,
    source: str,
    extracted_at: datetime,
    by: Actor,
    at: datetime,
) -> RegisterRow:
    """Hand in a register; of each kind the one that was taken last from where it is kept counts.

    `source` says where that is. Refuses a file that cannot be understood as a whole, and one from the future.
    """
    at, extracted_at = clock.utc(at), clock.utc(extracted_at)
    insist(papers.why_not_keep(f"the register of {kind}", content, "text/csv"))
    if extracted_at > at:
        insist(Refusal("from_the_future", "The register is from the future.", "Say when it was exported.", status=422))
    found = columns.read(kind, content)
    digest = documents.keep(session, File(f"{kind}.csv", "text/csv", content), by=by.id, at=at)
    row = RegisterRow(
        id=ids.uuid7(), kind=kind, digest=digest, source=source, extracted_at=extracted_at, rows=len(found), by=by.id, at=at
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.execute(
        insert(RegisterLineRow),
        [{"register_id": row.id, "whose": each.whose, "since": each.since, "until": each.until} for each in found],
    )
    body = {
        "kind": kind, "digest": digest, "rows": row.rows, "source": source, "extracted_at": extracted_at.isoformat(),
    }  # fmt: skip
    entries.record(session, Entry(Kind.REGISTER_UPLOADED, f"register:{row.id}", body), by=by.id, at=at)
    return row
