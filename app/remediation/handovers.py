"""What people hand in about removals that were theirs to carry out: kept by digest, on record, and no proof.

A closed ticket moves nothing: a removal that a person did is verified by a later complete reading like any other.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.kit import clock
from app.kit.refusal import insist
from app.ledger import documents, entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.papers import File
from app.remediation import policy
from app.remediation.tables import PaperRow, RemediationRow


def hand_in(
    session: Session, remediation: RemediationRow, file: File, note: str, *, by: Actor, at: datetime
) -> PaperRow:
    """Keep a file about a removal, with what it shows. Refuses one for a removal that no person has to do with, one that is
    there already, and what `documents` does not keep. The removal stays where it is."""
    at = clock.utc(at)
    mine = PaperRow.remediation_id == remediation.id
    papers = session.scalars(select(func.count()).where(mine)).one()
    insist(policy.why_not_hand_in(remediation.status, note, papers, again=False))
    digest = documents.keep(session, file, by=by.id, at=at)
    again = session.scalar(select(PaperRow.id).where(mine, PaperRow.digest == digest)) is not None
    insist(policy.why_not_hand_in(remediation.status, note, papers, again=again))
    told = {"note": note.strip(), "name": file.name[-300:]}
    body = {
        "system": remediation.system_id, "status": remediation.status, "digest": digest, "media": file.media,
        "size": len(file.content),
    }  # fmt: skip
    person = f"account:{remediation.account_id}" if remediation.account_id else None
    entry = Entry(Kind.REMEDIATION_PAPER, f"remediation:{remediation.id}", body, told, person)
    number = entries.record(session, entry, by=by.id, at=at)
    row = PaperRow(id=number, remediation_id=remediation.id, digest=digest, by=by.id, at=at, **told)
    session.add(row)
    session.flush()
    return row
