"""Exemptions: a line does not apply, to all or to one system, because of a reason that somebody else has approved."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.compliance import policy
from app.compliance.controls import catalogue
from app.compliance.policy import Status
from app.compliance.tables import ExemptionRow
from app.inventory import queries as inventory
from app.kit import clock, ids
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind


def propose(
    session: Session,
    line: str,
    justification: str,
    *,
    until: datetime,
    system_id: int | None = None,
    by: Actor,
    at: datetime,
) -> ExemptionRow:
    """Say why a line does not apply, and until when. It counts once somebody else has approved it."""
    at, until = clock.utc(at), clock.utc(until)
    if line not in catalogue.LINES:
        raise Refused(policy.no_line(line))
    insist(policy.why_not_exempt(justification, until, at))
    if system_id is not None:
        inventory.system(session, system_id)
    row = ExemptionRow(
        id=ids.uuid7(), line=line, system_id=system_id, justification=justification.strip(), until=until,
        made_by=by.id, made_by_identity_id=by.identity_id, made_at=at, status=Status.PROPOSED, version=1,
    )  # fmt: skip
    session.add(row)
    session.flush()
    body = {"line": line, "system": system_id, "until": until.isoformat(), "justification": row.justification}
    entries.record(session, Entry(Kind.EXEMPTION_MADE, f"exemption:{row.id}", body), by=by.id, at=at)
    return row


def answer(session: Session, row: ExemptionRow, to: Status, *, by: Actor, at: datetime) -> ExemptionRow:
    """Approve it (never one's own), decline it, or end it early."""
    at = clock.utc(at)
    insist(policy.why_not_move(row.status, to))
    if to is Status.APPROVED:
        insist(policy.why_not_approve(made_by=row.made_by, made_by_identity=row.made_by_identity_id, owner=None, by=by))
    moved: Any = session.execute(
        update(ExemptionRow)
        .where(ExemptionRow.id == row.id, ExemptionRow.status == row.status, ExemptionRow.version == row.version)
        .values(status=to, answered_by=by.id, answered_at=at, version=ExemptionRow.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.refresh(row)
    if moved.rowcount != 1:
        insist(Refusal("changed_meanwhile", f"It is {row.status} meanwhile.", "Look again.", status=412))
    body = {"line": row.line, "system": row.system_id, "status": str(to)}
    entries.record(session, Entry(Kind.EXEMPTION_ANSWERED, f"exemption:{row.id}", body), by=by.id, at=at)
    return row


def found(session: Session, number: UUID) -> ExemptionRow:
    """The one of this id. Refuses (404) what is not there."""
    row = session.get(ExemptionRow, number)
    if row is None:
        raise Refused(Refusal("not_found", f"There is no exemption {number}.", "Look at the line.", status=404))
    return row
