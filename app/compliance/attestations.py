"""Attestations: somebody gives their word for a line, another approves it, and before its end there are reminders."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.compliance import policy, queries
from app.compliance.controls import catalogue
from app.compliance.policy import Status
from app.compliance.tables import AttestationRow
from app.inventory import queries as inventory
from app.inventory.tables import IdentityRow
from app.kit import clock, ids
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import documents, entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.papers import File


def propose(
    session: Session,
    line: str,
    statement: str,
    *,
    owner: IdentityRow,
    until: datetime,
    system_id: int | None = None,
    link: str | None = None,
    file: File | None = None,
    by: Actor,
    at: datetime,
) -> AttestationRow:
    """Put somebody's word on file: the next revision for this line and place. It counts once another has approved it.

    `owner` is who gives their word, a person of the roster. Refuses what the line does not ask for, and an end too far.
    """
    at, until = clock.utc(at), clock.utc(until)
    known = catalogue.LINES.get(line)
    if known is None:
        raise Refused(policy.no_line(line))
    insist(policy.why_not_attest(known, statement, link, file=file is not None, until=until, at=at))
    insist(_why_not_owner(owner))
    if system_id is not None:
        inventory.system(session, system_id)
    digest = documents.keep(session, file, by=by.id, at=at) if file is not None else None
    place = (AttestationRow.line == line, AttestationRow.system_id.is_not_distinct_from(system_id))
    before = session.scalar(select(func.max(AttestationRow.revision)).where(*place)) or 0
    row = AttestationRow(
        id=ids.uuid7(), line=line, system_id=system_id, revision=before + 1, statement=statement.strip(), link=link,
        digest=digest, owner_id=owner.id, made_by=by.id, made_by_identity_id=by.identity_id, made_at=at, until=until,
        status=Status.PROPOSED, version=1,
    )  # fmt: skip
    session.add(row)
    session.flush()
    body = {
        "line": line, "system": system_id, "revision": row.revision, "owner": f"identity:{owner.id}", "digest": digest,
        "linked": link is not None, "until": until.isoformat(), "statement": _digest(row.statement),
    }  # fmt: skip
    entries.record(session, Entry(Kind.ATTESTATION_MADE, f"attestation:{row.id}", body), by=by.id, at=at)
    return row


def approve(session: Session, row: AttestationRow, *, by: Actor, at: datetime) -> AttestationRow:
    """Accept somebody else's word. Refuses its owner and whoever handed it in."""
    insist(policy.why_not_move(row.status, Status.APPROVED))
    insist(
        policy.why_not_approve(made_by=row.made_by, made_by_identity=row.made_by_identity_id, owner=row.owner_id, by=by)
    )
    return _answer(session, row, Status.APPROVED, None, by, at)


def decline(session: Session, row: AttestationRow, because: str, *, by: Actor, at: datetime) -> AttestationRow:
    """Say why a word that was handed in does not do."""
    insist(policy.why_not_move(row.status, Status.DECLINED) or policy.why_not_decline(because))
    return _answer(session, row, Status.DECLINED, because.strip(), by, at)


def withdraw(session: Session, row: AttestationRow, because: str, *, by: Actor, at: datetime) -> AttestationRow:
    """Take a word back; an earlier revision that was approved counts again."""
    insist(policy.why_not_move(row.status, Status.WITHDRAWN) or policy.why_not_decline(because))
    return _answer(session, row, Status.WITHDRAWN, because.strip(), by, at)


def remind(session: Session, *, by: Actor, at: datetime) -> int:
    """Note which words in force end in 30, 14, 7 or 1 days, each once. Returns how many reminders were noted."""
    at = clock.utc(at)
    noted = []
    for row in queries.in_force(session):
        due = policy.reminder_due(row.until, row.reminded, at)
        if due is None:
            continue
        row.reminded = due
        body = {
            "line": row.line, "days": due, "until": row.until.isoformat(), "owner": f"identity:{row.owner_id}",
            "approver": row.answered_by,
        }  # fmt: skip
        noted.append(Entry(Kind.ATTESTATION_ENDING, f"attestation:{row.id}", body))
    session.flush()
    entries.record_many(session, noted, by=by.id, at=at)
    return len(noted)


def found(session: Session, number: UUID) -> AttestationRow:
    """The one of this id. Refuses (404) what is not there."""
    row = session.get(AttestationRow, number)
    if row is None:
        raise Refused(Refusal("not_found", f"There is no attestation {number}.", "Look at the line.", status=404))
    return row


def _answer(
    session: Session, row: AttestationRow, to: Status, because: str | None, by: Actor, at: datetime
) -> AttestationRow:
    at = clock.utc(at)
    moved: Any = session.execute(
        update(AttestationRow)
        .where(AttestationRow.id == row.id, AttestationRow.status == row.status, AttestationRow.version == row.version)
        .values(status=to, answered_by=by.id, answered_at=at, because=because, version=AttestationRow.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.refresh(row)
    if moved.rowcount != 1:
        insist(Refusal("changed_meanwhile", f"It is {row.status} meanwhile.", "Look again.", status=412))
    body = {"line": row.line, "revision": row.revision, "status": str(to), "because": because}
    entries.record(session, Entry(Kind.ATTESTATION_ANSWERED, f"attestation:{row.id}", body), by=by.id, at=at)
    return row


def _why_not_owner(owner: IdentityRow) -> Refusal | None:
    if owner.kind == "person" and owner.ended is None and owner.erased is None:
        return None
    return Refusal("owner_gone", "Whoever gives their word has to work here.", "Name somebody who does.", status=422)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
